"""Tenants' own destinations over GraphQL."""

import base64
from collections.abc import Iterator

import pytest
from standardwebhooks import Webhook

from documents.circuit_breaker import Circuit
from gql_app.settings import Settings
from tests.api.graphql.client import COMMANDS, Api
from tests.fakes import make_settings
from tests.notifying import SECRETS_KEY, Outbox
from tests.receiver import Receiver, receiving

SHOWN = "destinationId tenantId format url isSigned digestAbove isPaused"
FRAGMENT = f"fragment Shown on Destination {{ {SHOWN} }}"
CREATE = (
    """
    mutation ($input: CreateDestinationInput!) { createDestination(input: $input) {
        __typename
        ... on DestinationSaved { secret destination { ...Shown } }
        ... on DestinationRefused { code message }
    } }
"""
    + FRAGMENT
)
CHANGE = (
    """
    mutation ($input: ChangeDestinationInput!) { changeDestination(input: $input) {
        __typename
        ... on DestinationSaved { secret destination { ...Shown } }
        ... on DestinationRefused { code }
        ... on DestinationNotFound { destinationId }
    } }
"""
    + FRAGMENT
)
DELETE = """
    mutation ($id: String!) { deleteDestination(input: {destinationId: $id}) {
        __typename
        ... on DestinationDeleted { destination { destinationId } }
        ... on DestinationNotFound { destinationId }
    } }
"""
TEST = """
    mutation ($id: String!) { testDestination(input: {destinationId: $id}) {
        __typename
        ... on DestinationTested { ok status detail }
        ... on DestinationNotFound { destinationId }
    } }
"""
REDRIVE = """
    mutation ($input: RedriveNotificationsInput!) { redriveNotifications(input: $input) {
        __typename
        ... on NotificationsRedriven { count }
        ... on RedriveRefused { message }
    } }
"""


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=base64.b64encode(SECRETS_KEY).decode(), allow_private_destinations=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


async def created(resting: Api, url: str, **more: object) -> dict[str, object]:
    wanted = {"tenantId": "acme", "url": url, "format": "WEBHOOK", **more}
    found: dict[str, object] = (await resting.data(CREATE, input=wanted))["createDestination"]
    return found


async def test_a_destination_is_made_shown_changed_and_removed(resting: Api, receiver: Receiver) -> None:
    made = await created(resting, receiver.url, digestAbove=5)
    shown = made["destination"]
    assert isinstance(shown, dict)
    assert (shown["format"], shown["isSigned"], shown["digestAbove"], shown["isPaused"]) == ("WEBHOOK", True, 5, False)
    name = shown["destinationId"]
    both = f'{{ destination(destinationId: "{name}") {{ {SHOWN} }} destinations(tenantId: "acme") {{ {SHOWN} }} }}'
    assert await resting.data(both) == {"destination": shown, "destinations": [shown]}
    tested = (await resting.data(TEST, id=name))["testDestination"]
    assert tested == {"__typename": "DestinationTested", "ok": True, "status": 200, "detail": None}
    Webhook(str(made["secret"])).verify(receiver.received[0].body, receiver.received[0].headers)
    wanted = {"destinationId": name, "isPaused": True, "digestAbove": 0, "rotateSecret": True}
    changed = (await resting.data(CHANGE, input=wanted))["changeDestination"]
    assert changed["destination"] == {**shown, "isPaused": True, "digestAbove": None}
    assert changed["secret"] not in (None, made["secret"])
    assert (await resting.data(DELETE, id=name))["deleteDestination"]["__typename"] == "DestinationDeleted"
    for query, variables in ((DELETE, {"id": name}), (TEST, {"id": name}), (CHANGE, {"input": wanted})):
        [answer] = (await resting.data(query, **variables)).values()
        assert answer == {"__typename": "DestinationNotFound", "destinationId": name}
    assert await resting.code(f'{{ destination(destinationId: "{name}") {{ url }} }}') == "NOT_FOUND"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"url": "http://example.com"}, "ADDRESS_REFUSED"),
        ({"secret": "whsec_x"}, "INVALID_SECRET"),
        ({"format": "SPECIFICATION", "digestAbove": 3}, "INVALID_INPUT"),
    ],
)
async def test_what_does_not_fit_is_told_as_data(resting: Api, wrong: dict[str, object], code: str) -> None:
    answer = await created(resting, **{"url": "https://1.1.1.1/", **wrong})
    assert (answer["__typename"], answer["code"]) == ("DestinationRefused", code)
    assert await resting.db.collection(Circuit).count_documents({}) == 0


async def test_why_notifications_wait_is_read_for_all_of_them_together(resting: Api, receiver: Receiver) -> None:
    made = await created(resting, receiver.url)
    destination = made["destination"]
    assert isinstance(destination, dict)
    name = destination["destinationId"]
    await resting.data(CHANGE, input={"destinationId": name, "isPaused": True})
    outbox = Outbox(resting.db)
    await outbox.add_page(*(f"T-{number}" for number in range(20)), destination_id=name)
    query = '{ notifications(tenantId: "acme") { nodes { ticketId destinationId waitsFor ageSeconds } } }'
    with COMMANDS.heard() as heard:
        nodes = (await resting.data(query))["notifications"]["nodes"]
    assert {(node["destinationId"], node["waitsFor"]) for node in nodes} == {(name, "its destination is paused")}
    assert all(0 <= node["ageSeconds"] < 120 for node in nodes)
    assert sum(command.body.get("find") == "destinations" for command in heard) <= 2


async def test_many_dead_letters_are_redriven(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1", "T-2", last_status=503, state="dead")
    await outbox.add("T-3", last_status=422, state="dead")
    await outbox.add("foreign", tenant="other", state="dead")
    first = await resting.data(REDRIVE, input={"tenantId": "acme", "lastStatus": 503})
    assert first["redriveNotifications"] == {"__typename": "NotificationsRedriven", "count": 2}
    assert (await resting.data(REDRIVE, input={"tenantId": "acme"}))["redriveNotifications"]["count"] == 1
    assert (await outbox.row("foreign"))["state"] == "dead"
    too_many = {"tenantId": "acme", "notificationIds": ["x"] * 1001}
    assert (await resting.data(REDRIVE, input=too_many))["redriveNotifications"]["__typename"] == "RedriveRefused"
