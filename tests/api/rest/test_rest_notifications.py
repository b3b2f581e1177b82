"""The routes about notifications."""

from datetime import timedelta

import httpx
import pytest

from documents.database import Database
from resolvers.context import Services
from services.kit.clock import SystemClock
from services.notifications.breaker import RequestResult
from services.notifications.breaker_updates import FAILURES_TO_OPEN
from tests.fakes import app_with, at_rest, bearer, make_jwt_settings, open_client
from tests.notifying import Outbox


async def open_circuit(services: Services) -> None:
    """Nothing is sent from now on."""
    circuit = services.circuits["notify"]
    permits = await circuit.admit(FAILURES_TO_OPEN)
    await circuit.report([RequestResult(permit, False) for permit in permits])


async def test_the_list_tells_why_each_waits_and_how_old_it_is(
    no_worker: httpx.AsyncClient, services: Services, db: Database
) -> None:
    await open_circuit(services)
    outbox = Outbox(db)
    await outbox.add("T-1", created_at=SystemClock().now() - timedelta(hours=1), last_error="status 503: out of paper")
    await outbox.add("T-2", state="delivered")
    page = (await no_worker.get("/notifications?tenant_id=acme")).json()
    assert (page["total_count"], page["next_page"]) == (2, None)
    delivered, waiting = page["notifications"]
    assert (delivered["ticket_id"], delivered["waits_for"], delivered["next_attempt_at"]) == ("T-2", None, None)
    assert waiting["waits_for"].startswith("circuit open, probe in ")
    assert waiting["last_error"] == "status 503: out of paper"
    assert 3600 <= waiting["age_seconds"] < 3720
    assert waiting["destination_id"] is None
    one = (await no_worker.get(f"/notifications/{waiting['id']}?tenant_id=acme")).json()
    assert one["ticket_id"] == "T-1"


@pytest.mark.parametrize(
    ("query", "tickets"),
    [
        ("state=dead", ["T-2"]),
        ("ticket_id=T-1", ["T-1"]),
        ("destination_id=dst_1", ["T-3"]),
        ("destination_id=", ["T-2", "T-1"]),
        ("page_size=1&page=2", ["T-2"]),
    ],
)
async def test_the_list_can_be_of_some(
    no_worker: httpx.AsyncClient, db: Database, query: str, tickets: list[str]
) -> None:
    outbox = Outbox(db)
    await outbox.add("T-1")
    await outbox.add("T-2", state="dead")
    await outbox.add("T-3", destination_id="dst_1")
    await outbox.add("foreign", tenant="other")
    page = (await no_worker.get(f"/notifications?tenant_id=acme&{query}")).json()
    assert [each["ticket_id"] for each in page["notifications"]] == tickets


async def test_dead_letters_are_redriven_one_some_or_all(no_worker: httpx.AsyncClient, db: Database) -> None:
    outbox = Outbox(db)
    await outbox.add("T-1", "T-2", state="dead", last_status=503)
    await outbox.add("T-3", "T-4", "T-5", state="dead", last_status=422)
    await outbox.add("foreign", tenant="other", state="dead")
    path = f"/notifications/{(await outbox.row('T-1'))['_id']}/redrive"
    one = await no_worker.post(path)
    assert (one.status_code, one.json()["state"], one.json()["redrives"]) == (200, "pending", 1)
    again = await no_worker.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "CONFLICT")
    many = "/notifications/redrive?tenant_id=acme"
    assert (await no_worker.post(many, json={"last_status": 503})).json() == {"redriven": 1}
    assert (await no_worker.post(many, json={"ids": [(await outbox.row("T-3"))["_id"]]})).json() == {"redriven": 1}
    assert (await no_worker.post(many)).json() == {"redriven": 2}
    assert (await outbox.row("foreign"))["state"] == "dead"


@pytest.mark.parametrize("body", [{"ids": ["x"] * 1001}, {"colour": "red"}, {"created_from": "yesterday"}])
async def test_a_wish_that_makes_no_sense_is_refused(no_worker: httpx.AsyncClient, body: dict[str, object]) -> None:
    answer = await no_worker.post("/notifications/redrive?tenant_id=acme", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


async def test_only_administrators_redrive_and_only_their_tenants(services: Services, db: Database) -> None:
    outbox = Outbox(db)
    await outbox.add("T-1", state="dead")
    one = f"/notifications/{(await outbox.row('T-1'))['_id']}/redrive"
    async with open_client(app_with(at_rest(services), make_jwt_settings())) as client:
        for path in (one, "/notifications/redrive?tenant_id=acme"):
            reader = await client.post(path, headers=bearer(tenants=["acme"]))
            foreign = await client.post(path, headers=bearer(tenants=["other"], scope="admin"))
            assert (reader.status_code, foreign.status_code) == (403, 404)
    assert (await outbox.row("T-1"))["state"] == "dead"
