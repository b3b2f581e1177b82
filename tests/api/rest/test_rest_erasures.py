"""Erasures over REST: asked for, looked at, and what an erased tenant is told."""

import json

import httpx
import pytest

from documents.database import Database
from documents.ticket import Ticket
from resolvers.context import Services
from tests.fakes import ingest
from tests.waiting import until


@pytest.fixture
def at_work() -> tuple[str, ...]:
    return ("worker", "eraser")


@pytest.fixture
async def customer(app_client: httpx.AsyncClient, services: Services, db: Database) -> str:
    """One with tickets of tenant_a."""
    await ingest(services, "tenant_a")
    found = await db.collection(Ticket).find_one({"tenant_id": "tenant_a", "deleted_at": None})
    assert found is not None
    return str(found["customer_id"])


async def done(client: httpx.AsyncClient, answer: httpx.Response) -> dict[str, object]:
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/erasures/{answer.json()['id']}"

    async def certificate() -> dict[str, object] | None:
        found: dict[str, object] = (await client.get(answer.headers["location"])).json()
        return found if found["state"] == "done" else None

    return await until(certificate, "the end of the erasure")


async def test_a_customer_is_exported_erased_and_known_as_erased(app_client: httpx.AsyncClient, customer: str) -> None:
    address = f"/tenants/tenant_a/customers/{customer}"
    exported = await app_client.get(f"{address}/export")
    assert exported.headers["content-type"].startswith("application/x-ndjson")
    tickets = [line for line in map(json.loads, exported.text.splitlines()) if line["kind"] == "ticket"]
    assert {line["customer_id"] for line in tickets} == {customer}

    certificate = await done(app_client, await app_client.post(f"{address}/erasure"))
    assert certificate["counts"]["tickets"] == len(tickets)  # type: ignore[index]
    assert customer not in json.dumps(certificate)
    assert (await app_client.get(f"{address}/export")).text == ""
    query = {"tenant_id": "tenant_a", "customer_id": customer}
    assert (await app_client.get("/tickets", params=query)).json()["total_count"] == 0
    for asked, count in ((customer, 1), ("somebody else", 0)):
        listed = await app_client.get("/tenants/tenant_a/erasures", params={"customer_id": asked})
        assert listed.json()["total_count"] == count
    ran = (await app_client.post("/ingest/run?tenant_id=tenant_a")).json()
    assert (ran["new_ingested"], ran["skipped"] >= len(tickets)) == (0, True)


@pytest.mark.parametrize("customer_id", ["%20C-7", "C%00-7", "%20"])
async def test_an_id_that_no_customer_can_have_is_refused(no_worker: httpx.AsyncClient, customer_id: str) -> None:
    """A certificate of nothing would be taken for one of the customer who was meant."""
    address = f"/tenants/tenant_a/customers/{customer_id}"
    for answer in (await no_worker.post(f"{address}/erasure"), await no_worker.get(f"{address}/export")):
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


async def test_an_erased_tenant_takes_nothing_and_says_so(app_client: httpx.AsyncClient, customer: str) -> None:
    asked = await app_client.post("/tenants/tenant_a/erasure")
    assert asked.status_code == 202
    for answer in (
        await app_client.post("/ingest/run?tenant_id=tenant_a"),
        await app_client.post("/ingest/batch?tenant_id=tenant_a", content=b'{"id": "1"}'),
        await app_client.put("/tenants/tenant_a/retention", json={"days": 365}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "TENANT_ERASED")
    early = await app_client.delete("/tenants/tenant_a/erasure")
    assert (early.status_code, early.json()["code"]) == (409, "CONFLICT")
    assert (await app_client.get("/erasures/era_unknown")).status_code == 404


async def test_retention_is_set_previewed_and_taken_back(no_worker: httpx.AsyncClient) -> None:
    address = "/tenants/tenant_a/retention"
    assert (await no_worker.get(address)).json() == {"days": None, "closed_only": True}
    saved = await no_worker.put(address, json={"days": 400, "closed_only": False})
    assert saved.json() == {"days": 400, "closed_only": False}
    assert (await no_worker.get(f"{address}/preview?days=400")).json() == {"tickets": 0}
    refused = await no_worker.put(address, json={"days": 7})
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_INPUT")
    assert (await no_worker.put(address, json={"days": None})).json()["days"] is None
