"""What operators see of one process: its figures for Prometheus, and its traces and figures for a collector."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from fastapi.telemetry import TelemetryConfig
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
from services.observing import NOT_TRACED, Attribute, Event, Observation, Observer, TracedStep

if TYPE_CHECKING:
    from gql_app.telemetry.tracing import Tracing

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
        self._close: list[Callable[[], None]] = []
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
            self._begin_sending(endpoint.rstrip("/"), settings, command)

    def _begin_sending(self, endpoint: str, settings: Settings, command: str) -> None:
        # The SDK takes a tenth of a second to load, which nobody should wait for who has no collector.
        from gql_app.telemetry.otlp_metrics import MetricsExport  # noqa: PLC0415
        from gql_app.telemetry.tracing import Tracing, resource_of  # noqa: PLC0415

        resource = resource_of(command)
        if settings.otel_traces_exporter == "otlp":
            self._tracing = Tracing(endpoint, resource)
            self._close.append(self._tracing.close)
        if settings.otel_metrics_exporter == "otlp":
            self._close.append(MetricsExport(endpoint, resource, self._registry).close)

    def attach(self, observation: Observation, ask: Ask) -> None:
        """Be told of what services do; `ask` answers how the whole service stands."""
        observation.attach(self)
        self._surveyor.begin(ask)

    async def end(self) -> None:
        """Ask no more how the whole service stands."""
        await self._surveyor.end()

    def close(self) -> None:
        """Send what is left to be sent, for some seconds at most."""
        while self._close:
            self._close.pop()()

    async def render(self, *, with_tenants: bool = False) -> tuple[bytes, str]:
        """The Prometheus text and its content type; `with_tenants`: who reads it may know their names."""
        await self._surveyor.asked()
        text = generate_latest(self._registry)
        return text + generate_latest(self._of_tenants) if with_tenants else text, CONTENT_TYPE_LATEST

    def note(self, event: Event) -> None:
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
        """Count a GraphQL operation, see `RequestMetrics.count_operation`."""
        self.requests.count_operation(kind, fields, result, codes, seconds)

    @property
    def of_fastapi(self) -> TelemetryConfig:
        """What FastAPI is told: it makes the spans of requests, which go on from a client's `traceparent`."""
        nothing: TelemetryConfig = {"metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
        if self._tracing is None:
            return {**nothing, "tracing": False}
        return {
            **nothing,
            "tracer_provider": self._tracing.provider,
            "exclude": lambda scope: scope.get("path", "").startswith(NOT_TRACED_PATHS),
        }
