"""GET /tickets/export."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from documents.ticket import Ticket
from services.tickets.export import CHUNK_BYTES
from services.tickets.filter import TicketFilter
from services.tickets.formats import ExportFormat
from tests.api.rest.conftest import Ingested

TENANT = {"tenant_id": "tenant_a"}


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


async def listed(stage: Ingested, **query: Any) -> list[dict[str, Any]]:
    answer = await stage.client.get("/tickets", params=TENANT | {"page_size": 100} | query)
    found: list[dict[str, Any]] = answer.json()["tickets"]
    return found


async def exported_subject(stage: Ingested, subject: str) -> str:
    tenant_id = uuid4().hex
    await stage.db.collection(Ticket).insert_one({"tenant_id": tenant_id, "external_id": "1", "subject": subject})
    answer = await stage.client.get("/tickets/export", params={"tenant_id": tenant_id})
    return read_csv(answer.text)[0]["subject"]


async def test_csv_holds_the_tickets_of_the_list_in_its_order(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets/export", params=TENANT)
    rows = read_csv(answer.text)
    assert [row["external_id"] for row in rows] == [ticket["external_id"] for ticket in await listed(ingested)]
    assert rows[0]["message"] == (await listed(ingested))[0]["message"]


async def test_csv_is_served_as_a_file(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets/export", params=TENANT)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="tickets-tenant_a.csv"'


async def test_a_tenant_cannot_write_into_the_headers(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets/export", params={"tenant_id": 'a"; x=ü/..'})
    assert answer.headers["content-disposition"] == 'attachment; filename="tickets-a___x___...csv"'


async def test_ndjson_holds_what_the_list_shows(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets/export", params=TENANT | {"format": "ndjson"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == await listed(ingested)


async def test_filters_apply(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets/export", params=TENANT | {"format": "ndjson", "urgency": "high"})
    assert [json.loads(line) for line in answer.text.splitlines()] == await listed(ingested, urgency="high")


async def test_an_empty_export_has_a_header_row_and_nothing_else(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets/export", params={"tenant_id": "nobody"})
    assert answer.status_code == 200
    assert answer.content.startswith("\ufeffid,external_id,tenant_id,".encode())
    assert answer.text.count("\n") == 1
    without = await ingested.client.get("/tickets/export", params={"tenant_id": "nobody", "bom": "false"})
    assert answer.content == b"\xef\xbb\xbf" + without.content


async def test_an_empty_ndjson_export_is_empty(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets/export", params={"tenant_id": "nobody", "format": "ndjson"})
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "query",
    ["format=xlsx", "urgency=extreme", "created_from=2026-02-05T13:00:00Z&created_to=2026-02-04T13:00:00Z"],
)
async def test_what_makes_no_sense_is_refused_before_the_file_begins(ingested: Ingested, query: str) -> None:
    answer = await ingested.client.get(f"/tickets/export?tenant_id=tenant_a&{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
async def test_a_cell_cannot_be_a_formula(ingested: Ingested, start: str) -> None:
    subject = f"{start}cmd|' /C calc'!A0"
    assert await exported_subject(ingested, subject) == f"'{subject}"


@pytest.mark.parametrize("start", [";", ";;", "; ", '";', '"', " ", "\u00a0", "\ufeff", "\u200b", "|", ","])
async def test_nor_where_the_cell_begins_with_what_a_program_may_skip(ingested: Ingested, start: str) -> None:
    assert (await exported_subject(ingested, f"{start}=1+1")).startswith("'")


@pytest.mark.parametrize("separator", [";", "|", "\t"])
@pytest.mark.parametrize(
    "subject",
    ["{0}=1+1", "{0}=1+1{0}", "x{0}=1+1{0}", 'x{0}"=1+1"{0}', "x{0}@SUM(1){0}", "x{0}{0}+1", "x{0}-1", "x\n=1+1{0}"],
)
async def test_nor_for_a_program_that_separates_otherwise(ingested: Ingested, separator: str, subject: str) -> None:
    tenant_id = uuid4().hex
    row = {"tenant_id": tenant_id, "external_id": "1", "subject": subject.format(separator)}
    await ingested.db.collection(Ticket).insert_one(row)
    answer = await ingested.client.get("/tickets/export", params={"tenant_id": tenant_id})
    cells = [cell for row in csv.reader(io.StringIO(answer.text, newline=""), delimiter=separator) for cell in row]
    assert [cell for cell in cells if cell.strip(" \"'").startswith(("=", "+", "-", "@")) and cell[:1] != "'"] == []


@pytest.mark.parametrize(
    "subject",
    [
        *("plain", 'quote " and, comma', "two\nlines", "Größe 漢字 🙂", "a=b", ""),
        *("thanks ;-)", "a list:\n- one\n- two", "bye\n-- \nAnn", "1; 2, 3 | 4", " a space", "5 - 3"),
    ],
)
async def test_other_cells_come_back_as_they_were(ingested: Ingested, subject: str) -> None:
    assert await exported_subject(ingested, subject) == subject


async def test_a_large_export_comes_in_small_chunks(ingested: Ingested) -> None:
    newest = datetime.now(UTC)
    await ingested.db.collection(Ticket).insert_many(
        {
            "tenant_id": "large",
            "external_id": str(n),
            "message": "x" * 5_000,
            "created_at": newest - timedelta(minutes=n),
        }
        for n in range(500)
    )
    chunks: AsyncIterator[bytes] = ingested.services.exports.stream("large", TicketFilter(), ExportFormat.CSV)
    sizes, text = [], b""
    async for chunk in chunks:
        sizes.append(len(chunk))
        text += chunk
    assert max(sizes) < CHUNK_BYTES + 6_000
    assert [row["external_id"] for row in read_csv(text.decode())] == [str(n) for n in range(500)]
