"""What is sent to a collector, traces and figures: loaded only where one is named, as the SDK is large."""

from functools import partial

from prometheus_client import CollectorRegistry

from gql_app.settings import Settings
from gql_app.telemetry.collector import Collector, part
from gql_app.telemetry.otlp_metrics import MetricsExport
from gql_app.telemetry.tracing import Tracing


class Sending:
    """Both, as far as the settings want them."""

    def __init__(self, endpoint: str, settings: Settings, command: str, registry: CollectorRegistry) -> None:
        """`command`: what this process runs as. `registry`: has its figures."""
        collector, closes = Collector(endpoint, command), []
        self.tracing: Tracing | None = None
        if settings.otel_traces_exporter == "otlp":
            self.tracing = Tracing(collector)
            closes.append(self.tracing.close)
        if settings.otel_metrics_exporter == "otlp":
            closes.append(MetricsExport(collector, registry).close)
        self.close = partial(part, closes)
        """Sends what is left, for a second at most."""
