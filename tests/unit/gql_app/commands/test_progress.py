import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.commands.progress import RunProgress, describe


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
    }
    return IngestionJob.model_construct(**{**fields, **changes})


def test_a_running_job_tells_its_speed_and_the_time_left() -> None:
    line = describe(make_job(), seconds=10, pages=4, tickets=400)
    assert line == "page 12 of 40, 1,200 tickets, 40/s, 1:10 left"


def test_speed_and_time_left_are_unknown_before_the_first_page() -> None:
    line = describe(make_job(processed_pages=0, total_pages=None, records_seen=0), seconds=0, pages=0, tickets=0)
    assert line == "page 0 of ?, 0 tickets"


def test_a_wait_for_the_rate_limit_takes_the_place_of_the_time_left() -> None:
    until = datetime.now(UTC) + timedelta(seconds=30)
    line = describe(make_job(waiting_until=until), seconds=10, pages=4, tickets=400)
    assert line.endswith(f"40/s, waiting for the rate limit until {until.astimezone():%H:%M:%S}")


def test_a_wait_that_is_over_is_not_mentioned() -> None:
    until = datetime.now(UTC) - timedelta(seconds=1)
    assert "waiting" not in describe(make_job(waiting_until=until), seconds=10, pages=4, tickets=400)


def test_a_queued_job_waits_for_a_worker() -> None:
    assert describe(make_job(status=JobStatus.QUEUED), seconds=1, pages=0, tickets=0) == "waits for a worker"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"status": JobStatus.COMPLETED}, "completed: 1,000 new, 2 updated, 3 unchanged, 4 deleted"),
        (
            {"status": JobStatus.COMPLETED, "skipped": 5, "errors": 6},
            "completed: 1,000 new, 2 updated, 3 unchanged, 4 deleted, 5 skipped, 6 errors",
        ),
        (
            {"status": JobStatus.FAILED, "error": "status 404"},
            "failed: 1,000 new, 2 updated, 3 unchanged, 4 deleted (status 404)",
        ),
    ],
)
def test_an_ended_job_tells_what_it_did(changes: dict[str, Any], line: str) -> None:
    job = make_job(active=None, new_ingested=1000, updated=2, unchanged=3, deleted=4, **changes)
    assert describe(job, seconds=10, pages=40, tickets=4000) == line


def test_without_a_terminal_a_line_is_printed_for_each_change_of_status_only() -> None:
    output = io.StringIO()
    with RunProgress(Console(file=output)) as progress:
        for job in (
            make_job(status=JobStatus.QUEUED),
            make_job(processed_pages=13),
            make_job(processed_pages=14),
            make_job(status=JobStatus.COMPLETED, active=None),
        ):
            progress.show(job)
    assert [re.sub(r"[,:].*", "", line) for line in output.getvalue().splitlines()] == ["tenant_a"] * 3


def test_markup_in_a_tenants_name_is_shown_as_it_is() -> None:
    output = io.StringIO()
    with RunProgress(Console(file=output, force_terminal=True, width=120)) as progress:
        progress.show(make_job(tenant_id="[red]tenant"))
    assert "[red]tenant" in output.getvalue()
