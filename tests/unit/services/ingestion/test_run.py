from datetime import UTC, datetime
from typing import Any

from documents.ingestion_job import IngestionJob, JobStatus
from services.coordination.leases import Lease
from services.ingestion.run import Run


def claimed(**checkpoint: Any) -> Run:
    job = IngestionJob.model_construct(
        id="job-1", tenant_id="acme", status=JobStatus.RUNNING, queued_at=datetime(2026, 2, 5, tzinfo=UTC), **checkpoint
    )
    return Run(job, Lease("ingest:acme", "job-1", "holder", 1, job.queued_at, None, 0.0))


async def test_pages_are_numbered_in_the_order_of_reading() -> None:
    run = claimed()
    assert [run.begin_page(place) for place in (1, 2, 3, 2, 3)] == [1, 2, 3, 4, 5]


async def test_the_page_that_the_last_holder_stored_is_counted_once() -> None:
    run = claimed(processed_pages=3, portions=4, last_page=3, next_page=3)
    assert [run.begin_page(place) for place in (3, 3, 4)] == [None, 4, 5]
    assert [run.begin_portion(), run.begin_portion()] == [5, 6]


async def test_a_walk_goes_on_counting_where_the_last_holder_ended() -> None:
    run = claimed(processed_pages=3, portions=3, last_page=3, next_page=4)
    assert [run.begin_page(place) for place in (4, 5)] == [4, 5]


async def test_a_job_of_an_earlier_version_goes_on_after_its_pages() -> None:
    assert claimed(processed_pages=3, last_page=3, next_page=4).begin_portion() == 4
