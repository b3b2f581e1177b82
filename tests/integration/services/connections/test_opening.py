"""From connections to sources: who is asked, with what, and under which ids."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from documents.connection import Connection
from documents.database import Database
from documents.rate_limit import RateLimit
from documents.vocabulary import SourceKind, SourceProblem
from gql_app.settings import Settings
from resolvers.context import Services
from services.connections import checking
from services.connections.changes import ConnectionChange, NewConnection
from services.connections.checking import CheckOutcome, try_connection
from services.connections.kinds import SOURCE_NEEDS
from services.connections.opening import FACTORIES
from services.connections.prefixed import PrefixedSource
from services.errors import UpstreamError
from services.sources.pages import BEGINNING, UpstreamCaller
from tests.connecting import KEY, TENANT, TOKEN, HelpDesk, help_desk, record
from tests.fakes import make_settings

STANDARD = SourceKind.STANDARD


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=KEY)


@pytest.fixture
def desk() -> Iterator[HelpDesk]:
    with help_desk(record("1"), record("2")) as desk:
        yield desk


async def connected(services: Services, url: str, token: str | None = TOKEN, **settings: str) -> Connection:
    secrets = {"bearer_token": token} if token else {}
    return await services.connections.create(NewConnection(TENANT, STANDARD, {"base_url": url, **settings}, secrets))


async def never(until: datetime) -> None:
    """Nobody has to wait."""


async def slots_used(db: Database) -> dict[str, int]:
    """The requests that count against each budget."""
    return {row["_id"]: len(row["slots"]) for row in await db.collection(RateLimit).find().to_list(None)}


CALLER = UpstreamCaller(TENANT, never, lambda: None)


async def test_a_connection_is_read_with_its_secret_and_within_its_budget(
    db: Database, services: Services, desk: HelpDesk
) -> None:
    made = await connected(services, desk.url, requests_per_minute="7")
    source = await services.sources.of(TENANT, made.id)
    page = await source.page(CALLER, BEGINNING)
    assert list(source.normalise(page.records, TENANT).own) == ["1", "2"]
    assert desk.authorised == [f"Bearer {TOKEN}"]
    assert await slots_used(db) == {f"standard:{desk.url}": 1}


async def test_without_a_secret_none_is_sent(services: Services, desk: HelpDesk) -> None:
    desk.token = None
    made = await connected(services, desk.url, token=None)
    await (await services.sources.of(TENANT, made.id)).page(CALLER, BEGINNING)
    assert desk.authorised == [None]


async def test_a_tenant_without_connections_reads_the_contracts_api(services: Services) -> None:
    source = await services.sources.of("tenant_a", None)
    page = await source.page(UpstreamCaller("tenant_a", never, lambda: None), BEGINNING)
    assert {each["tenant_id"] for each in page.records} == {"tenant_a"}


async def test_ids_of_another_account_have_a_prefix_everywhere(services: Services, desk: HelpDesk) -> None:
    await connected(services, "https://1.1.1.1")
    made = await connected(services, desk.url)
    desk.tickets += [{"id": "3"}, {"created_at": "never"}]
    desk.deleted = ["9"]
    source = await services.sources.of(TENANT, made.id)
    page = await source.page(CALLER, BEGINNING)
    assert page.ids[:3] == ["standard2:1", "standard2:2", "standard2:3"]
    found = source.normalise(page.records, TENANT)
    assert [(name, ticket.id) for name, ticket in found.own.items()] == [("standard2:1",) * 2, ("standard2:2",) * 2]
    assert [each.external_id for each in found.rejected] == ["standard2:3", None]
    assert {each.identity.partition(":")[0] for each in found.rejected} == {"standard2"}
    assert await source.deleted_ids(CALLER) == {"standard2:9"}
    assert await source.is_gone(CALLER, "standard2:8")
    assert not await source.is_gone(CALLER, "standard2:1")
    asked = len(desk.asked)
    assert not await source.is_gone(CALLER, "8"), "it is not this source's to say"
    assert len(desk.asked) == asked


def test_every_kind_of_source_can_be_opened() -> None:
    assert FACTORIES.keys() == SOURCE_NEEDS.keys() == set(SourceKind)


async def test_every_method_of_a_source_is_passed_on(services: Services) -> None:
    plain = await services.sources.of(TENANT, None)
    prefixed = PrefixedSource(plain, "x")
    assert prefixed.capabilities == plain.capabilities
    assert prefixed.begin(None, whole=True) == plain.begin(None, whole=True)


async def test_a_changed_secret_is_used_at_once(services: Services, desk: HelpDesk) -> None:
    made = await connected(services, desk.url, token="wrong")
    with pytest.raises(UpstreamError) as refused:
        await (await services.sources.of(TENANT, made.id)).page(CALLER, BEGINNING)
    assert refused.value.problem is SourceProblem.CREDENTIAL_REFUSED
    await services.connections.change(made.id, ConnectionChange(secrets={"bearer_token": TOKEN}))
    assert await (await services.sources.of(TENANT, made.id)).page(CALLER, BEGINNING)


async def test_a_connection_that_cannot_be_opened_says_why(db: Database, services: Services, desk: HelpDesk) -> None:
    made = await connected(services, desk.url)
    for tenant_id, connection_id in (("other", made.id), (TENANT, "con_unknown")):
        with pytest.raises(UpstreamError) as refused:
            await services.sources.of(tenant_id, connection_id)
        assert refused.value.problem is SourceProblem.NOT_FOUND
    await db.collection(Connection).update_one({}, {"$set": {"sealed_secrets.bearer_token": "00000000.AAAA"}})
    with pytest.raises(UpstreamError) as refused:
        await services.sources.of(TENANT, made.id)
    assert refused.value.problem is SourceProblem.SECRETS_UNREADABLE
    outcome = await try_connection(services.sources, await services.connections.get(made.id))
    assert (outcome.ok, outcome.problem) == (False, SourceProblem.SECRETS_UNREADABLE)
    await services.connections.remove(made.id)
    with pytest.raises(UpstreamError) as refused:
        await services.sources.of(TENANT, made.id)
    assert refused.value.problem is SourceProblem.NOT_FOUND


@pytest.mark.parametrize(
    ("tickets", "ok", "detail"),
    [
        ([record("1")], True, "It answers and shows tickets."),
        ([], True, "It answers; it has no tickets."),
        ([record("1", tenant_id="other")], True, "It answers; the first ticket that it shows is another tenant's."),
        ([record("1", created_at=None)], False, "It answers, but its first ticket cannot be read: created_at: "),
    ],
)
async def test_a_check_asks_for_one_ticket_and_stores_nothing(
    db: Database, services: Services, desk: HelpDesk, tickets: list[Any], ok: bool, detail: str
) -> None:
    desk.tickets = tickets
    made = await connected(services, desk.url)
    outcome = await try_connection(services.sources, made)
    assert (outcome.ok, outcome.problem) == (ok, None)
    assert outcome.detail.startswith(detail)
    [asked] = desk.asked
    assert "page_size=1&" in asked
    assert await services.connections.get(made.id) == made


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, SourceProblem.CREDENTIAL_REFUSED),
        (403, SourceProblem.FORBIDDEN),
        (404, SourceProblem.NOT_FOUND),
        (503, SourceProblem.UNREACHABLE),
        (429, SourceProblem.UNREACHABLE),
    ],
)
async def test_a_check_that_fails_says_what_to_do_and_nothing_of_upstreams(
    services: Services, desk: HelpDesk, status: int, problem: SourceProblem
) -> None:
    desk.status = status
    outcome = await try_connection(services.sources, await connected(services, desk.url))
    assert (outcome.ok, outcome.problem) == (False, problem)
    assert outcome.detail.startswith(problem.description)
    assert f"status {status}" in outcome.detail
    assert not any(secret in repr(outcome) for secret in (TOKEN, "secret of upstream"))
    assert len(desk.asked) == 1


async def test_a_check_does_not_wait_for_long(
    services: Services, desk: HelpDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "CHECK_SECONDS", 0.2)
    made = await connected(services, desk.url, requests_per_minute="1")
    desk.hold.clear()
    outcome = await try_connection(services.sources, made)
    assert outcome == CheckOutcome(False, "It did not answer within 0 s.", SourceProblem.UNREACHABLE)
    desk.hold.set()
    monkeypatch.setattr(checking, "CHECK_SECONDS", 3.0)
    outcome = await try_connection(services.sources, made)
    assert outcome == CheckOutcome(False, "The present minute's requests to it are used up; try again in a minute.")


async def test_a_drafted_change_is_tried_with_the_secret_that_stays(services: Services, desk: HelpDesk) -> None:
    made = await connected(services, desk.url)
    for change, ok in (
        (ConnectionChange({"base_url": f"{desk.url}/", "requests_per_minute": "5"}), True),
        (ConnectionChange({"base_url": f"{desk.url}/elsewhere"}), False),
        (ConnectionChange(secrets={"bearer_token": "another"}), False),
        (ConnectionChange(secrets={"bearer_token": None}), False),
    ):
        draft = await services.connections.draft_change(made, change)
        assert (await try_connection(services.sources, draft)).ok is ok
    assert desk.authorised == [f"Bearer {TOKEN}"] * 2 + ["Bearer another", None]
    assert desk.asked[1].startswith("/elsewhere/")
    assert await services.connections.get(made.id) == made


async def test_nobody_listening_is_told(services: Services) -> None:
    with help_desk() as gone:
        url = gone.url
    outcome = await try_connection(services.sources, await connected(services, url))
    assert (outcome.ok, outcome.problem) == (False, SourceProblem.UNREACHABLE)


async def test_connections_to_one_account_share_its_budget(db: Database, services: Services, desk: HelpDesk) -> None:
    new = NewConnection("other", STANDARD, {"base_url": desk.url, "requests_per_minute": "5"}, {"bearer_token": TOKEN})
    mine, theirs = (
        await connected(services, desk.url, requests_per_minute="5"),
        await services.connections.create(new),
    )
    sources = [await services.sources.of(each.tenant_id, each.id) for each in (mine, theirs)]
    await asyncio.gather(*(each.page(CALLER, BEGINNING) for each in sources))
    assert await slots_used(db) == {f"standard:{desk.url}": 2}
