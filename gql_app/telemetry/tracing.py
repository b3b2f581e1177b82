"""Traces, sent to a collector by OTLP: loaded only where one is named (`collector.py`)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gql_app.telemetry.collector import Collector
from services.observing import Attribute, TracedStep

_HEADER = "traceparent"
_QUERY = "url.query"
_KEPT_OF_REQUESTS = frozenset(
    (
        *("http.request.method", "http.response.status_code", "http.route", "url.scheme", "error.type"),
        *("server.address", "server.port", "network.protocol.name", "network.protocol.version"),
        *("graphql.operation.type", "graphql.root_fields"),
    )
)
"""What is sent of a request. A path and parameters may hold words of tickets, addresses and tokens of one tenant, which
whoever reads the traces of all is not to see: of a path the route is sent, of parameters the names."""
_PARAMETER = re.compile(r"[a-z][A-Za-z_]{0,31}")
"""What a parameter of ours is called; anything else may be a text that somebody asked for."""


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
        result = self._exporter.export([_shown(each) for each in spans])
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


def _shown(span: ReadableSpan) -> ReadableSpan:
    """The span as it is sent; FastAPI makes those of requests, with all that was asked."""
    if span.kind is not SpanKind.SERVER:
        return span
    told = span.attributes or {}
    attributes = {name: value for name, value in told.items() if name in _KEPT_OF_REQUESTS}
    if named := _without_values(str(told.get(_QUERY, ""))):
        attributes[_QUERY] = named
    return ReadableSpan(
        span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _without_values(query: str) -> str:
    """The parameters of a request by name: `tenant_id=REDACTED&q=REDACTED`."""
    names = (name for name, _ in parse_qsl(query, keep_blank_values=True))
    return urlencode([(name if _PARAMETER.fullmatch(name) else "other", "REDACTED") for name in names])
