"""Subscriptions to what happens: runs that start, tickets that change; and to statistics of a period that moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from strawberry.types.execution import ExecutionResult

from documents.database import Database
from documents.ticket import Ticket, Urgency
from gql_app.graphql.schema import ApiSchema
from resolvers import analytics
from resolvers.context import Context, Services
from resolvers.corrections import correct_ticket, withdraw_correction
from schema.base.ids import global_id
from services.access import EVERYONE
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.coordination.turns import AT_ONCE
from services.judging.corrections import PersonsWord
from tests.api.graphql.client import COMMANDS
from tests.api.graphql.sockets import Socket, opened, served
from tests.fakes import (
    FakeClock,
    MockApi,
    app_with,
    at_rest,
    empty,
    make_jwt_settings,
    make_settings,
    make_token,
    open_services,
)
from tests.waiting import PATIENCE_SECONDS, until

STARTED = "subscription ($tenant: String!) { ingestionStarted(tenantId: $tenant) { jobId status } }"
CHANGED = """subscription ($tenant: String!, $filter: TicketFilter) {
  ticketsChanged(tenantId: $tenant, filter: $filter) {
    tenantId hasMore updates { kind globalId externalId ticket { id subject urgency customer { externalId } } }
  }
}"""
COUNTED = """subscription ($tenant: String!, $period: String, $from: DateTime, $to: DateTime) {
  tenantStatsChanged(tenantId: $tenant, period: $period, fromDate: $from, toDate: $to) { totalTickets }
}"""
NOTHING: dict[str, Any] = {"hasMore": False, "updates": []}


@pytest.fixture(scope="module")
async def quiet(database: Database) -> AsyncIterator[Services]:
    """Services without anything that works in the background."""
    await empty(database)
    async with open_services(database, MockApi().transport, make_settings()) as services:
        yield at_rest(services)


@pytest.fixture(scope="module")
async def address(quiet: Services) -> AsyncIterator[str]:
    async with served(app_with(quiet, make_settings())) as address:
        yield address


@pytest.fixture(autouse=True)
async def _no_stream_is_left(quiet: Services) -> None:
    """A stream that is open already may be behind: it would tell of what a test does before it follows."""
    await until(lambda: not quiet.changes.ticket_edits.is_open, "the end of the stream")


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return f"tenant {uuid4()}"


async def insert(database: Database, tenant_id: str, *external_ids: str, **fields: Any) -> None:
    rows = [{"tenant_id": tenant_id, "external_id": each, **fields} for each in external_ids]
    await database.collection(Ticket).insert_many(rows)


async def update(database: Database, tenant_id: str, external_id: str, **fields: Any) -> None:
    await database.collection(Ticket).update_one({"tenant_id": tenant_id, "external_id": external_id}, {"$set": fields})


async def follow(socket: Socket, tenant_id: str, **variables: Any) -> None:
    """Follow tickets, and see that the following has begun."""
    await socket.subscribe(CHANGED, tenant=tenant_id, **variables)
    assert (await socket.next_data())["ticketsChanged"] == {"tenantId": tenant_id, **NOTHING}


async def kinds(socket: Socket) -> list[tuple[str, str]]:
    """The next event, as kinds and external ids."""
    event = (await socket.next_data())["ticketsChanged"]
    assert not event["hasMore"]
    return [(update["kind"], update["externalId"]) for update in event["updates"]]


async def test_run_is_told_when_it_is_queued_whoever_queues_it(address: str, quiet: Services, tenant: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(STARTED, tenant=tenant)
        for _ in range(2):
            job = await quiet.jobs.start(tenant)
            shown = (await socket.next_data())["ingestionStarted"]
            assert shown == {"jobId": job.id, "status": "QUEUED"}
            await quiet.jobs.cancel(job.id)


async def test_run_that_is_under_way_is_told_first_and_ended_ones_are_not(
    address: str, quiet: Services, tenant: str
) -> None:
    await quiet.jobs.cancel((await quiet.jobs.start(tenant)).id)
    active = await quiet.jobs.start(tenant)
    async with opened(address) as socket:
        await socket.subscribe(STARTED, tenant=tenant)
        assert (await socket.next_data())["ingestionStarted"]["jobId"] == active.id
        await quiet.jobs.start(f"another than {tenant}")
        await quiet.jobs.cancel(active.id)
        following = await quiet.jobs.start(tenant)
        assert (await socket.next_data())["ingestionStarted"]["jobId"] == following.id


async def test_run_that_has_ended_when_it_is_looked_at_is_told_too(address: str, quiet: Services, tenant: str) -> None:
    async with opened(address) as socket:
        active = await quiet.jobs.start(tenant)
        await socket.subscribe(STARTED, tenant=tenant)
        assert (await socket.next_data())["ingestionStarted"]["jobId"] == active.id
        await quiet.jobs.cancel(active.id)
        short = [await quiet.jobs.start(tenant)]
        await quiet.jobs.cancel(short[0].id)
        short.append(await quiet.jobs.start(tenant))
        shown = {(await socket.next_data())["ingestionStarted"]["jobId"] for _ in short}
    assert shown == {job.id for job in short}


@pytest.mark.parametrize("query", [STARTED, CHANGED])
async def test_clients_that_do_not_read_keep_nobody_else_waiting(quiet: Services, tenant: str, query: str) -> None:
    schema = ApiSchema(make_settings())
    async with AsyncExitStack() as stack:
        for number in range(AT_ONCE + 1):
            await quiet.jobs.start(f"{tenant} {number}")
            context = Context(quiet, EVERYONE, client=f"client {number}")
            results = await schema.stream(query, {"tenant": f"{tenant} {number}"}, context)
            await stack.enter_async_context(aclosing(results))
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert isinstance(result := await anext(results), ExecutionResult)  # and no more
            assert result.errors is None


async def test_tickets_are_told_as_they_change(address: str, database: Database, tenant: str) -> None:
    async with opened(address) as socket:
        await follow(socket, tenant)
        await insert(database, tenant, "1", subject="old", urgency="high", customer_id="c")
        ticket = {"id": global_id("Ticket", tenant, "1"), "subject": "old", "urgency": "HIGH"}
        assert (await socket.next_data())["ticketsChanged"] == {
            "tenantId": tenant,
            "hasMore": False,
            "updates": [
                {"kind": "CREATED", "globalId": ticket["id"], "externalId": "1"}
                | {"ticket": ticket | {"customer": {"externalId": "c"}}}
            ],
        }
        await update(database, tenant, "1", subject="new")
        updated = (await socket.next_data())["ticketsChanged"]["updates"]
        assert [(each["kind"], each["ticket"]["subject"]) for each in updated] == [("UPDATED", "new")]
        await update(database, tenant, "1", deleted_at=datetime.now(UTC))
        assert (await socket.next_data())["ticketsChanged"]["updates"] == [
            {"kind": "DELETED", "globalId": ticket["id"], "externalId": "1", "ticket": None}
        ]


async def test_ticket_that_matches_no_more_is_told_as_such(address: str, database: Database, tenant: str) -> None:
    await insert(database, tenant, "1", "2", urgency="low")
    async with opened(address) as socket:
        await follow(socket, tenant, filter={"urgency": "HIGH"})
        await update(database, tenant, "1", urgency="high")
        assert await kinds(socket) == [("UPDATED", "1")]
        await update(database, tenant, "2", subject="none of this board's business")
        await update(database, tenant, "1", urgency="low")
        assert await kinds(socket) == [("UNMATCHED", "1")]


async def test_ticket_that_changes_in_the_same_way_again_is_told_again(
    address: str, database: Database, tenant: str
) -> None:
    await insert(database, tenant, "1")
    async with opened(address) as socket:
        query = f'subscription {{ ticketsChanged(tenantId: "{tenant}") {{ updates {{ kind externalId }} }} }}'
        await socket.subscribe(query)
        await socket.next_data()
        for number in range(3):
            await update(database, tenant, "1", subject=str(number))
            updates = (await socket.next_data())["ticketsChanged"]["updates"]
            assert updates == [{"kind": "UPDATED", "externalId": "1"}]


async def test_many_changes_are_told_together_and_bounded(address: str, database: Database, tenant: str) -> None:
    async with opened(address) as socket:
        await follow(socket, tenant)
        await insert(database, tenant, *map(str, range(250)))
        told: list[Any] = []
        has_more = False
        while not has_more and len(told) < 250:
            event = (await socket.next_data())["ticketsChanged"]
            assert len(event["updates"]) <= 100
            told += event["updates"]
            has_more = event["hasMore"]
    assert has_more
    assert len({update["externalId"] for update in told}) == len(told)


async def test_removed_ticket_makes_clients_read_anew(address: str, database: Database, tenant: str) -> None:
    await insert(database, tenant, "1")
    async with opened(address) as socket:
        await follow(socket, tenant)
        await database.collection(Ticket).delete_one({"tenant_id": tenant})
        assert (await socket.next_data())["ticketsChanged"] == {"tenantId": tenant, "hasMore": True, "updates": []}


async def test_gap_makes_clients_read_anew(address: str, database: Database, tenant: str) -> None:
    async with opened(address) as socket:
        await follow(socket, tenant)
        await database.collection(Ticket).rename("elsewhere")  # ends every stream on the collection
        await database.collection(Ticket).database["elsewhere"].rename("tickets")
        assert (await socket.next_data())["ticketsChanged"]["hasMore"]


async def test_events_are_computed_once_for_all_who_follow_the_same(
    address: str, database: Database, tenant: str
) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(address)) for _ in range(5)]
        for socket in sockets:
            await follow(socket, tenant)
        with COMMANDS.heard() as commands:
            await insert(database, tenant, "1")
            for socket in sockets:
                assert await kinds(socket) == [("CREATED", "1")]
    read = [each for each in commands if each.name == "find" and each.body["find"] == "tickets"]
    assert len(read) == 1


async def test_each_event_reports_its_cost(address: str, tenant: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(CHANGED, tenant=tenant)
        message = await socket.receive()
    # 20, the event, and 100 updates with a ticket and a customer each.
    assert message["payload"]["extensions"]["cost"] == {"requested": 20 + 1 + 100 * 3, "maximum": 10_000}


async def test_a_persons_correction_is_told_like_any_change(
    quiet: Services, address: str, database: Database, tenant: str
) -> None:
    await insert(database, tenant, "1", urgency="low", keyword_key="")
    context = Context(quiet, EVERYONE)
    async with opened(address) as socket:
        await follow(socket, tenant, filter={"urgency": "HIGH"})
        await correct_ticket(context, tenant, "1", PersonsWord(Urgency.HIGH))
        assert await kinds(socket) == [("UPDATED", "1")]
        await withdraw_correction(context, tenant, "1")
        assert await kinds(socket) == [("UNMATCHED", "1")]


async def test_filter_that_makes_no_sense_is_refused_at_once(address: str, tenant: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(CHANGED, tenant=tenant, filter={"createdFrom": "0001-01-01T00:00:00Z"})
        message = await socket.receive()
    assert message["payload"]["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_nobody_is_told_of_another_tenants_tickets_and_runs(quiet: Services, database: Database) -> None:
    mine, theirs = f"mine {uuid4()}", f"theirs {uuid4()}"
    async with served(app_with(quiet, make_jwt_settings())) as address, opened(address, init=False) as socket:
        await socket.init({"authorization": f"Bearer {make_token(tenants=[mine])}"})
        for query in (CHANGED, STARTED):
            await socket.subscribe(query, tenant=theirs)
            message = await socket.receive()
            assert message["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
            assert (await socket.receive())["type"] == "complete"
        await follow(socket, mine)
        await insert(database, theirs, "1", subject="secret")
        await quiet.jobs.start(theirs)
        await insert(database, mine, "2")
        assert await kinds(socket) == [("CREATED", "2")]


async def test_time_alone_takes_tickets_out_of_a_period_that_moves(
    quiet: Services, database: Database, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytics, "MAX_AGE_SECONDS", 0.2)
    clock = FakeClock()
    for hours in (0.5, 1.5, 3):
        await insert(database, tenant, str(hours), created_at=clock.now() - timedelta(hours=hours))
    services = replace(quiet, stats=Stats(database, clock, Questions()))
    async with served(app_with(services, make_settings())) as address, opened(address) as socket:
        await socket.subscribe(COUNTED, tenant=tenant, period="PT2H")
        shown = [(await socket.next_data())["tenantStatsChanged"]["totalTickets"]]
        for _ in range(2):
            clock.advance(3_600)
            shown.append((await socket.next_data())["tenantStatsChanged"]["totalTickets"])
    assert shown == [2, 1, 0]


async def test_statistics_between_two_dates(address: str, database: Database, tenant: str) -> None:
    day = datetime(2026, 2, 5, tzinfo=UTC)
    for number in range(4):
        await insert(database, tenant, str(number), created_at=day + timedelta(days=number))
    async with opened(address) as socket:
        dates = {"from": "2026-02-06T00:00:00Z", "to": "2026-02-08T00:00:00Z"}
        await socket.subscribe(COUNTED, tenant=tenant, **dates)
        assert (await socket.next_data())["tenantStatsChanged"]["totalTickets"] == 2
        await insert(database, tenant, "more", created_at=day + timedelta(days=1, hours=5))
        assert (await socket.next_data())["tenantStatsChanged"]["totalTickets"] == 3


@pytest.mark.parametrize(
    "variables", [{"period": "P1M"}, {"period": "P7D", "from": "2026-02-06T00:00:00Z"}, {"period": ""}]
)
async def test_period_that_makes_no_sense_is_refused(address: str, tenant: str, variables: dict[str, str]) -> None:
    async with opened(address) as socket:
        await socket.subscribe(COUNTED, tenant=tenant, **variables)
        message = await socket.receive()
    assert message["payload"]["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
