"""A collector, as far as tests need one: what was sent to it by OTLP, read with the protocol's own descriptions."""

from typing import Any, NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.receiver import Receiver


class SentSpan(NamedTuple):
    """A span that has arrived."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    process: str
    """Which process has sent it."""
    attributes: dict[str, Any]
    is_failed: bool


def endpoint_of(receiver: Receiver) -> str:
    """As `OTEL_EXPORTER_OTLP_ENDPOINT` has it."""
    return f"http://127.0.0.1:{receiver.port}"


def sent_spans(receiver: Receiver) -> list[SentSpan]:
    """The spans that have arrived."""
    requests = [ExportTraceServiceRequest.FromString(each.body) for each in _of(receiver, "traces")]
    return [
        SentSpan(
            span.name,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            _values(each.resource.attributes)["service.instance.id"],
            _values(span.attributes),
            span.status.code == span.status.STATUS_CODE_ERROR,
        )
        for request in requests
        for each in request.resource_spans
        for scope in each.scope_spans
        for span in scope.spans
    ]


def sent_metrics(receiver: Receiver) -> dict[str, Any]:
    """The metrics that have arrived last, by name; of all processes that have sent any."""
    requests = [ExportMetricsServiceRequest.FromString(each.body) for each in _of(receiver, "metrics")]
    return {
        metric.name: metric
        for request in requests
        for each in request.resource_metrics
        for scope in each.scope_metrics
        for metric in scope.metrics
    }


def sent_total(metrics: dict[str, Any], name: str, label: str) -> float | None:
    """What a counter with one label has come to, if it is among the metrics."""
    points = metrics[name].sum.data_points if name in metrics else ()
    found = [point.as_double for point in points if point.attributes[0].value.string_value == label]
    return found[0] if found else None


def _of(receiver: Receiver, signal: str) -> list[Any]:
    return [each for each in receiver.received if each.path == f"/v1/{signal}"]


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in attributes}
