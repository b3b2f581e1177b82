"""Which tenants there are: those with tickets, and those that a job tells of."""

from datetime import UTC, datetime
from typing import Any

import pytest

from documents.database import Database
from documents.ingestion_job import IngestionJob
from documents.ticket import Ticket
from services.tickets.tenants import Tenants

NOW = datetime(2026, 2, 5, tzinfo=UTC)


async def add_job(db: Database, tenant_id: str, **values: Any) -> None:
    row = {"_id": f"job-of-{tenant_id}", "tenant_id": tenant_id, "status": "completed", "queued_at": NOW, **values}
    await db.collection(IngestionJob).insert_one(row)


@pytest.mark.parametrize(
    ("job", "is_known"),
    [
        ({"skipped": 900, "errors": 3}, False),  # it walked the list to its end and met none of this tenant's tickets
        ({"status": "cancelled"}, False),
        ({"status": "queued", "active": True}, True),
        ({"status": "failed"}, True),
        ({"new_ingested": 1}, True),
        ({"deleted": 1}, True),
    ],
)
async def test_a_name_without_tickets_is_a_tenants_if_a_job_says_so(
    db: Database, job: dict[str, Any], is_known: bool
) -> None:
    await add_job(db, "acme", **job)
    await add_job(db, "other", new_ingested=1)
    tenants = Tenants(db)
    assert await tenants.exists("acme") is is_known
    assert await tenants.names() == (["acme", "other"] if is_known else ["other"])


async def test_a_tenant_with_tickets_is_one_whatever_its_jobs_say(db: Database) -> None:
    await db.collection(Ticket).insert_one({"tenant_id": "acme", "external_id": "T-1", "created_at": NOW})
    await add_job(db, "acme", skipped=900)
    assert await Tenants(db).exists("acme")
    assert await Tenants(db).names() == ["acme"]
