"""Figures of requests: HTTP by route, GraphQL by the root fields that are asked for. No label is made by clients."""

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
"""Few: each is a series more for each route and field."""
NO_FIELDS = ("none",)
"""The root field of an operation that was refused before its fields were known."""


class RequestMetrics:
    """What a process that serves counts of its requests."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time until the whole answer was sent.",
            ["method", "route"],
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.in_progress = Gauge(
            "http_requests_in_progress", "Requests that are being answered at this moment.", registry=registry
        )
        self.sockets = Gauge("websocket_connections", "Open WebSocket connections.", registry=registry)
        self._operations = Counter(
            "graphql_operations",
            "GraphQL operations, once for each different root field that they select.",
            ["type", "field", "result"],
            registry=registry,
        )
        self._operation_seconds = Histogram(
            "graphql_operation_duration_seconds",
            "Time that a whole GraphQL query or mutation took, by the root fields that it selects.",
            ["type", "field"],
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self._errors = Counter("graphql_errors", "Errors in GraphQL answers, by code.", ["code"], registry=registry)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        method = method if method in METHODS else "OTHER"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def count_operation(
        self, kind: str, fields: Collection[str], result: str, codes: Collection[str], seconds: float | None
    ) -> None:
        """Count one GraphQL operation.

        `kind`: query, mutation, subscription or unknown. `fields`: root fields of the schema that it selects. `codes`:
        of the errors in its answer. `seconds`: None of a subscription, which takes as long as the client likes.
        """
        for field in fields or NO_FIELDS:
            self._operations.labels(kind, field, result).inc()
            if seconds is not None and fields:
                self._operation_seconds.labels(kind, field).observe(seconds)
        for code in codes:
            self._errors.labels(code).inc()
