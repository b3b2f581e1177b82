"""What operators see of one process: its figures for Prometheus, and its traces and figures for a collector."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from documents.driver import Listener
from gql_app import VERSION
from gql_app.settings import Settings
from gql_app.telemetry.gauges import SurveyGauges, TenantGauges
from gql_app.telemetry.mongodb import CommandMetrics, PoolMetrics
from gql_app.telemetry.requests import RequestMetrics
from gql_app.telemetry.surveyor import Ask, Surveyor
from gql_app.telemetry.work import WorkMetrics
from services.kit.clock import SystemClock
from services.observing import NOT_TRACED, Attribute, Observation, Observer, ServiceEvent, TracedStep

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

    from gql_app.telemetry.sending import Sending
    from gql_app.telemetry.tracing import Tracing

SENDING = "gql_app.telemetry.sending:Sending"
"""Loaded where there is a collector: OpenTelemetry's SDK takes a tenth of a second."""

NOT_TRACED_PATHS = ("/health", "/metrics")
"""Asked every few seconds by machines."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each counter: when it began


class Telemetry(Observer):
    """One process's; it is told of events from any thread."""

    def __init__(self, settings: Settings, command: str = "other") -> None:
        """`command`: what the process runs as."""
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        about = Info("service", "Which version runs, and as what.", registry=self._registry)
        about.info({"version": VERSION, "command": command})
        self.requests = RequestMetrics(self._registry)
        self.work = WorkMetrics(self._registry)
        self.listeners: list[Listener] = [CommandMetrics(self._registry), PoolMetrics(self._registry)]
        self._tracing: Tracing | None = None
        self._part: Callable[[], None] = lambda: None
        endpoint = settings.otel_exporter_otlp_endpoint
        sends_metrics = endpoint is not None and settings.otel_metrics_exporter == "otlp"
        now = SystemClock().now
        self._surveyor = Surveyor(now, is_always_asked=sends_metrics)
        self._registry.register(SurveyGauges(lambda: self._surveyor.last, now))
        self._of_tenants = CollectorRegistry()
        if settings.metrics_tenants:
            named = TenantGauges(lambda: self._surveyor.last, now, at_most=settings.metrics_tenants)
            self._of_tenants.register(named)
        if endpoint is not None:
            sending: Sending = resolve_name(SENDING)(endpoint, settings, command, self._registry)
            self._tracing, self._part = sending.tracing, sending.close

    def attach(self, observation: Observation, ask: Ask) -> None:
        """Be told of what services do; `ask` answers how the whole service stands."""
        observation.attach(self)
        self._surveyor.begin(ask)

    async def end(self) -> None:
        """Ask no more how the whole service stands."""
        await self._surveyor.end()

    def close(self) -> None:
        """Send what is left to be sent, for a second at most."""
        self._part()

    async def render(self, *, with_tenants: bool = False) -> tuple[bytes, str]:
        """The Prometheus text and its content type; `with_tenants`: who reads it may know their names."""
        await self._surveyor.asked()
        # In a thread: it takes some ms of computing, in which this process has requests to answer.
        text = await asyncio.to_thread(generate_latest, self._registry)
        return text + generate_latest(self._of_tenants) if with_tenants else text, CONTENT_TYPE_LATEST

    def note(self, event: ServiceEvent) -> None:
        """Count an event."""
        self.work.note(event)

    def span(
        self, name: str, *, parent: str | None = None, **attributes: Attribute
    ) -> AbstractContextManager[TracedStep]:
        """A span, if there is a collector."""
        return nullcontext(NOT_TRACED) if self._tracing is None else self._tracing.span(name, parent, attributes)

    def trace(self) -> str | None:
        """The present span, likewise."""
        return None if self._tracing is None else self._tracing.trace()

    def note_operation(
        self, kind: str, fields: Collection[str], result: str, codes: Collection[str], seconds: float | None
    ) -> None:
        """Count a GraphQL operation, see `RequestMetrics.count_operation`; its request's span tells what it was."""
        self.requests.count_operation(kind, fields, result, codes, seconds)
        if self._tracing is not None:
            self._tracing.add({"graphql.operation.type": kind, "graphql.root_fields": " ".join(sorted(fields))})

    @property
    def of_fastapi(self) -> "TelemetryConfig":
        """What FastAPI is told: it makes the spans of requests, which go on from a client's `traceparent`."""
        nothing: TelemetryConfig = {"metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
        if self._tracing is None:
            return {**nothing, "tracing": False}
        return {
            **nothing,
            "tracer_provider": self._tracing.provider,
            "exclude": lambda scope: scope.get("path", "").startswith(NOT_TRACED_PATHS),
        }
