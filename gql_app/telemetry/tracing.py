"""Traces, sent to a collector by OTLP: loaded only where one is named (`collector.py`)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gql_app.telemetry.collector import Collector
from services.observing import Attribute, TracedStep

_HEADER = "traceparent"


class Tracing:
    """Makes spans. They go into a bounded queue, and a thread of the SDK's sends what is in it."""

    def __init__(self, collector: Collector) -> None:
        self.provider = TracerProvider(resource=collector.resource, shutdown_on_exit=False)
        self.provider.add_span_processor(BatchSpanProcessor(_ToldExporter(collector)))
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

    def add(self, attributes: Mapping[str, Attribute]) -> None:
        """Say more of the present span."""
        get_current_span().set_attributes(attributes)

    def close(self) -> None:
        """Send what is left, and no more spans; may take half a minute."""
        self.provider.shutdown()


class _ToldExporter(SpanExporter):
    """The SDK's, telling of what it could not send."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._exporter = OTLPSpanExporter(endpoint=collector.url("traces"))

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._collector.failed("traces")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


class _SpanStep(TracedStep):
    def __init__(self, span: Span) -> None:
        self._span = span

    def add(self, **attributes: Attribute) -> None:
        self._span.set_attributes(attributes)
