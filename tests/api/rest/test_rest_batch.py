"""Tickets that a client sends as a file: the same path as a run, whatever the form, and bad lines are named."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from documents.database import Database
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.ticket_history import TicketHistory
from resolvers.context import Services
from services.coordination.resources import ingest_resource
from tests.fakes import app_with, at_rest, bearer, make_jwt_settings, open_client

URL = "/ingest/batch?tenant_id=acme"


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"T-{number}",
        "subject": f"Ticket {number}",
        "message": "We will sue you." if number % 10 == 0 else "Where is the manual?",
        "status": "open",
        "source": "email",
        "customer_id": f"c{number % 3}",
        "created_at": "2026-02-01T10:00:00Z",
        "updated_at": "2026-02-01T10:00:00Z",
    } | changes


def as_ndjson(records: list[Any]) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


def as_csv(records: list[dict[str, Any]]) -> bytes:
    lines = [",".join(records[0]), *(",".join(map(str, each.values())) for each in records)]
    return "\n".join(lines).encode()


async def send(client: httpx.AsyncClient, content: bytes, query: str = "", **options: Any) -> dict[str, Any]:
    answer = await client.post(URL + query, content=content, **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


RECORDS = [record(number) for number in range(25)]


@pytest.mark.parametrize(
    "content", [as_ndjson(RECORDS), json.dumps(RECORDS).encode(), as_csv(RECORDS)], ids=["ndjson", "json", "csv"]
)
async def test_a_file_is_stored_like_the_pages_of_a_run(
    no_worker: httpx.AsyncClient, db: Database, content: bytes
) -> None:
    answer = await send(no_worker, content)
    assert (answer["status"], answer["new_ingested"], answer["errors"]) == ("completed", 25, 0)
    listed = (await no_worker.get("/tickets?tenant_id=acme&page_size=100")).json()
    assert {ticket["external_id"] for ticket in listed["tickets"]} == {each["id"] for each in RECORDS}
    assert await db.collection(TicketHistory).count_documents({"tenant_id": "acme"}) == 25
    assert await db.collection(Notification).count_documents({"tenant_id": "acme"}) == 3
    log = await db.collection(IngestionLog).find_one({"job_id": answer["job_id"]})
    assert log is not None
    assert (log["status"], log["new_ingested"]) == ("SUCCESS", 25)


async def test_the_same_file_again_changes_nothing(no_worker: httpx.AsyncClient, db: Database) -> None:
    await send(no_worker, as_ndjson(RECORDS))
    again = await send(no_worker, as_ndjson(RECORDS))
    assert (again["new_ingested"], again["updated"], again["unchanged"]) == (0, 0, 25)
    assert await db.collection(TicketHistory).count_documents({"tenant_id": "acme"}) == 25
    assert await db.collection(Notification).count_documents({"tenant_id": "acme"}) == 3


async def test_an_edited_line_is_an_update(no_worker: httpx.AsyncClient) -> None:
    await send(no_worker, as_ndjson(RECORDS))
    edited = record(1, status="closed", updated_at="2026-02-02T10:00:00Z")
    answer = await send(no_worker, as_ndjson([edited]))
    assert (answer["updated"], answer["unchanged"]) == (1, 0)
    [newest, *_] = (await no_worker.get("/tickets/T-1/history?tenant_id=acme")).json()["history"]
    assert newest["changes"]["status"] == {"old": "open", "new": "closed"}


async def test_a_file_deletes_nothing(no_worker: httpx.AsyncClient) -> None:
    await send(no_worker, as_ndjson(RECORDS))
    assert (await send(no_worker, as_ndjson(RECORDS[:1])))["deleted"] == 0
    assert (await no_worker.get("/tickets?tenant_id=acme")).json()["total_count"] == 25


async def test_bad_lines_are_named_and_quarantined(no_worker: httpx.AsyncClient, db: Database) -> None:
    content = as_ndjson([record(1)]) + b'\n{"id": \n' + as_ndjson([record(2, created_at="yesterday"), record(3)])
    answer = await send(no_worker, content)
    assert (answer["new_ingested"], answer["errors"]) == (2, 2)
    assert [line["line"] for line in answer["rejected"]] == [2, 3]
    assert "created_at" in answer["rejected"][1]["reason"]
    assert await db.collection(QuarantinedRecord).count_documents({"tenant_id": "acme"}) == 2


async def test_another_tenants_record_is_skipped(no_worker: httpx.AsyncClient) -> None:
    answer = await send(no_worker, as_ndjson([record(1), record(2, tenant_id="other")]))
    assert (answer["new_ingested"], answer["skipped"]) == (1, 1)
    assert (await no_worker.get("/tickets?tenant_id=other")).json()["total_count"] == 0


async def test_columns_can_be_mapped(no_worker: httpx.AsyncClient) -> None:
    header = "Ticket ID;Created;Title;Updated at;Message;source;customer_id;status"
    content = f"{header}\n7;2026-02-01T10:00:00Z;Hello;2026-02-01T10:00:00Z;How?;mail;c;open\n".encode()
    query = "&column=Ticket ID:id&column=Created:created_at&column=Title:subject"
    assert (await send(no_worker, content, query))["new_ingested"] == 1
    assert (await no_worker.get("/tickets/7?tenant_id=acme")).json()["subject"] == "Hello"


@pytest.mark.parametrize(
    ("content", "query"),
    [
        (b"id,subject\n1,x\n", "&column=key:id"),
        (b"id,subject\n1,x\n", "&column=id"),
        ("id,subject".encode("utf-16"), ""),
        (b"{}", "&format=json"),
        (b"{}", "&format=xml"),
    ],
)
async def test_what_is_no_file_of_tickets_is_refused(no_worker: httpx.AsyncClient, content: bytes, query: str) -> None:
    answer = await no_worker.post(URL + query, content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")
    assert (await no_worker.get("/ingest/status?tenant_id=acme")).json()["status"] == "idle"


@pytest.mark.parametrize("content", [b"", b"[]", b"id,subject\n", b"\n\n"])
async def test_an_empty_file_is_no_error(no_worker: httpx.AsyncClient, content: bytes) -> None:
    assert (await send(no_worker, content))["new_ingested"] == 0


async def test_no_batch_beside_a_run(no_worker: httpx.AsyncClient, services: Services) -> None:
    held = await services.locks.acquire(ingest_resource("acme"), "a run")
    assert held is not None
    answer = await no_worker.post(URL, content=as_ndjson(RECORDS))
    assert (answer.status_code, answer.json()["code"], answer.json()["job_id"]) == (409, "ALREADY_RUNNING", "a run")


async def test_a_larger_file_than_a_body_may_be_is_taken(no_worker: httpx.AsyncClient) -> None:
    many = [record(number, message="x" * 2_000) for number in range(1_000)]
    assert (await send(no_worker, as_ndjson(many)))["new_ingested"] == 1_000


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 1_000):
        yield content[start : start + 1_000]
        await asyncio.sleep(0)


async def test_a_file_may_come_in_pieces(no_worker: httpx.AsyncClient) -> None:
    answer = await no_worker.post(URL, content=pieces(as_ndjson(RECORDS)))
    assert answer.json()["new_ingested"] == 25


async def test_a_batch_whose_process_died_ends_as_failed(app_client: httpx.AsyncClient, services: Services) -> None:
    job = await services.jobs.start("acme", is_batch=True)
    silent = {"$set": {"queued_at": job.queued_at.replace(year=2020)}}
    await IngestionJob.get_motor_collection().update_one({"_id": job.id}, silent)
    ended = await services.jobs.wait(job.id, seconds=60)
    assert ended.status.value == "failed"
    assert "send the file again" in (ended.error or "")


async def test_a_batch_that_waits_is_nobody_elses(services: Services) -> None:
    await services.jobs.start("acme", is_batch=True)
    assert await services.jobs.claim([]) is None


async def test_sending_needs_the_scope_and_the_tenant(services: Services) -> None:
    async with open_client(app_with(at_rest(services), make_jwt_settings())) as client:
        for headers, status in (
            ({}, 401),
            (bearer(tenants=["other"]), 404),
            (bearer(tenants=["acme"], scope="tickets:read"), 403),
        ):
            assert (await client.post(URL, content=as_ndjson(RECORDS), headers=headers)).status_code == status
        await send(client, as_ndjson(RECORDS), headers=bearer(tenants=["acme"]))
