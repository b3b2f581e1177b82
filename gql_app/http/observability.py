"""What operators see of requests: a log line with a request id for each, and Prometheus metrics."""

import re
import time
from datetime import datetime
from uuid import uuid4

import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from documents.circuit_breaker import CircuitState
from services.notifications.backlog import KINDS, Backlog
from services.notifications.receivers.answers import Verdict

REQUEST_ID_HEADER = "x-request-id"
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
NO_ROUTE = "unmatched"
"""The route under which requests for unknown paths are counted: a label must not be made by clients."""
CLIENT_GONE = 499
"""The status that is logged where the client hung up before the answer began (nginx's number for it)."""
DELIVERY_BUCKETS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 72 * 3600)
"""Seconds: from at once to the moment at which a notification is given up."""
DELIVERED = Verdict.DELIVERED.value

log = structlog.get_logger("gql_app.observability")


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._requests = Counter(
            "http_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time until the whole answer was sent.",
            ["method", "route"],
            registry=self._registry,
        )

        self._notifications = Gauge(
            "notifications", "Notifications of urgent tickets, in all processes.", ["state"], registry=self._registry
        )
        self._oldest_pending = Gauge(
            "notifications_oldest_pending_seconds", "Age of what has waited longest.", registry=self._registry
        )
        self._depth = self._by_kind("outbox_depth", "Notifications that wait, by kind of destination.")
        self._age = self._by_kind("outbox_oldest_seconds", "Age of what has waited longest, by kind of destination.")
        self._dead = self._by_kind("dead_letters", "Notifications that were given up, by kind of destination.")
        self._circuits = self._by_kind("circuits", "Circuit breakers, by kind of destination and state.", "state")
        self._attempts = Counter(
            "notification_attempts",
            "Attempts of this process to deliver, by kind of destination and by what they came to.",
            ["kind", "result"],
            registry=self._registry,
        )
        self._delivery_seconds = Histogram(
            "notification_delivery_seconds",
            "From a ticket's becoming urgent to the delivery, of this process's deliveries.",
            buckets=DELIVERY_BUCKETS,
            registry=self._registry,
        )

    def show_backlog(self, backlog: Backlog, now: datetime) -> None:
        """Set the gauges of the outbox and of the circuits; the labels are of a few fixed kinds."""
        counts = {"pending": sum(backlog.pending.values()), "dead": sum(backlog.dead.values())}
        for state, count in (counts | {"delivered": backlog.delivered}).items():
            self._notifications.labels(state).set(count)
        ages = {kind: max(0.0, (now - oldest).total_seconds()) for kind, oldest in backlog.oldest_pending.items()}
        self._oldest_pending.set(max(ages.values(), default=0.0))
        for kind in KINDS:
            self._depth.labels(kind).set(backlog.pending[kind])
            self._age.labels(kind).set(ages.get(kind, 0.0))
            self._dead.labels(kind).set(backlog.dead[kind])
            for state in CircuitState:
                self._circuits.labels(kind, state.value).set(backlog.circuits.get((kind, state), 0))

    def _by_kind(self, name: str, meaning: str, *further: str) -> Gauge:
        return Gauge(name, meaning, ["kind", *further], registry=self._registry)

    def attempted(self, kind: str, result: str, seconds: float | None) -> None:
        """Count one attempt to deliver; `seconds` are a delivery's, from the ticket's becoming urgent."""
        self._attempts.labels(kind, result).inc()
        if seconds is not None:
            self._delivery_seconds.observe(seconds)

    @property
    def failed_attempts(self) -> int:
        """How many attempts of this process to deliver have failed."""
        samples = (sample for metric in self._attempts.collect() for sample in metric.samples)
        return round(sum(s.value for s in samples if s.name.endswith("_total") and s.labels["result"] != DELIVERED))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        method = method if method in METHODS else "OTHER"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def render(self) -> tuple[bytes, str]:
        """The Prometheus text and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class Observed:
    """ASGI middleware: gives each request an id, logs it and counts it.

    The id is the client's `X-Request-ID` if that is sane, else a new one; it is in the answer's header, in
    problem bodies and in every log line that the request causes.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request or WebSocket pass under its id."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        offered = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = offered if SANE_REQUEST_ID.fullmatch(offered) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "websocket":
                return await self._app(scope, receive, send)
            return await self._observe(request_id, scope, receive, send)

    async def _observe(self, request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        status = CLIENT_GONE
        started = time.perf_counter()

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, with_id)
        finally:
            seconds = time.perf_counter() - started
            route = _route_of(scope)
            self._metrics.count(scope["method"], route, status, seconds)
            log.info(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
            )


def _route_of(scope: Scope) -> str:
    """The template of the path, which is one of few whatever clients ask for."""
    if "route" in scope:
        return str(scope["route"].path_format)
    if "endpoint" not in scope:
        return NO_ROUTE
    # Not FastAPI's own kind of route: an application that is mounted, or a path without parameters.
    mount = scope.get("root_path", "").removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    if mount or scope.get("path_params"):
        return mount or NO_ROUTE
    return str(scope["path"])
