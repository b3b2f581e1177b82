"""The routes about how a tenant's tickets are classified."""

from typing import Any

import httpx
import pytest

from documents.database import Database
from documents.ticket import Ticket
from gql_app.settings import Settings
from resolvers.context import Services
from tests.fakes import app_with, at_rest, bearer, ingest, make_jwt_settings, open_client
from tests.waiting import until

ADMIN = {"scope": "admin"}


@pytest.fixture
def at_work() -> tuple[str, ...]:
    return ("worker", "reclassifier")


async def save(client: httpx.AsyncClient, revision: int = 0, **words: Any) -> httpx.Response:
    return await client.put("/classification/tenant_a", json={"expected_revision": revision, **words})


async def test_words_are_tried_saved_and_applied(app_client: httpx.AsyncClient, services: Services) -> None:
    await ingest(services, "tenant_a")
    tried = (await app_client.post("/classification/tenant_a/preview", json={"high": ["invoice"]})).json()
    saved = await save(app_client, high=["invoice"])
    asked = await app_client.post("/classification/tenant_a/reclassification", json={"announce": False})

    async def rules() -> Any:
        found = (await app_client.get("/classification/tenant_a")).json()
        return found if found["reclassification"]["state"] == "done" else None

    found = await until(rules)
    assert saved.status_code == 200, saved.text
    assert asked.status_code == 202
    assert tried["is_complete"]
    assert tried["looked_at"] == tried["total"] > 0
    assert found["words"] == saved.json()["words"]
    assert (found["words"]["revision"], found["words"]["high"]) == (1, ["invoice"])
    assert found["words"]["changed_by"] == "anonymous"
    assert found["reclassification"]["version"] == tried["version"]
    for each in tried["transitions"]:
        if each["label"] == "urgency" and each["after"] == "high" != each["before"]:
            for sample in each["samples"]:
                ticket = (await app_client.get(f"/tickets/{sample['external_id']}?tenant_id=tenant_a")).json()
                assert ticket["urgency"] == "high"


async def test_what_is_wrong_is_told_with_its_place(no_worker: httpx.AsyncClient) -> None:
    refused = await save(no_worker, high=["fire", "the"], harmless=["a\nb"])
    body = refused.json()

    assert (refused.status_code, body["code"]) == (422, "OWN_WORDS_REFUSED")
    assert [(each["location"], each["column"], each["type"]) for each in body["errors"]] == [
        (["high", "2"], None, "too_common"),
        (["harmless", "1"], 2, "invisible"),
    ]
    assert body["detail"].startswith("High, entry 2: 'the' alone stands in most texts")
    assert (await no_worker.post("/classification/tenant_a/preview", json={"high": ["the"]})).status_code == 422


async def test_the_second_of_two_editors_gets_a_conflict(no_worker: httpx.AsyncClient) -> None:
    assert (await save(no_worker, high=["fire"])).status_code == 200
    refused = await save(no_worker, high=["flood"])

    assert (refused.status_code, refused.json()["code"], refused.json()["revision"]) == (409, "CONFLICT", 1)
    assert (await save(no_worker, 1, high=["flood"])).json()["before"][0]["high"] == ["fire"]


@pytest.mark.parametrize("body", [{}, {"expected_revision": -1}, {"expected_revision": 0, "words": []}])
async def test_bodies_that_do_not_fit_are_refused(no_worker: httpx.AsyncClient, body: dict[str, Any]) -> None:
    refused = await no_worker.put("/classification/tenant_a", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "INVALID_INPUT")


async def test_reading_needs_a_tenant_and_changing_needs_admin(services: Services) -> None:
    settings: Settings = make_jwt_settings()
    reader, admin = bearer(), bearer(**ADMIN)
    async with open_client(app_with(at_rest(services), settings)) as client:
        words = {"expected_revision": 0, "high": ["fire"]}
        answers = [
            (await client.get("/classification/tenant_a", headers=reader)).status_code,
            (await client.post("/classification/tenant_a/preview", json={}, headers=reader)).status_code,
            (await client.put("/classification/tenant_a", json=words, headers=reader)).status_code,
            (await client.post("/classification/tenant_a/reclassification", headers=reader)).status_code,
            (await client.get("/classification/tenant_b", headers=admin)).status_code,
            (await client.put("/classification/tenant_b", json=words, headers=admin)).status_code,
            (await client.put("/classification/tenant_a", json=words, headers=admin)).status_code,
        ]
    assert answers == [200, 200, 403, 403, 404, 404, 200]


async def test_nothing_of_one_tenant_shows_in_what_another_is_told(no_worker: httpx.AsyncClient, db: Database) -> None:
    secret = "zanzibar protocol"
    await db.collection(Ticket).insert_one(
        {"tenant_id": "other", "external_id": "1", "message": secret, "rules_version": "2", "urgency": "low"}
    )
    assert (
        await no_worker.put("/classification/other", json={"expected_revision": 0, "high": [secret]})
    ).status_code == 200
    told = [
        await no_worker.get("/classification/tenant_a"),
        await no_worker.post("/classification/tenant_a/preview", json={"high": ["zanzibar"]}),
        await save(no_worker, 7, high=[secret + " two"]),
    ]
    assert not any(secret in answer.text for answer in told)
