"""Connections as they are kept: secrets, prefixes, changes, schedules."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from documents.connection import Connection
from documents.database import Database
from documents.vocabulary import ConnectionState, SourceKind, SourceProblem
from gql_app.settings import Settings
from resolvers.context import Services
from services.connections.changes import ConnectionChange, ConnectionNotFoundError, NewConnection
from services.connections.connections import MAX_CONNECTIONS, Connections
from services.errors import ConflictError, InvalidInputError, SecretsKeyError
from services.kit.addresses import AddressRefusedError, AddressRules
from services.kit.clock import SystemClock
from services.kit.sealing import SecretBox
from tests.connecting import KEY, TENANT, TOKEN
from tests.fakes import make_settings

STANDARD, ZENDESK, _ = SourceKind
URL = "https://1.1.1.1"
NEW, CONNECTED, FAILING = ConnectionState
DAY = timedelta(days=1)


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=KEY)


@pytest.fixture
def connections(services: Services) -> Connections:
    return services.connections


def new(url: str = URL, token: str | None = TOKEN, tenant_id: str = TENANT, **more: Any) -> NewConnection:
    return NewConnection(tenant_id, STANDARD, {"base_url": url}, {"bearer_token": token} if token else {}, **more)


def with_key(db: Database, key: bytes) -> Connections:
    """Connections whose secrets are sealed with a key."""
    return Connections(db, SecretBox(lambda: [key]), AddressRules(), SystemClock())


async def stored(db: Database, connection: Connection) -> Any:
    return await db.collection(Connection).find_one({"_id": connection.id})


async def test_a_connection_is_kept_and_its_secret_is_sealed(db: Database, connections: Connections) -> None:
    made = await connections.create(new(schedule_minutes=15))
    assert await connections.get(made.id) == made
    assert await connections.of_tenant(TENANT) == [made]
    assert await connections.of_tenant("other") == []
    assert (made.state, made.prefix, made.account, made.settings) == (NEW, "", URL, {"base_url": URL})
    assert made.announce_from == made.created_at == made.next_run_at
    assert TOKEN not in repr(made) + repr(await stored(db, made)) + repr(connections.open(made))
    assert connections.open(made).secrets == {"bearer_token": TOKEN}


async def test_a_sealed_secret_opens_nowhere_else(connections: Connections) -> None:
    one, other = await connections.create(new()), await connections.create(new(tenant_id="other"))
    with pytest.raises(SecretsKeyError):
        connections.open(other.model_copy(update={"sealed_secrets": one.sealed_secrets}))


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://10.0.0.1", "https://user:s3cret@1.1.1.1", "ftp://1.1.1.1"]
)
async def test_an_address_that_may_not_be_asked_is_refused(connections: Connections, url: str) -> None:
    with pytest.raises(AddressRefusedError) as refused:
        await connections.create(new(url))
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("minutes", [0, -1, 10_081])
async def test_a_schedule_that_makes_no_sense_is_refused(connections: Connections, minutes: int) -> None:
    with pytest.raises(InvalidInputError, match="schedule_minutes must be 1 to 10,080"):
        await connections.create(new(schedule_minutes=minutes))


async def test_an_account_is_connected_once(connections: Connections) -> None:
    made = await connections.create(new())
    with pytest.raises(ConflictError, match=r"connected to https://1\.1\.1\.1 already") as refused:
        await connections.create(new(URL + "/"))
    assert refused.value.details == {"connection_id": made.id}
    assert await connections.create(new(tenant_id="other"))


async def test_accounts_have_prefixes_of_their_own(connections: Connections) -> None:
    zendesk = [
        NewConnection(TENANT, ZENDESK, {"base_url": f"{URL}/{name}"}, {"oauth_token": "x"}) for name in ("a", "b")
    ]
    made = [await connections.create(each) for each in (*zendesk, new(), new("https://8.8.8.8"))]
    assert [each.prefix for each in made] == ["zendesk", "zendesk2", "", "standard2"]


async def test_those_that_are_added_at_once_have_prefixes_of_their_own(connections: Connections) -> None:
    urls = [f"{URL}/{number}" for number in range(5)]
    made = await asyncio.gather(*(connections.create(new(url)) for url in urls * 2), return_exceptions=True)
    added = [each for each in made if isinstance(each, Connection)]
    assert {each.account for each in added} == set(urls)
    assert {each.prefix for each in added} == {"", "standard2", "standard3", "standard4", "standard5"}
    assert [type(each) for each in made if each not in added] == [ConflictError] * 5


async def test_a_tenant_has_ten_at_most(connections: Connections) -> None:
    made = [await connections.create(new(f"{URL}/{number}")) for number in range(MAX_CONNECTIONS)]
    with pytest.raises(ConflictError, match="at most 10"):
        await connections.create(new())
    await connections.remove(made[0].id)
    assert await connections.create(new())


async def test_a_removed_connection_is_gone_but_for_its_prefix(db: Database, connections: Connections) -> None:
    first, second = await connections.create(new(schedule_minutes=5)), await connections.create(new(f"{URL}/2"))
    for each in (first, second):
        await connections.remove(each.id)
        for call in (connections.get, connections.remove):
            with pytest.raises(ConnectionNotFoundError):
                await call(each.id)
        with pytest.raises(ConnectionNotFoundError):
            await connections.change(each.id, ConnectionChange(schedule_minutes=5))
    assert await connections.of_tenant(TENANT) == []
    row = await stored(db, first)
    assert (row["settings"], row["sealed_secrets"], row["next_run_at"]) == ({}, {}, None)
    await connections.note_outcome(first.id, None)
    assert await stored(db, first) == row
    again = await connections.create(new(f"{URL}/2", token=None))
    assert (again.id, again.prefix, again.cursor) == (second.id, "standard2", None)
    assert (await connections.create(new(f"{URL}/3"))).prefix == "standard3"
    assert await connections.get(again.id) == again


async def test_a_secret_is_rotated_and_the_rest_stays(connections: Connections) -> None:
    made = await connections.create(new(schedule_minutes=60))
    changed = await connections.change(made.id, ConnectionChange(secrets={"bearer_token": "another"}))
    assert connections.open(changed).secrets == {"bearer_token": "another"}
    assert (changed.settings, changed.schedule_minutes) == (made.settings, 60)
    without = await connections.change(made.id, ConnectionChange(secrets={"bearer_token": None}))
    assert connections.open(without).secrets == {}


async def test_a_change_of_nothing_changes_nothing(connections: Connections) -> None:
    made = await connections.create(new())
    assert await connections.change(made.id, ConnectionChange()) == made


async def test_unreadable_secrets_are_mended_by_new_ones(db: Database, connections: Connections) -> None:
    made = await with_key(db, bytes(32)).create(new())
    with pytest.raises(SecretsKeyError):
        connections.open(made)
    await connections.change(made.id, ConnectionChange({"requests_per_minute": "5"}))
    mended = await connections.change(made.id, ConnectionChange(secrets={"bearer_token": TOKEN}))
    assert connections.open(mended).secrets == {"bearer_token": TOKEN}


@pytest.mark.parametrize("elsewhere", ["https://8.8.8.8", "https://1.1.1.1:8443", "http://127.0.0.1"])
async def test_a_secret_that_stays_is_never_sent_elsewhere(connections: Connections, elsewhere: str) -> None:
    made = await connections.create(new())
    with pytest.raises(InvalidInputError, match="give bearer_token again"):
        await connections.change(made.id, ConnectionChange({"base_url": elsewhere}))
    assert await connections.get(made.id) == made
    change = ConnectionChange({"base_url": elsewhere}, {"bearer_token": "another"})
    moved = await connections.change(made.id, change)
    assert (moved.account, moved.prefix, moved.settings) == (elsewhere, made.prefix, {"base_url": elsewhere})
    assert connections.open(moved).secrets == {"bearer_token": "another"}


async def test_another_account_is_read_from_the_beginning_and_is_not_another_connections(
    db: Database, connections: Connections
) -> None:
    made, other = await connections.create(new()), await connections.create(new(f"{URL}/other"))
    await db.collection(Connection).update_one({"_id": made.id}, {"$set": {"cursor": "here"}})
    same = await connections.change(made.id, ConnectionChange({"base_url": f"{URL}/"}))
    assert same.cursor == "here"
    moved = await connections.change(made.id, ConnectionChange({"base_url": f"{URL}/elsewhere"}))
    assert (moved.account, moved.cursor) == (f"{URL}/elsewhere", None)
    with pytest.raises(ConflictError):
        await connections.change(made.id, ConnectionChange({"base_url": other.account}))


async def test_of_two_that_are_moved_to_one_account_at_the_same_moment_one_is_refused(connections: Connections) -> None:
    made = [await connections.create(new(f"{URL}/{number}")) for number in range(2)]
    change = ConnectionChange({"base_url": f"{URL}/both"})
    told = await asyncio.gather(*(connections.change(each.id, change) for each in made), return_exceptions=True)
    assert {type(each) for each in told} == {Connection, ConflictError}
    assert sorted(each.account == f"{URL}/both" for each in await connections.of_tenant(TENANT)) == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        ConnectionChange({"requests_per_minute": "5"}),
        ConnectionChange({"base_url": f"{URL}/elsewhere", "requests_per_minute": None}),
        ConnectionChange({"base_url": "https://8.8.8.8"}, {"bearer_token": "another"}),
        ConnectionChange(secrets={"bearer_token": None}),
        ConnectionChange(schedule_minutes=5),
        ConnectionChange(),
    ],
)
async def test_a_change_is_drafted_as_it_would_be_stored(
    db: Database, connections: Connections, change: ConnectionChange
) -> None:
    made = await connections.create(new(schedule_minutes=60))
    await db.collection(Connection).update_one({"_id": made.id}, {"$set": {"cursor": "here", "failures": 2}})
    known, row = await connections.get(made.id), await stored(db, made)
    draft = await connections.draft_change(known, change)
    assert await stored(db, made) == row
    changed = await connections.change(made.id, change)
    assert connections.open(draft).secrets == connections.open(changed).secrets
    moments = {"updated_at", "next_run_at", "sealed_secrets"}
    assert draft.model_dump(exclude=moments) == changed.model_dump(exclude=moments)
    assert TOKEN not in repr(draft)


@pytest.mark.parametrize(
    ("change", "refusal", "told"),
    [
        (ConnectionChange({"base_url": "https://8.8.8.8"}), InvalidInputError, "give bearer_token again"),
        (ConnectionChange({"base_url": "http://127.0.0.1"}), InvalidInputError, "give bearer_token again"),
        (ConnectionChange({"base_url": None}), InvalidInputError, "standard needs base_url"),
        (ConnectionChange({"base_url": "https://10.0.0.1"}), AddressRefusedError, "not on the public internet"),
        (ConnectionChange({"base_url": f"{URL}/other"}), ConflictError, "has, or had, another connection"),
        (ConnectionChange({"base_url": f"{URL}/removed"}), ConflictError, "has, or had, another connection"),
    ],
)
async def test_a_draft_of_a_change_is_refused_as_the_change_is(
    db: Database, connections: Connections, change: ConnectionChange, refusal: type[Exception], told: str
) -> None:
    made = await connections.create(new())
    await connections.create(new(f"{URL}/other"))
    await connections.create(new(f"{URL}/theirs", tenant_id="other"))
    await connections.remove((await connections.create(new(f"{URL}/removed"))).id)
    row = await stored(db, made)
    for refused in (connections.draft_change(made, change), connections.change(made.id, change)):
        with pytest.raises(refusal, match=told) as error:
            await refused
        assert type(error.value) is refusal
    assert await stored(db, made) == row
    free = ConnectionChange({"base_url": f"{URL}/theirs"})
    assert (await connections.draft_change(made, free)).account == f"{URL}/theirs", "of another tenant"


async def test_without_a_key_no_secret_is_drafted(db: Database) -> None:
    keyless = Connections(db, SecretBox(list), AddressRules(), SystemClock())
    made = await keyless.create(new(token=None))
    with pytest.raises(SecretsKeyError):
        await keyless.draft_change(made, ConnectionChange(secrets={"bearer_token": TOKEN}))


async def test_changes_at_the_same_moment_do_not_undo_each_other(connections: Connections) -> None:
    made = await connections.create(new())
    await asyncio.gather(
        connections.change(made.id, ConnectionChange({"requests_per_minute": "5"})),
        connections.change(made.id, ConnectionChange({"base_url": f"{URL}/v2"})),
        connections.change(made.id, ConnectionChange(secrets={"bearer_token": "another"})),
    )
    found = await connections.get(made.id)
    assert found.settings == {"base_url": f"{URL}/v2", "requests_per_minute": "5"}
    assert connections.open(found).secrets == {"bearer_token": "another"}


async def test_outcomes_are_noted_and_failures_put_the_schedule_off(connections: Connections) -> None:
    made = await connections.create(new(schedule_minutes=60))
    rests = []
    for _ in range(7):
        await connections.note_outcome(made.id, SourceProblem.FORBIDDEN, "status 403")
        found = await connections.get(made.id)
        assert found.last_run_at is not None
        assert found.next_run_at is not None
        rests.append(found.next_run_at - found.last_run_at)
    hour = timedelta(hours=1)
    for rest, hours in zip(rests, (2, 4, 8, 16, 24, 24, 24), strict=True):
        assert 0.9 * hours * hour <= rest <= 1.1 * hours * hour
    assert (found.state, found.problem, found.problem_detail) == (FAILING, SourceProblem.FORBIDDEN, "status 403")
    assert (found.failures, found.last_success_at, found.updated_at) == (7, None, made.updated_at)
    await connections.note_outcome(made.id, None)
    found = await connections.get(made.id)
    assert (found.state, found.problem, found.problem_detail, found.failures) == (CONNECTED, None, None, 0)
    assert found.last_success_at == found.last_run_at
    assert found.next_run_at is not None
    assert found.last_run_at is not None
    assert 0.9 * hour <= found.next_run_at - found.last_run_at <= 1.1 * hour


async def test_a_schedule_longer_than_a_day_is_not_shortened_by_failures(connections: Connections) -> None:
    made = await connections.create(new(schedule_minutes=10_080))
    await connections.note_outcome(made.id, SourceProblem.UNREACHABLE, "$status 503")
    found = await connections.get(made.id)
    assert found.next_run_at is not None
    assert found.last_run_at is not None
    assert found.next_run_at - found.last_run_at >= 0.9 * 7 * DAY
    assert found.problem_detail == "$status 503"


async def test_without_a_schedule_nothing_is_due(connections: Connections) -> None:
    made = await connections.create(new())
    await connections.note_outcome(made.id, None)
    assert (await connections.get(made.id)).next_run_at is None


async def test_a_schedule_begins_ends_and_is_brought_forward_by_a_mended_connection(connections: Connections) -> None:
    made = await connections.create(new())
    begun = await connections.change(made.id, ConnectionChange(schedule_minutes=60))
    assert begun.next_run_at == begun.updated_at
    await connections.note_outcome(made.id, SourceProblem.CREDENTIAL_REFUSED, "status 401")
    mended = await connections.change(made.id, ConnectionChange(secrets={"bearer_token": "another"}))
    assert (mended.next_run_at, mended.failures, mended.state) == (mended.updated_at, 0, FAILING)
    rarer = await connections.change(made.id, ConnectionChange(schedule_minutes=120))
    assert rarer.last_run_at is not None
    assert rarer.next_run_at == rarer.last_run_at + timedelta(minutes=120)
    ended = await connections.change(made.id, ConnectionChange(schedule_minutes=0))
    assert (ended.schedule_minutes, ended.next_run_at) == (None, None)
