"""The routes about tenants' access to their help desks, with a real one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog

from documents.audit_entry import AuditEntry
from documents.connection import Connection
from documents.database import Database, Row
from documents.vocabulary import SourceProblem
from gql_app.settings import Settings
from resolvers.context import Services
from tests.connecting import KEY, TOKEN, HelpDesk, help_desk, record
from tests.fakes import MockApi, app_with, at_rest, bearer, make_jwt_settings, make_settings, open_client, open_services

OTHER_TOKEN = "an0ther-s3cret"


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=KEY)


@pytest.fixture
def desk() -> Iterator[HelpDesk]:
    with help_desk(record("1", tenant_id="tenant_a")) as desk:
        yield desk


@asynccontextmanager
async def client_of(db: Database, mock_api: MockApi, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with other settings."""
    async with (
        open_services(db, mock_api.transport, settings) as services,
        open_client(app_with(at_rest(services), settings)) as client,
    ):
        yield client


def body_for(url: str, **more: Any) -> dict[str, Any]:
    return {
        "tenant_id": "tenant_a",
        "source": "standard",
        "settings": {"base_url": url},
        "secrets": {"bearer_token": TOKEN},
    } | more


async def stored(db: Database, made: dict[str, Any]) -> Row | None:
    """A connection as the database has it."""
    return await db.collection(Connection).find_one({"_id": made["id"]})


async def created(client: httpx.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/connections", json=body_for(url, **more))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/connections/{answer.json()['id']}"
    found: dict[str, Any] = answer.json()
    return found


async def test_a_connection_is_made_listed_changed_and_removed(no_worker: httpx.AsyncClient, desk: HelpDesk) -> None:
    made = await created(no_worker, desk.url, schedule_minutes=15, announce_from="2026-01-01")
    assert (
        made.items()
        >= {
            "tenant_id": "tenant_a",
            "source": "standard",
            "settings": {"base_url": desk.url},
            "secret_names": ["bearer_token"],
            "schedule_minutes": 15,
            "announce_from": "2026-01-01T00:00:00Z",
            "state": "new",
            "problem": None,
            "prefix": "",
        }.items()
    )
    path = f"/connections/{made['id']}"
    assert (await no_worker.get(path)).json() == made
    assert (await no_worker.get("/connections?tenant_id=tenant_a")).json() == {"connections": [made]}
    assert (await no_worker.get("/connections?tenant_id=tenant_b")).json() == {"connections": []}
    wanted = {"schedule_minutes": None, "settings": {"requests_per_minute": 30}}
    changed = (await no_worker.patch(path, json=wanted)).json()
    assert (changed["schedule_minutes"], changed["next_run_at"]) == (None, None)
    assert changed["settings"] == {"base_url": desk.url, "requests_per_minute": "30"}
    changed = (await no_worker.patch(path, json={"settings": {"requests_per_minute": None}})).json()
    assert changed["settings"] == {"base_url": desk.url}
    assert changed["announce_from"] == made["announce_from"]
    assert (await no_worker.delete(path)).status_code == 204
    for answer in (
        await no_worker.get(path),
        await no_worker.delete(path),
        await no_worker.patch(path, json={}),
        await no_worker.post(f"{path}/check"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert (await no_worker.get("/connections?tenant_id=tenant_a")).json() == {"connections": []}


async def test_a_check_tries_the_credential_that_there_is_now(no_worker: httpx.AsyncClient, desk: HelpDesk) -> None:
    made = await created(no_worker, desk.url)
    path = f"/connections/{made['id']}"
    answer = await no_worker.post(f"{path}/check")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ok": True, "detail": "It answers and shows tickets.", "problem": None},
    )
    await no_worker.patch(path, json={"secrets": {"bearer_token": OTHER_TOKEN}})
    told = (await no_worker.post(f"{path}/check")).json()
    assert (told["ok"], told["problem"]) == (False, "credential_refused")
    desk.token = OTHER_TOKEN
    assert (await no_worker.post(f"{path}/check")).json()["ok"]


async def test_a_change_can_be_tried_before_it_is_stored(
    no_worker: httpx.AsyncClient, db: Database, desk: HelpDesk
) -> None:
    made = await created(no_worker, desk.url)
    path = f"/connections/{made['id']}"
    row = await stored(db, made)
    await db.collection(AuditEntry).delete_many({})
    tried: list[tuple[dict[str, Any] | None, SourceProblem | None]] = [
        (None, None),
        ({}, None),
        ({"settings": {"requests_per_minute": 30}}, None),
        ({"settings": {"base_url": f"{desk.url}/elsewhere"}}, SourceProblem.NOT_FOUND),
        ({"secrets": {"bearer_token": OTHER_TOKEN}}, SourceProblem.CREDENTIAL_REFUSED),
        ({"secrets": {"bearer_token": None}}, SourceProblem.CREDENTIAL_REFUSED),
    ]
    for wanted, problem in tried:
        answer = await no_worker.post(f"{path}/check", json=wanted)
        assert (answer.status_code, answer.json()["ok"], answer.json()["problem"]) == (200, problem is None, problem)
    assert await stored(db, made) == row
    begun = await db.collection(AuditEntry).find({"action": {"$type": "string"}}).to_list(None)
    assert [(each["action"], each["target"]) for each in begun] == [("connection_tried", made["id"])] * len(tried)


async def test_a_check_sends_no_stored_secret_elsewhere(
    no_worker: httpx.AsyncClient, db: Database, desk: HelpDesk
) -> None:
    made = await created(no_worker, desk.url)
    path = f"/connections/{made['id']}"
    row = await stored(db, made)
    with help_desk(token=None) as elsewhere:
        told = await no_worker.post(f"{path}/check", json={"settings": {"base_url": elsewhere.url}})
        assert (told.status_code, told.json()["code"]) == (422, "INVALID_INPUT")
        assert "give bearer_token again" in told.json()["detail"]
        assert elsewhere.asked == []
        wanted = {"settings": {"base_url": elsewhere.url}, "secrets": {"bearer_token": OTHER_TOKEN}}
        assert (await no_worker.post(f"{path}/check", json=wanted)).json()["ok"]
        assert elsewhere.authorised == [f"Bearer {OTHER_TOKEN}"]
    assert await stored(db, made) == row


async def test_a_check_refuses_what_a_change_refuses(no_worker: httpx.AsyncClient, desk: HelpDesk) -> None:
    made = await created(no_worker, desk.url)
    await created(no_worker, f"{desk.url}/other")
    path = f"/connections/{made['id']}"
    for wanted, status, code in (
        ({"settings": {"base_uri": desk.url}}, 422, "INVALID_INPUT"),
        ({"settings": {"base_url": "https://10.0.0.1"}}, 422, "ADDRESS_REFUSED"),
        ({"settings": {"base_url": f"{desk.url}/other"}}, 409, "CONFLICT"),
        ({"secrets": {"bearer_token": "two words"}}, 422, "INVALID_INPUT"),
        ({"secrets": TOKEN}, 422, "INVALID_INPUT"),
    ):
        told = [await no_worker.post(f"{path}/check", json=wanted), await no_worker.patch(path, json=wanted)]
        assert [(each.status_code, each.json()["code"]) for each in told] == [(status, code)] * 2
        assert told[0].json()["detail"] == told[1].json()["detail"]
        assert TOKEN not in told[0].text
    assert desk.asked == []
    scheduled = await no_worker.post(f"{path}/check", json={"schedule_minutes": 5})
    assert (scheduled.status_code, scheduled.json()["code"]) == (422, "INVALID_INPUT")


async def test_a_connection_can_be_tried_before_it_is_added(
    no_worker: httpx.AsyncClient, db: Database, desk: HelpDesk
) -> None:
    wanted = body_for(desk.url)
    told = (await no_worker.post("/connections/check", json=wanted)).json()
    assert told == {"ok": True, "detail": "It answers and shows tickets.", "problem": None}
    told = (await no_worker.post("/connections/check", json=wanted | {"secrets": {"bearer_token": OTHER_TOKEN}})).json()
    assert (told["ok"], told["problem"]) == (False, "credential_refused")
    assert "give the connection another one" in told["detail"]
    for settings, code in (({}, "INVALID_INPUT"), ({"base_url": "https://10.0.0.1"}, "ADDRESS_REFUSED")):
        answer = await no_worker.post("/connections/check", json=wanted | {"settings": settings})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert desk.authorised == [f"Bearer {TOKEN}", f"Bearer {OTHER_TOKEN}"]
    assert await db.collection(Connection).count_documents({}) == 0
    await created(no_worker, desk.url)
    assert (await no_worker.post("/connections/check", json=wanted)).json()["ok"], "as before its secret is changed"


async def test_what_fails_says_what_to_do(no_worker: httpx.AsyncClient, services: Services, desk: HelpDesk) -> None:
    made = await created(no_worker, desk.url)
    assert made["advice"] is None
    await services.connections.note_outcome(made["id"], SourceProblem.CREDENTIAL_REFUSED, "status 401")
    shown = (await no_worker.get(f"/connections/{made['id']}")).json()
    assert (shown["problem"], shown["advice"]) == (
        "credential_refused",
        "It does not take the credential: give the connection another one.",
    )


async def test_a_form_is_told_what_each_source_needs(no_worker: httpx.AsyncClient) -> None:
    found = {each["source"]: each for each in (await no_worker.get("/connections/sources")).json()["sources"]}
    assert found["standard"]["description"] == "An API like the operator's."
    needs = {need["name"]: need for need in found["zendesk"]["needs"]}
    assert needs["subdomain"]["instead_of"] == ["base_url"]
    assert needs["email"]["needed_with"] == ["api_token"]
    assert (needs["api_token"]["is_secret"], needs["api_token"]["instead_of"]) == (True, ["oauth_token"])


async def test_a_secret_is_nowhere_but_sealed(
    no_worker: httpx.AsyncClient, db: Database, desk: HelpDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """In no answer, log line or row, whatever becomes of a request."""
    told = []
    with structlog.testing.capture_logs() as logged:
        made = await no_worker.post("/connections", json=body_for(desk.url))
        path = f"/connections/{made.json()['id']}"
        for wanted in (
            {"secrets": {"bearer_token": OTHER_TOKEN}},
            {"secrets": {"bearer_token": [TOKEN]}},
            {"secrets": {TOKEN: OTHER_TOKEN}},
            {"secrets": {"bearer_token": f"{OTHER_TOKEN}\n{TOKEN}"}},
            {"secrets": TOKEN},
            {"settings": {"bearer_token": TOKEN}},
            {"settings": {"base_url": f"https://user:{TOKEN}@1.1.1.1"}},
            {"settings": {"base_url": f"https://1.1.1.1/?token={TOKEN}"}},
            {"settings": {"base_url": "https://1.1.1.1"}},
        ):
            told.append(await no_worker.patch(path, json=wanted))
        for status in (200, 401, 403, 503):
            desk.status = status
            told.append(await no_worker.post(f"{path}/check"))
            told.append(await no_worker.post(f"{path}/check", json={"secrets": {"bearer_token": TOKEN}}))
        told += [
            made,
            await no_worker.post("/connections", json=body_for(desk.url)),
            await no_worker.post("/connections/check", json=body_for(desk.url, secrets={"bearer_token": OTHER_TOKEN})),
            await no_worker.post("/connections/check", json=body_for(desk.url, settings={"base_url": TOKEN})),
            await no_worker.post("/connections", content=f'{{"secrets": {{"bearer_token": "{TOKEN}"'),
            await no_worker.get(path),
            await no_worker.get("/connections?tenant_id=tenant_a"),
            await no_worker.get("/metrics"),
        ]
    assert [each.status_code for each in told[:9]] == [200, *[422] * 8], [each.text for each in told[:9]]
    rows = [
        row
        for name in await db._database.list_collection_names()
        for row in await db._database[name].find().to_list(None)
    ]
    assert any(row["_id"] == made.json()["id"] for row in rows)
    for text in (*(each.text + str(each.headers) for each in told), repr(logged), repr(rows), *capsys.readouterr()):
        assert TOKEN not in text
        assert OTHER_TOKEN not in text


@pytest.mark.parametrize(
    ("more", "status", "code", "detail"),
    [
        ({"source": "zendesk", "secrets": {}}, 422, "INVALID_INPUT", "zendesk needs api_token or oauth_token."),
        ({"source": "jira"}, 422, "INVALID_INPUT", ""),
        ({"settings": {}}, 422, "INVALID_INPUT", "standard needs base_url."),
        ({"settings": {"base_uri": "https://1.1.1.1"}}, 422, "INVALID_INPUT", "did you mean base_url?"),
        ({"settings": {"base_url": "http://example.com"}}, 422, "ADDRESS_REFUSED", "An address begins with https://."),
        ({"settings": {"base_url": "https://10.0.0.1"}}, 422, "ADDRESS_REFUSED", "not on the public internet"),
        ({"schedule_minutes": 0}, 422, "INVALID_INPUT", "schedule_minutes must be 1 to 10,080."),
        ({"announce_from": "yesterday"}, 422, "INVALID_INPUT", ""),
        ({"unknown": 1}, 422, "INVALID_INPUT", ""),
        ({"tenant_id": ""}, 422, "INVALID_INPUT", "tenant_id"),
    ],
)
async def test_what_does_not_fit_is_refused(
    no_worker: httpx.AsyncClient, more: dict[str, Any], status: int, code: str, detail: str
) -> None:
    answer = await no_worker.post("/connections", json=body_for("https://1.1.1.1", **more))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert detail in answer.json()["detail"]


async def test_an_account_that_is_connected_already_is_named(no_worker: httpx.AsyncClient, desk: HelpDesk) -> None:
    made = await created(no_worker, desk.url)
    answer = await no_worker.post("/connections", json=body_for(desk.url))
    assert (answer.status_code, answer.json()["code"], answer.json()["connection_id"]) == (409, "CONFLICT", made["id"])


async def test_without_a_key_no_secret_is_taken(db: Database, mock_api: MockApi, desk: HelpDesk) -> None:
    async with client_of(db, mock_api, make_settings(mongo_url="mongodb://elsewhere")) as client:
        answer = await client.post("/connections", json=body_for(desk.url))
        assert (answer.status_code, answer.json()["code"]) == (503, "SECRETS_KEY_MISSING")
        assert (await client.post("/connections", json=body_for(desk.url, secrets={}))).status_code == 201


async def test_private_networks_can_be_allowed(db: Database, mock_api: MockApi) -> None:
    settings = make_settings(secrets_key=KEY, allow_private_destinations=True)
    async with client_of(db, mock_api, settings) as client:
        assert (await client.post("/connections", json=body_for("https://10.0.0.1"))).status_code == 201
        assert (await client.post("/connections", json=body_for("http://10.0.0.1"))).status_code == 422


async def test_a_connection_of_another_tenant_looks_like_one_that_does_not_exist(
    db: Database, mock_api: MockApi, desk: HelpDesk
) -> None:
    async with client_of(db, mock_api, make_jwt_settings(secrets_key=KEY)) as client:
        mine, theirs = bearer(tenants=["tenant_a"], scope="admin"), bearer(tenants=["tenant_b"], scope="admin")
        made = await client.post("/connections", json=body_for(desk.url), headers=mine)
        foreign, unknown = f"/connections/{made.json()['id']}", "/connections/con_unknown"
        moved = {"settings": {"base_url": "https://1.1.1.1"}}
        for method, below, wanted in (
            ("GET", "", None),
            ("PATCH", "", {"schedule_minutes": 5}),
            ("DELETE", "", None),
            ("POST", "/check", None),
            ("POST", "/check", moved),
        ):
            told = [
                await client.request(method, path + below, headers=theirs, json=wanted) for path in (foreign, unknown)
            ]
            assert [each.status_code for each in told] == [404, 404]
            details = [each.json()["detail"] for each in told]
            assert details[0].replace(made.json()["id"], "con_unknown") == details[1]
        assert desk.asked == []
        assert (await client.get(foreign, headers=mine)).json() == made.json()
        assert await db.collection(Connection).count_documents({"removed_at": None}) == 1
