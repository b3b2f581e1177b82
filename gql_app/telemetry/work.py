"""Figures of what services do in this process, of the events that they tell of (`services/observing.py`)."""

from collections.abc import Sequence
from functools import singledispatchmethod

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.notifications.receivers.answers import Verdict
from services.observing import (
    LeaseLost,
    NotificationAttempted,
    RunEnded,
    RunLeft,
    RunTaken,
    SlotTaken,
    SourceAnswered,
    SourceThrottled,
    TicketJudged,
    TicketsStored,
)

DELIVERED = Verdict.DELIVERED.value
DELIVERY_BUCKETS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 72 * 3600)
"""Seconds: from at once to the moment at which a notification is given up."""
RUN_BUCKETS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600)
WAIT_BUCKETS = (0.01, 0.1, 1, 5, 15, 30, 60, 120, 300, 900)
"""Seconds: from no wait to several windows of the outbound limit."""
REQUEST_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds: to the longest that a request to a source may take."""
STORE_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
JUDGING_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1)


class WorkMetrics:
    """What a process counts of its work; may be told from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._runs = self._counter("ingestion_runs", "Runs that ended in this process.", "kind", "outcome")
        self._run_seconds = self._histogram(
            "ingestion_run_duration_seconds", "From a run's start to its end, waits included.", RUN_BUCKETS, "outcome"
        )
        self._in_progress = Gauge("ingestion_runs_in_progress", "Runs that this process works on.", registry=registry)
        self._interruptions = self._counter(
            "ingestion_run_interruptions", "Runs that this process has left to another attempt.", "reason"
        )
        self._tickets = self._counter(
            "ingestion_tickets", "Tickets and records by what became of them, as they were stored.", "result"
        )
        self._pages = self._counter("ingestion_pages", "Pages stored.")
        self._store_seconds = self._histogram(
            "ingestion_page_store_duration_seconds", "One transaction that stores a page.", STORE_BUCKETS
        )
        self._judging = self._histogram(
            "classification_duration_seconds", "Classifying one ticket, by its language.", JUDGING_BUCKETS, "language"
        )
        self._leases = self._counter(
            "leases_lost", "Leases that this process has lost, by what they were on.", "resource"
        )
        self._of_sources()
        self._of_notifications()

    def _of_sources(self) -> None:
        self._answers = self._counter(
            "upstream_requests", "Requests to help desks, by what was answered.", "source", "result"
        )
        self._answer_seconds = self._histogram(
            "upstream_request_duration_seconds", "Until the whole answer had come.", REQUEST_BUCKETS, "source"
        )
        self._throttled = self._counter(
            "upstream_throttled", "How often a help desk has asked to be left alone for a while.", "source"
        )
        self._waits = self._histogram(
            "upstream_slot_wait_seconds", "How long a request waited for the outbound limit.", WAIT_BUCKETS, "source"
        )

    def _of_notifications(self) -> None:
        self._attempts = self._counter(
            "notification_attempts",
            "Attempts of this process to deliver, by kind of destination and by what they came to.",
            "kind",
            "result",
        )
        self._attempt_seconds = self._histogram(
            "notification_request_duration_seconds",
            "One request to a destination, by its kind.",
            REQUEST_BUCKETS,
            "kind",
        )
        self._delivery_seconds = self._histogram(
            "notification_delivery_seconds",
            "From a ticket's becoming urgent to the delivery, of this process's deliveries.",
            DELIVERY_BUCKETS,
        )

    @property
    def failed_attempts(self) -> int:
        """How many attempts of this process to deliver have failed."""
        samples = (sample for metric in self._attempts.collect() for sample in metric.samples)
        return round(sum(s.value for s in samples if s.name.endswith("_total") and s.labels["result"] != DELIVERED))

    @singledispatchmethod
    def note(self, event: object) -> None:
        """Count an event."""
        raise NotImplementedError(type(event))

    @note.register
    def _(self, event: RunTaken) -> None:
        self._in_progress.inc()

    @note.register
    def _(self, event: RunLeft) -> None:
        self._in_progress.dec()
        if event.reason is not None:
            self._interruptions.labels(event.reason).inc()

    @note.register
    def _(self, event: RunEnded) -> None:
        self._runs.labels(event.kind, event.outcome).inc()
        self._run_seconds.labels(event.outcome).observe(event.seconds)

    @note.register
    def _(self, event: TicketsStored) -> None:
        for result, tickets in event.counts.items():
            if tickets > 0:
                self._tickets.labels(result).inc(tickets)
        self._pages.inc(event.pages)
        if event.seconds is not None:
            self._store_seconds.observe(event.seconds)

    @note.register
    def _(self, event: TicketJudged) -> None:
        self._judging.labels(event.language or "none").observe(event.seconds)

    @note.register
    def _(self, event: LeaseLost) -> None:
        self._leases.labels(event.resource).inc()

    @note.register
    def _(self, event: SlotTaken) -> None:
        self._waits.labels(event.source).observe(event.seconds)

    @note.register
    def _(self, event: SourceThrottled) -> None:
        self._throttled.labels(event.source).inc()

    @note.register
    def _(self, event: SourceAnswered) -> None:
        self._answers.labels(event.source, _answer(event.status)).inc()
        self._answer_seconds.labels(event.source).observe(event.seconds)

    @note.register
    def _(self, event: NotificationAttempted) -> None:
        self._attempts.labels(event.kind, event.result).inc()
        self._attempt_seconds.labels(event.kind).observe(event.request_seconds)
        if event.delivery_seconds is not None:
            self._delivery_seconds.observe(event.delivery_seconds)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._registry)

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=buckets, registry=self._registry)


def _answer(status: int | None) -> str:
    if status is None:
        return "no_answer"
    return "429" if status == 429 else f"{status // 100}xx"
