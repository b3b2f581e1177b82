"""The routes about tenants' own destinations, with a real receiver."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog
from standardwebhooks import Webhook

from documents.database import Database
from gql_app.settings import Settings
from resolvers.context import Services
from services.notifications.breaker import RequestResult
from services.notifications.breaker_updates import FAILURES_TO_OPEN
from tests.fakes import (
    MockApi,
    app_with,
    at_rest,
    bearer,
    ingest,
    make_jwt_settings,
    make_settings,
    open_client,
    open_services,
)
from tests.notifying import SECRETS_KEY
from tests.receiver import Receiver, receiving
from tests.waiting import until

KEY = base64.b64encode(SECRETS_KEY).decode()
GIVEN = "whsec_" + base64.b64encode(bytes(range(24))).decode()


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=KEY, allow_private_destinations=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def client_of(db: Database, mock_api: MockApi, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with other settings."""
    async with (
        open_services(db, mock_api.transport, settings) as services,
        open_client(app_with(at_rest(services), settings)) as client,
    ):
        yield client


async def created(client: httpx.AsyncClient, url: str, **more: object) -> dict[str, object]:
    body = {"tenant_id": "tenant_a", "url": url, "format": "webhook", **more}
    answer = await client.post("/destinations", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/destinations/{answer.json()['id']}"
    found: dict[str, object] = answer.json()
    return found


async def test_a_destination_is_made_listed_changed_and_removed(
    no_worker: httpx.AsyncClient, receiver: Receiver
) -> None:
    made = await created(no_worker, receiver.url, digest_above=20)
    assert str(made["secret"]).startswith("whsec_")
    shown = {name: value for name, value in made.items() if name != "secret"}
    path = f"/destinations/{made['id']}"
    assert (await no_worker.get(path)).json() == shown
    assert (await no_worker.get("/destinations?tenant_id=tenant_a")).json() == {"destinations": [shown]}
    assert (await no_worker.get("/destinations?tenant_id=tenant_b")).json() == {"destinations": []}
    changed = (await no_worker.patch(path, json={"is_paused": True, "digest_above": None})).json()
    assert (changed["is_paused"], changed["digest_above"], changed["secret"]) == (True, None, None)
    rotated = (await no_worker.patch(path, json={"rotate_secret": True})).json()
    assert rotated["secret"] not in (None, made["secret"])
    assert (await no_worker.delete(path)).status_code == 204
    for answer in (await no_worker.get(path), await no_worker.delete(path), await no_worker.patch(path, json={})):
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_what_is_given_is_not_shown_again(no_worker: httpx.AsyncClient, receiver: Receiver) -> None:
    made = await created(no_worker, receiver.url + "?token=abc", secret=GIVEN)
    assert made["secret"] is None
    for path in (f"/destinations/{made['id']}", "/destinations?tenant_id=tenant_a"):
        answer = await no_worker.get(path)
        assert GIVEN not in answer.text
        assert "token" not in answer.text


async def test_an_example_is_sent_and_verifies(no_worker: httpx.AsyncClient, receiver: Receiver) -> None:
    made = await created(no_worker, receiver.url, secret=GIVEN)
    answer = await no_worker.post(f"/destinations/{made['id']}/test")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "status": 200, "detail": None})
    event = Webhook(GIVEN).verify(receiver.received[0].body, receiver.received[0].headers)
    assert event["data"]["ticket_id"] == "test"
    receiver.answer = lambda received: 404
    told = (await no_worker.post(f"/destinations/{made['id']}/test")).json()
    assert told == {"ok": False, "status": 404, "detail": "status 404: ok"}


async def test_urgent_tickets_of_a_run_reach_the_tenants_destination(
    app_client: httpx.AsyncClient, services: Services, mock_api: MockApi, receiver: Receiver
) -> None:
    made = await created(app_client, receiver.url)
    mock_api.change(notify_mode="healthy")
    await ingest(services, "tenant_a")
    await ingest(services, "tenant_b")

    async def all_delivered() -> bool:
        lists = [f"/notifications?tenant_id={each}&state=pending" for each in ("tenant_a", "tenant_b")]
        return not any([(await app_client.get(each)).json()["total_count"] for each in lists])

    await until(all_delivered, "every delivery")
    own = (await app_client.get("/notifications?tenant_id=tenant_a")).json()
    assert own["total_count"] == len(set(receiver.tickets)) == len(receiver.tickets) > 0
    assert {each["destination_id"] for each in own["notifications"]} == {made["id"]}
    assert {each["tenant_id"] for each in mock_api.upstream.traffic.notifications} == {"tenant_b"}
    status = (await app_client.get(f"/circuit/{made['id']}/status")).json()
    assert (status["name"], status["state"]) == (made["id"], "closed")


async def test_the_circuit_of_a_destination_has_its_name(
    no_worker: httpx.AsyncClient, services: Services, receiver: Receiver
) -> None:
    name = str((await created(no_worker, receiver.url))["id"])
    permits = await services.circuits[name].admit(FAILURES_TO_OPEN)
    await services.circuits[name].report([RequestResult(permit, False) for permit in permits])
    assert (await no_worker.get(f"/circuit/{name}/status")).json()["state"] == "open"
    assert (await no_worker.get("/circuit/notify/status")).json()["state"] == "closed"
    assert (await no_worker.post(f"/circuit/{name}/reset")).json() == {"status": "reset", "name": name}
    assert (await no_worker.get(f"/circuit/{name}/status")).json()["state"] == "closed"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"format": "carrier pigeon"}, "INVALID_INPUT"),
        ({"url": "http://example.com/"}, "ADDRESS_REFUSED"),
        ({"url": "https://u:p@example.com/"}, "ADDRESS_REFUSED"),
        ({"url": "nonsense"}, "ADDRESS_REFUSED"),
        ({"secret": "whsec_short"}, "INVALID_SECRET"),
        ({"secret": "very secret"}, "INVALID_SECRET"),
        ({"format": "slack", "secret": GIVEN}, "INVALID_SECRET"),
        ({"format": "specification", "digest_above": 5}, "INVALID_INPUT"),
        ({"digest_above": 0}, "INVALID_INPUT"),
        ({"secrets": GIVEN}, "INVALID_INPUT"),
        ({"tenant_id": ""}, "INVALID_INPUT"),
        ({"url": None}, "INVALID_INPUT"),
    ],
)
async def test_what_does_not_fit_is_refused_with_a_code(
    no_worker: httpx.AsyncClient, wrong: dict[str, object], code: str
) -> None:
    body = {"tenant_id": "tenant_a", "url": "https://1.1.1.1/hook", "format": "webhook", **wrong}
    answer = await no_worker.post("/destinations", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "secret" not in str(wrong.get("secret", "")) or str(wrong["secret"]) not in answer.text
    assert (await no_worker.get("/destinations?tenant_id=tenant_a")).json() == {"destinations": []}


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://10.1.2.3/", "https://169.254.169.254/", "https://[::1]/"]
)
async def test_private_addresses_are_refused_unless_they_are_allowed(db: Database, mock_api: MockApi, url: str) -> None:
    async with client_of(db, mock_api, make_settings(secrets_key=KEY)) as client:
        answer = await client.post("/destinations", json={"tenant_id": "a", "url": url, "format": "slack"})
    assert (answer.status_code, answer.json()["code"]) == (422, "ADDRESS_REFUSED")


async def test_a_tenant_has_at_most_twenty(no_worker: httpx.AsyncClient) -> None:
    for _ in range(20):
        await created(no_worker, "https://1.1.1.1/", format="slack")
    answer = await no_worker.post(
        "/destinations", json={"tenant_id": "tenant_a", "url": "https://1.1.1.1/", "format": "slack"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


async def test_without_a_key_nothing_is_stored(db: Database, mock_api: MockApi) -> None:
    async with client_of(db, mock_api, make_settings(mongo_url="mongodb://elsewhere")) as client:
        answer = await client.post(
            "/destinations", json={"tenant_id": "a", "url": "https://1.1.1.1/", "format": "webhook"}
        )
    assert (answer.status_code, answer.json()["code"]) == (503, "SECRETS_KEY_MISSING")


async def test_only_administrators_of_the_tenant_see_and_change_them(
    no_worker: httpx.AsyncClient, services: Services, receiver: Receiver
) -> None:
    path = f"/destinations/{(await created(no_worker, receiver.url))['id']}"
    circuit = path.replace("/destinations", "/circuit") + "/status"
    calls = [("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/test")]
    calls.append(("GET", "/destinations?tenant_id=tenant_a"))
    async with open_client(app_with(services, make_jwt_settings())) as client:
        for method, url in calls:
            body = {} if method == "PATCH" else None
            reader = await client.request(method, url, json=body, headers=bearer())
            assert (reader.status_code, reader.json()["code"]) == (403, "FORBIDDEN")
            foreign = await client.request(method, url, json=body, headers=bearer(tenants=["tenant_b"], scope="admin"))
            assert (foreign.status_code, foreign.json()["code"]) == (404, "NOT_FOUND")
        assert (await client.get(circuit, headers=bearer(tenants=["tenant_b"]))).status_code == 404
        assert (await client.get(circuit, headers=bearer())).status_code == 200
        assert (await client.get(path, headers=bearer(scope="admin"))).status_code == 200
    assert receiver.received == []


async def test_no_secret_is_logged(no_worker: httpx.AsyncClient, receiver: Receiver) -> None:
    with structlog.testing.capture_logs() as lines:
        made = await created(no_worker, receiver.url + "?token=abcdef", secret=GIVEN)
        receiver.answer = lambda received: 500
        await no_worker.post(f"/destinations/{made['id']}/test")
        await no_worker.patch(f"/destinations/{made['id']}", json={"secret": "whsec_broken-secret"})
    assert not [line for line in map(str, lines) if GIVEN in line or "abcdef" in line or "broken-secret" in line]
