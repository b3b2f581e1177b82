"""Traces, sent to a collector by OTLP. This loads OpenTelemetry's SDK, so it is loaded only where a collector is named.

What a collector does costs nothing here: spans go into a bounded queue that a thread of the SDK's empties, what does
not fit in is dropped, and at the end what is left is sent for a second at most.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gql_app import VERSION
from services.observing import Attribute, TracedStep

SERVICE_NAME = "support-ticket-analytics"
"""Unless `OTEL_SERVICE_NAME` says another one."""
PARTING_SECONDS = 1.0
"""How long sending may go on after the order to stop."""
_HEADER = "traceparent"


def resource_of(command: str) -> Resource:
    """How this process is named to a collector; `command`: what it runs as."""
    resource = Resource.create({"service.version": VERSION, "gql_app.command": command})
    is_named = not str(resource.attributes["service.name"]).startswith("unknown_service")
    return resource if is_named else resource.merge(Resource({"service.name": SERVICE_NAME}))


class Tracing:
    """Makes spans, and sends them. The SDK reads what else there is to set (`OTEL_...`) from the environment."""

    def __init__(self, endpoint: str, resource: Resource) -> None:
        self.provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
        self._tracer = self.provider.get_tracer("gql_app")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, parent: str | None, attributes: Mapping[str, Attribute]) -> Iterator[TracedStep]:
        """A span for as long as the block runs, see `Observer.span`. Of an error it has the kind, never the text."""
        context = None if parent is None else self._propagator.extract({_HEADER: parent})
        with self._tracer.start_as_current_span(
            name,
            context=context,
            kind=SpanKind.INTERNAL if parent is None else SpanKind.CONSUMER,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _SpanStep(span)
            except Exception as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
                raise

    def trace(self) -> str | None:
        """The present span as a `traceparent`."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get(_HEADER)

    def close(self) -> None:
        """Send what is left, and no more spans."""
        # The SDK waits for up to 30 s.
        closing = Thread(target=self.provider.shutdown, name="tracing-shutdown", daemon=True)
        closing.start()
        closing.join(PARTING_SECONDS)


class _SpanStep(TracedStep):
    def __init__(self, span: Span) -> None:
        self._span = span

    def add(self, **attributes: Attribute) -> None:
        self._span.set_attributes(attributes)
