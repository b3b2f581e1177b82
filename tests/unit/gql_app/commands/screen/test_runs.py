from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.commands.screen.runs import WatchedRun, explain
from services.sources.budget import RateLimitState

NOW = datetime(2026, 2, 5, 12, tzinfo=UTC)
BUDGET = RateLimitState(limit=60, window_seconds=60, used=60, remaining=0, blocked_until=None)


def make_job(**changes: Any) -> IngestionJob:
    """A job in the middle of its run; not validated, which would need a database."""
    fields = {
        "id": "job",
        "tenant_id": "tenant_a",
        "status": JobStatus.RUNNING,
        "active": True,
        "processed_pages": 12,
        "total_pages": 40,
        "records_seen": 1200,
        "heartbeat_at": NOW,
    }
    return IngestionJob.model_construct(**{**fields, **changes})


def watched(
    *, seconds: float = 10, pages: int = 0, tickets: int = 0, silent: bool = False, **changes: Any
) -> WatchedRun:
    """A run that was first seen so long ago, with so much less done, and with a worker that was silent since or not."""
    job = make_job(**changes)
    before = job.heartbeat_at if silent else None
    return WatchedRun(
        job, NOW - timedelta(seconds=seconds), job.processed_pages - pages, job.records_seen - tickets, before
    )


def described(run: WatchedRun) -> str:
    return run.describe(NOW, lease_seconds=60)


def in_seconds(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_running_job_tells_its_speed_and_the_time_left() -> None:
    assert described(watched(pages=4, tickets=400)) == "page 12 of 40, 1,200 tickets, 40/s, 1:10 left"


def test_speed_and_time_left_are_unknown_before_the_first_page() -> None:
    run = watched(seconds=0, processed_pages=0, total_pages=None, records_seen=0)
    assert described(run) == "page 0 of ?, 0 tickets"


def test_a_wait_takes_the_place_of_the_time_left() -> None:
    run = watched(pages=4, tickets=400, waiting_until=in_seconds(29.5))
    assert described(run) == "page 12 of 40, 1,200 tickets, goes on in 30 s"


def test_a_wait_that_is_over_is_not_mentioned() -> None:
    assert "goes on" not in described(watched(waiting_until=in_seconds(-1)))


@pytest.mark.parametrize(("pages", "line"), [(0, "waits for a worker"), (12, "page 12 of 40, waits for a worker")])
def test_a_queued_job_waits_for_a_worker(pages: int, line: str) -> None:
    assert described(watched(status=JobStatus.QUEUED, processed_pages=pages)) == line


def test_a_run_whose_worker_died_says_when_it_goes_on() -> None:
    run = watched(silent=True, heartbeat_at=in_seconds(-20), waiting_until=in_seconds(3))
    assert described(run) == "page 12 of 40, interrupted, goes on in 40 s at most"
    late = watched(silent=True, heartbeat_at=in_seconds(-61))
    assert described(late) == "page 12 of 40, interrupted, goes on at any moment"


def test_a_run_that_was_found_running_is_like_any_other_once_its_worker_shows_life() -> None:
    run = WatchedRun.first_seen(make_job(heartbeat_at=in_seconds(-20)), NOW, NOW)
    assert run.is_silent
    run.job = make_job(heartbeat_at=in_seconds(-1))
    assert not run.is_silent


def test_a_run_that_was_found_in_the_queue_is_not_taken_for_interrupted() -> None:
    run = WatchedRun.first_seen(make_job(status=JobStatus.QUEUED, heartbeat_at=in_seconds(-20)), NOW, NOW)
    run.job = make_job(heartbeat_at=in_seconds(-20))
    assert not run.is_silent


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"new_ingested": 1000, "updated": 2, "deleted": 4}, "completed: 1,000 new, 2 updated, 4 deleted"),
        ({"unchanged": 946, "skipped": 5, "errors": 6}, "completed: 946 unchanged, 5 skipped, 6 errors"),
        ({"skipped": 5}, "completed: no tickets, 5 skipped"),
        ({"status": JobStatus.FAILED, "new_ingested": 1, "error": "status 404"}, "failed: 1 new (status 404)"),
        ({"status": JobStatus.CANCELLED}, "cancelled"),
        ({"status": JobStatus.FAILED, "error": "status 404"}, "failed: status 404"),
    ],
)
def test_an_ended_job_tells_what_it_did(changes: dict[str, Any], line: str) -> None:
    run = watched(**{"active": None, "status": JobStatus.COMPLETED, **changes})
    assert described(run) == line


def test_a_wait_for_the_rate_limit_is_explained_with_the_first_moment_at_which_it_ends() -> None:
    runs = [watched(waiting_until=in_seconds(seconds)) for seconds in (40, 30)]
    at = in_seconds(30).astimezone()
    expected = f"Rate limit: 60 requests in 60 s are used up; the runs go on at {at:%H:%M:%S}."
    assert list(explain(runs, BUDGET, NOW)) == [expected]


def test_a_wait_while_there_is_budget_is_upstreams_doing() -> None:
    budget = RateLimitState(limit=60, window_seconds=60, used=1, remaining=59, blocked_until=None)
    (line,) = explain([watched(waiting_until=in_seconds(30))], budget, NOW)
    assert line.startswith("The external API is left alone for a while")


def test_an_interrupted_run_is_explained() -> None:
    (line,) = explain([watched(silent=True), watched()], BUDGET, NOW)
    assert line.startswith("An interrupted run goes on where it was")


def test_runs_that_go_on_need_no_explanation() -> None:
    assert list(explain([watched(pages=1, tickets=1)], BUDGET, NOW)) == []


def test_a_run_that_was_started_since_is_not_taken_for_interrupted() -> None:
    run = WatchedRun.first_seen(make_job(heartbeat_at=in_seconds(-1)), NOW, began=in_seconds(-2))
    assert not run.is_silent
