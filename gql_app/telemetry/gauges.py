"""Figures of the whole service, as its database had them last. Ages are told as of the moment in which one asks."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from documents.circuit_breaker import CircuitState
from documents.ingestion_job import JobStatus
from documents.vocabulary import ConnectionState, SourceKind
from services.notifications.backlog import KINDS, Backlog
from services.survey import Survey

OVERDUE = {"1h": timedelta(hours=1), "6h": timedelta(hours=6), "1d": timedelta(days=1), "7d": timedelta(days=7)}
OTHER_TENANTS = "_other"
"""Under this name stand all tenants that have no label of their own."""
Families = Iterator[GaugeMetricFamily]
ByLabels = dict[tuple[str, ...], float]


class LastReading(NamedTuple):
    """What was read last."""

    survey: Survey | None
    """None: nothing yet."""
    read_at: datetime | None
    is_current: bool
    """Whether the last try succeeded."""


class SurveyGauges(Collector):
    """The figures; they name no tenant."""

    def __init__(self, last: Callable[[], LastReading], now: Callable[[], datetime]) -> None:
        self._last = last
        self._now = now

    def collect(self) -> Families:
        """The figures of the last reading."""
        (survey, read_at, is_current), now = self._last(), self._now()
        yield _gauge(
            "database_metrics_up",
            "1: what is told of the whole service could be read at the last try; 0: it is the last that is known.",
            int(is_current),
        )
        if survey is None or read_at is None:
            return
        yield _gauge(
            "database_metrics_age_seconds", "How old is what is told of the whole service.", _age(read_at, now)
        )
        yield from _of_notifications(survey.backlog, now)
        yield from _of_ingestion(survey, now)
        yield from _of_tenants(survey.no_success_since, now)


class TenantGauges(Collector):
    """Figures by tenant, of so many at most: those who wait longest. Only for who may know the tenants' names."""

    def __init__(self, last: Callable[[], LastReading], now: Callable[[], datetime], *, at_most: int) -> None:
        self._last = last
        self._now = now
        self._at_most = at_most

    def collect(self) -> Families:
        """The figures of the last reading."""
        survey = self._last().survey
        since = survey.no_success_since if survey is not None else {}
        named = heapq.nsmallest(self._at_most, since, key=lambda tenant_id: (since[tenant_id], tenant_id))
        shown = {tenant_id: since[tenant_id] for tenant_id in named if tenant_id != OTHER_TENANTS}
        if others := since.keys() - shown.keys():
            shown[OTHER_TENANTS] = min(since[tenant_id] for tenant_id in others)
        family = GaugeMetricFamily(
            "tenant_last_success_seconds", "Since the tenant's last run with success.", labels=["tenant"]
        )
        for tenant_id, moment in shown.items():
            family.add_metric([tenant_id], _age(moment, self._now()))
        yield family


def _of_notifications(backlog: Backlog, now: datetime) -> Families:
    counts = {"pending": sum(backlog.pending.values()), "dead": sum(backlog.dead.values())}
    ages = {kind: _age(oldest, now) for kind, oldest in backlog.oldest_pending.items()}
    yield _by(
        "notifications",
        "Notifications of urgent tickets, in all processes.",
        {(state,): count for state, count in (counts | {"delivered": backlog.delivered}).items()},
        "state",
    )
    yield _gauge(
        "notifications_oldest_pending_seconds", "Age of what has waited longest.", max(ages.values(), default=0.0)
    )
    for name, meaning, found in (
        ("outbox_depth", "Notifications that wait, by kind of destination.", backlog.pending),
        ("outbox_oldest_seconds", "Age of what has waited longest, by kind of destination.", ages),
        ("dead_letters", "Notifications that were given up, by kind of destination.", backlog.dead),
    ):
        yield _by(name, meaning, {(kind,): found.get(kind, 0) for kind in KINDS}, "kind")
    circuits: ByLabels = {
        (kind, state.value): backlog.circuits.get((kind, state), 0) for kind in KINDS for state in CircuitState
    }
    yield _by("circuits", "Circuit breakers, by kind of destination and state.", circuits, "kind", "state")


def _of_ingestion(survey: Survey, now: datetime) -> Families:
    jobs: ByLabels = {(status.value,): survey.jobs[status] for status in (JobStatus.QUEUED, JobStatus.RUNNING)}
    yield _by("ingestion_jobs", "Jobs that wait, and those that are run, in all processes.", jobs, "state")
    waits = 0.0 if survey.queued_since is None else _age(survey.queued_since, now)
    yield _gauge("ingestion_queue_oldest_seconds", "How long the oldest queued job has waited.", waits)
    yield _gauge(
        "upstream_limit_slots", "Requests that the outbound limit allows in 60 s; 0: no limit.", survey.limit.limit
    )
    yield _gauge("upstream_limit_used_slots", "How many of these are used.", survey.limit.used)
    connections: ByLabels = {
        (source.value, state.value): survey.connections.get((source, state), 0)
        for source in SourceKind
        for state in ConnectionState
    }
    yield _by("help_desk_connections", "Connections to help desks, by how they stand.", connections, "source", "state")
    yield _gauge(
        "rollup_backlog_tickets",
        "Tickets that are counted one by one, as the rollups do not have them yet.",
        survey.not_rolled_up,
    )
    yield _gauge("search_backlog_tickets", "Tickets that no search finds yet.", survey.not_searchable)


def _of_tenants(since: Mapping[str, datetime], now: datetime) -> Families:
    ages = [_age(moment, now) for moment in since.values()]
    yield _gauge("ingestion_tenants", "Tenants that had a run within 30 days.", len(ages))
    overdue: ByLabels = {(name,): sum(age >= bound.total_seconds() for age in ages) for name, bound in OVERDUE.items()}
    yield _by(
        "ingestion_tenants_overdue",
        "How many of these have had no run with success for so long, or longer.",
        overdue,
        "without_success_for",
    )
    yield _gauge(
        "ingestion_oldest_success_seconds",
        "The longest time that one of these has had no run with success.",
        max(ages, default=0.0),
    )


def _age(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)


def _by(name: str, meaning: str, values: ByLabels, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for texts, value in values.items():
        family.add_metric(texts, value)
    return family
