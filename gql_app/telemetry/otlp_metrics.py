"""The figures of `/metrics`, sent to a collector by OTLP every minute: loaded only where one is named."""

import os
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise
from threading import Event, Thread

import structlog
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from gql_app.telemetry.collector import Collector

INTERVAL_MILLISECONDS = 60_000
"""The specification's default of `OTEL_METRIC_EXPORT_INTERVAL`."""
_CUMULATIVE = AggregationTemporality.CUMULATIVE

log = structlog.get_logger("gql_app.observability")


def interval_seconds(wanted: str) -> float:
    """What the environment asks for, in milliseconds; what is no number above 0 is passed over, as the specification
    demands."""
    try:
        milliseconds = float(wanted)
    except ValueError:
        milliseconds = 0.0
    return (milliseconds if 0 < milliseconds < float("inf") else INTERVAL_MILLISECONDS) / 1000


class MetricsExport:
    """A thread that sends a registry's figures now and then. What cannot be sent is gone: the next tells as much."""

    def __init__(self, collector: Collector, registry: CollectorRegistry) -> None:
        self._collector = collector
        self._exporter = OTLPMetricExporter(endpoint=collector.url("metrics"))
        self._registry = registry
        self._began = time.time_ns()
        self._interval = interval_seconds(os.environ.get("OTEL_METRIC_EXPORT_INTERVAL", ""))
        self._is_over = Event()
        self._thread = Thread(target=self._send_again_and_again, name="metrics-export", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send once more, and no more; may take as long as a request."""
        self._is_over.set()
        self._thread.join()
        self._exporter.shutdown()

    def _send_again_and_again(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._is_over.wait(self._interval)
            try:
                result = self._exporter.export(self._figures())
            except Exception:
                log.exception("metrics_export_failed")
            else:
                if result is not MetricExportResult.SUCCESS:
                    self._collector.failed("metrics")

    def _figures(self) -> MetricsData:
        now = time.time_ns()
        metrics = [_metric(family, self._began, now) for family in self._registry.collect() if family.samples]
        scope = ScopeMetrics(InstrumentationScope("gql_app"), metrics, "")
        return MetricsData([ResourceMetrics(self._collector.resource, [scope], "")])


def _metric(family: Family, began: int, now: int) -> Metric:
    data: Gauge | Histogram | Sum
    if family.type == "histogram":
        data = Histogram(list(_histograms(family.samples, began, now)), _CUMULATIVE)
    else:
        is_counter = family.type == "counter"
        wanted = [each for each in family.samples if not is_counter or each.name.endswith("_total")]
        points = [NumberDataPoint(each.labels, began, now, each.value) for each in wanted]
        data = Sum(points, _CUMULATIVE, is_monotonic=True) if is_counter else Gauge(points)
    return Metric(family.name, family.documentation, "", data)


def _histograms(samples: Iterable[Sample], began: int, now: int) -> Iterator[HistogramDataPoint]:
    """Prometheus counts in each bucket what is in those below, too, and OTLP does not."""
    found: dict[tuple[tuple[str, str], ...], dict[str, list[tuple[float, float]]]] = {}
    for sample in samples:
        labels = tuple((name, value) for name, value in sample.labels.items() if name != "le")
        part = found.setdefault(labels, {}).setdefault(sample.name.rpartition("_")[2], [])
        part.append((float(sample.labels.get("le", 0)), sample.value))
    for labels, parts in found.items():
        buckets = sorted(parts["bucket"])
        counts = [0.0, *(count for _, count in buckets)]
        yield HistogramDataPoint(
            attributes=dict(labels),
            start_time_unix_nano=began,
            time_unix_nano=now,
            count=int(parts["count"][0][1]),
            sum=parts["sum"][0][1],
            bucket_counts=[int(upper - lower) for lower, upper in pairwise(counts)],
            explicit_bounds=[bound for bound, _ in buckets[:-1]],
            min=None,  # type: ignore[arg-type]  # OTLP may leave them out, and Prometheus does not know them
            max=None,  # type: ignore[arg-type]
        )
