"""Figures of the whole service: read in the background, and kept where they cannot be read."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from documents.failures import DatabaseUnavailableError
from documents.ingestion_job import JobStatus
from gql_app.telemetry import surveyor as module
from gql_app.telemetry.gauges import SurveyGauges, TenantGauges
from gql_app.telemetry.surveyor import Surveyor
from services.notifications.backlog import Backlog
from services.sources.budget import RateLimitState
from services.survey import Survey
from tests.waiting import until

NOON = datetime(2026, 2, 5, 12, tzinfo=UTC)


def survey_of(**no_success: timedelta) -> Survey:
    return Survey(
        backlog=Backlog({}, {}, 0, {}, {}),
        jobs={JobStatus.QUEUED: 1, JobStatus.RUNNING: 0},
        queued_since=NOON - timedelta(seconds=90),
        limit=RateLimitState(60, 60.0, 5, 55, None),
        connections={},
        not_rolled_up=0,
        not_searchable=0,
        no_success_since={tenant_id: NOON - age for tenant_id, age in no_success.items()},
    )


class Asked:
    """Answers, once it is let, as often as it is asked; then it fails or does not come to an end."""

    def __init__(self, trouble: str) -> None:
        self.times = 0
        self.trouble = trouble

    async def __call__(self) -> Survey:
        self.times += 1
        if self.times == 1:
            return survey_of(acme=timedelta(hours=2))
        if self.trouble == "fails":
            raise DatabaseUnavailableError("away")
        if self.trouble == "crashes":
            raise KeyError("unexpected")
        await asyncio.Event().wait()
        raise AssertionError


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


@pytest.mark.parametrize("trouble", ["fails", "hangs", "crashes"])
async def test_without_the_database_the_last_figures_stay_and_grow_old(
    monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(module, "READING_SECONDS", 0.05)
    now, ask = [NOON], Asked(trouble)
    surveyor = Surveyor(lambda: now[0])
    registry = CollectorRegistry()
    registry.register(SurveyGauges(lambda: surveyor.last, lambda: now[0]))
    assert value(registry, "database_metrics_up") == 0
    surveyor.begin(ask)
    await surveyor.asked()
    assert value(registry, "database_metrics_up") == 1
    assert value(registry, "ingestion_queue_oldest_seconds") == 90
    now[0] += timedelta(seconds=30)
    await until(lambda: not surveyor.last.is_current)
    assert value(registry, "database_metrics_up") == 0
    assert value(registry, "database_metrics_age_seconds") == 30
    assert value(registry, "ingestion_queue_oldest_seconds") == 120
    await until(lambda: ask.times > 2, "another try")
    await surveyor.end()


async def test_nobody_is_asked_anything_before_a_scrape_and_long_after_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
    ask = Asked("hangs")
    surveyor = Surveyor(lambda: NOON)
    surveyor.begin(ask)
    await asyncio.sleep(0.05)
    assert ask.times == 0
    await asyncio.gather(surveyor.asked(), surveyor.asked())
    await asyncio.sleep(0.05)
    assert ask.times == 1
    await surveyor.end()


async def test_tenants_without_success_are_counted_by_how_long_and_the_worst_are_named() -> None:
    ages = {"new": timedelta(minutes=5), "late": timedelta(hours=7), "lost": timedelta(days=8)}
    surveyor, registry = Surveyor(lambda: NOON), CollectorRegistry()
    registry.register(SurveyGauges(lambda: surveyor.last, lambda: NOON))
    registry.register(TenantGauges(lambda: surveyor.last, lambda: NOON, at_most=1))

    async def ask() -> Survey:
        return survey_of(**ages)

    surveyor.begin(ask)
    await surveyor.asked()
    await surveyor.end()
    overdue = {each: value(registry, "ingestion_tenants_overdue", without_success_for=each) for each in ("1h", "1d")}
    assert overdue == {"1h": 2, "1d": 1}
    assert value(registry, "ingestion_oldest_success_seconds") == timedelta(days=8).total_seconds()
    assert value(registry, "tenant_last_success_seconds", tenant="lost") == timedelta(days=8).total_seconds()
    assert value(registry, "tenant_last_success_seconds", tenant="_other") == timedelta(hours=7).total_seconds()
    assert value(registry, "tenant_last_success_seconds", tenant="late") is None
