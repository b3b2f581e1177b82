"""Subscriptions, by a real client over a real socket."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from documents.database import Database
from documents.ingestion_job import IngestionJob
from documents.ticket import Ticket
from resolvers.analytics import MIN_INTERVAL_SECONDS
from resolvers.context import Services
from tests.api.graphql.client import COMMANDS
from tests.api.graphql.sockets import FEW_AT_ONCE, Socket, opened, served
from tests.committed_schema import committed_schema
from tests.fakes import app_with, make_token
from tests.waiting import until

PROGRESS = "subscription ($job: String!) { ingestionProgress(jobId: $job) { jobId status processedPages progress } }"
STATS = "subscription ($tenant: String!) { tenantStatsChanged(tenantId: $tenant) { totalTickets byStatus { value } } }"


FEWER = "subscription ($tenant: String!) { tenantStatsChanged(tenantId: $tenant) { totalTickets } }"


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return f"tenant {uuid4()}"


async def insert(database: Database, tenant_id: str, *external_ids: str) -> None:
    rows = [{"tenant_id": tenant_id, "external_id": each, "status": "open"} for each in external_ids]
    await database.collection(Ticket).insert_many(rows)


async def update(database: Database, tenant_id: str, external_id: str, **fields: Any) -> None:
    ticket = {"tenant_id": tenant_id, "external_id": external_id}
    await database.collection(Ticket).update_one(ticket, {"$set": fields})


async def until_nobody_follows(services: Services) -> None:
    """Wait until no follower and no change stream is left."""
    changes = services.changes
    feeds = (changes.jobs, changes.starts, changes.tickets, changes.ticket_edits)
    await until(lambda: not any(feed.follower_count or feed.is_open for feed in feeds), "the end of the streams")


async def test_progress_shows_every_page_to_the_end(services: Services) -> None:
    async with served(app_with(services, FEW_AT_ONCE)) as address, opened(address) as socket:
        job = await services.jobs.start("tenant_a")
        await socket.subscribe(PROGRESS, job=job.id)
        shown: list[dict[str, Any]] = []
        while (message := await socket.receive())["type"] == "next":
            shown.append(message["payload"]["data"]["ingestionProgress"])
    assert message == {"type": "complete", "id": "1"}
    assert shown[-1] == {"jobId": job.id, "status": "COMPLETED", "processedPages": 2, "progress": 100}
    pages = [each["processedPages"] for each in shown]
    assert pages == sorted(pages)


async def test_progress_comes_from_any_process(address: str, quiet: Services, database: Database, tenant: str) -> None:
    job = await quiet.jobs.start(tenant)
    async with opened(address) as socket:
        await socket.subscribe(PROGRESS, job=job.id)
        assert (await socket.next_data())["ingestionProgress"]["processedPages"] == 0
        await database.collection(IngestionJob).update_one({"_id": job.id}, {"$set": {"processed_pages": 7}})
        assert (await socket.next_data())["ingestionProgress"]["processedPages"] == 7


async def test_heartbeat_is_no_progress(address: str, quiet: Services, database: Database, tenant: str) -> None:
    job = await quiet.jobs.start(tenant)
    jobs = database.collection(IngestionJob)
    async with opened(address) as socket:
        await socket.subscribe(PROGRESS, job=job.id)
        await socket.next_data()
        await jobs.update_one({"_id": job.id}, {"$set": {"heartbeat_at": datetime.now(UTC)}})
        await asyncio.sleep(0.2)
        await jobs.update_one({"_id": job.id}, {"$set": {"processed_pages": 1}})
        assert (await socket.next_data())["ingestionProgress"]["processedPages"] == 1


async def test_ended_job_is_shown_once(address: str, quiet: Services, tenant: str) -> None:
    job = await quiet.jobs.start(tenant)
    await quiet.jobs.cancel(job.id)
    async with opened(address) as socket:
        await socket.subscribe(PROGRESS, job=job.id)
        assert (await socket.next_data())["ingestionProgress"]["status"] == "CANCELLED"
        assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_unknown_job_is_a_coded_error(address: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(PROGRESS, job="none")
        message = await socket.receive()
    assert message["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_statistics_come_now_and_after_each_change(address: str, database: Database, tenant: str) -> None:
    await insert(database, tenant, "1")
    async with opened(address) as socket:
        await socket.subscribe(STATS, tenant=tenant)
        assert (await socket.next_data())["tenantStatsChanged"]["totalTickets"] == 1
        await insert(database, tenant, "2", "3")
        assert (await socket.next_data())["tenantStatsChanged"]["totalTickets"] == 3
        await database.collection(Ticket).update_one(
            {"tenant_id": tenant, "external_id": "1"}, {"$set": {"status": "closed"}}
        )
        assert len((await socket.next_data())["tenantStatsChanged"]["byStatus"]) == 2
        await database.collection(Ticket).delete_one({"tenant_id": tenant, "external_id": "1"})
        assert (await socket.next_data())["tenantStatsChanged"]["totalTickets"] == 2


async def test_changes_that_do_not_count_are_not_shown(address: str, database: Database, tenant: str) -> None:
    await insert(database, tenant, "1")
    async with opened(address) as socket:
        await socket.subscribe(STATS, tenant=tenant)
        await socket.next_data()
        await database.collection(Ticket).update_one(
            {"tenant_id": tenant, "external_id": "1"}, {"$set": {"seen_by_job": "j"}}
        )
        await insert(database, "another tenant", "1")
        await asyncio.sleep(0.3)
        await insert(database, tenant, "2")
        assert (await socket.next_data())["tenantStatsChanged"]["totalTickets"] == 2


async def test_many_changes_are_shown_together(address: str, database: Database, tenant: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(STATS, tenant=tenant)
        await socket.next_data()
        began = time.monotonic()
        for number in range(50):
            await insert(database, tenant, str(number))
        shown = []
        while not shown or shown[-1] < 50:
            shown.append((await socket.next_data())["tenantStatsChanged"]["totalTickets"])
        took = time.monotonic() - began
    assert len(shown) <= 2 + took / MIN_INTERVAL_SECONDS


async def test_each_result_reports_its_cost(address: str, tenant: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(STATS, tenant=tenant)
        message = await socket.receive()
    assert message["payload"]["extensions"]["cost"] == {"requested": 61, "maximum": 10_000}


async def streams(database: Database) -> int:
    """How many change streams the server has open on the tickets."""
    server = await database.collection(Ticket).database.client.admin.command(
        "aggregate", 1, pipeline=[{"$currentOp": {"idleCursors": True}}], cursor={}
    )
    return sum(
        op.get("ns") == f"{database.name}.tickets" and "changeStream" in str(op.get("cursor", op.get("command")))
        for op in server["cursor"]["firstBatch"]
    )


async def test_followers_share_one_stream(address: str, quiet: Services, database: Database, tenant: str) -> None:
    async with opened(address) as first, opened(address) as second:
        for socket in (first, second):
            await socket.subscribe(STATS, id="a", tenant=tenant)
            await socket.subscribe(FEWER, id="b", tenant=tenant)
            await socket.next_data()
            await socket.next_data()
        assert quiet.changes.tickets.follower_count == 2  # of two selections, each followed by both

        async def is_one_stream() -> bool:
            return await streams(database) == 1

        await until(is_one_stream, "one stream")  # that of an earlier test may still be ending


async def counted(database: Database, tenant_id: str, sockets: list[Socket]) -> int:
    """Insert a ticket and wait until every subscription has told of it; how many computations that took."""
    with COMMANDS.heard() as commands:
        await insert(database, tenant_id, str(uuid4()))
        total = await database.collection(Ticket).count_documents({"tenant_id": tenant_id})
        for socket in sockets:
            for _ in range(3):
                while (await socket.next_data())["tenantStatsChanged"]["totalTickets"] != total:
                    pass
    return sum(command.name == "aggregate" and "$group" in str(command.body) for command in commands)


async def test_one_computation_is_told_to_all_who_follow_the_same(
    address: str, database: Database, tenant: str
) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(address)) for _ in range(5)]
        for socket in sockets:
            for number in range(3):
                await socket.subscribe(FEWER, id=str(number), tenant=tenant)
        for socket in sockets:
            for _ in range(3):
                await socket.next_data()
        computed = await counted(database, tenant, sockets)
    assert 1 <= computed <= 3  # 15 subscriptions; a change that comes while it is computed, is computed again


async def test_nothing_is_shared_by_those_who_may_not_see_the_same(
    jwt_address: str, quiet: Services, database: Database
) -> None:
    async with opened(jwt_address, init=False) as one, opened(jwt_address, init=False) as other:
        await one.init({"authorization": f"Bearer {make_token(tenants=['tenant_a'])}"})
        await other.init({"authorization": f"Bearer {make_token(tenants=['tenant_b'])}"})
        await one.subscribe(FEWER, tenant="tenant_a")
        await one.next_data()
        await other.subscribe(FEWER, tenant="tenant_a")
        message = await other.receive()
    assert message["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_what_is_followed_outlives_the_one_who_came_first(address: str, database: Database, tenant: str) -> None:
    async with opened(address) as second:
        async with opened(address) as first:
            for socket in (first, second):
                await socket.subscribe(FEWER, tenant=tenant)
                await socket.next_data()
        await insert(database, tenant, "1")
        assert (await second.next_data())["tenantStatsChanged"]["totalTickets"] == 1


async def test_empty_operation_name_is_none(address: str, tenant: str) -> None:
    async with opened(address) as socket:
        for query in ("{ __typename }", FEWER):
            payload = {"query": query, "variables": {"tenant": tenant}, "operationName": ""}
            await socket.send("subscribe", id=query, payload=payload)
            while (message := await socket.receive())["type"] == "complete":
                pass
            assert message["type"] == "next", message


async def test_hash_without_a_document_is_answered(address: str) -> None:
    async with opened(address) as socket:
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
        await socket.send("subscribe", id="1", payload={"extensions": extensions})
        message = await socket.receive()
    assert message["type"] == "error"
    assert message["payload"][0]["message"] == "PersistedQueryNotSupported"
    assert message["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_dropped_client_leaves_nothing_behind(address: str, quiet: Services, tenant: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(STATS, tenant=tenant)
        await socket.next_data()
        socket.connection.transport.abort()
        await until_nobody_follows(quiet)


async def test_completed_operation_leaves_nothing_behind(
    address: str, quiet: Services, database: Database, tenant: str
) -> None:
    async with opened(address) as socket:
        await socket.subscribe(STATS, tenant=tenant)
        await socket.next_data()
        await socket.send("complete", id="1")
        await until_nobody_follows(quiet)
        await socket.subscribe("{ __typename }", id="2")
        assert await socket.next_data() == {"__typename": "Query"}


async def test_stream_that_breaks_is_opened_again(
    address: str, quiet: Services, database: Database, tenant: str
) -> None:
    async with opened(address) as socket:
        await socket.subscribe(STATS, tenant=tenant)
        await socket.next_data()
        await database.collection(Ticket).rename("elsewhere")  # ends every stream on the collection
        await database.collection(Ticket).database["elsewhere"].rename("tickets")
        await insert(database, tenant, "1")
        shown = 0
        while shown < 1:
            shown = (await socket.next_data())["tenantStatsChanged"]["totalTickets"]
        assert shown == 1


async def test_queries_and_mutations_are_served_too(address: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe('{ ticket(tenantId: "t", externalId: "1") { id } }')
        message = await socket.receive()
        assert message["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert await socket.receive() == {"type": "complete", "id": "1"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("", "BAD_REQUEST"),
        ("subscription { " + "a:" * 1 + "b " * 2_100 + "}", "QUERY_TOO_COMPLEX"),
    ],
)
async def test_refused_operation_has_a_code_and_leaves_the_connection(address: str, query: str, code: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe(query)
        message = await socket.receive()
        assert message["type"] == "error"
        assert {error["extensions"]["code"] for error in message["payload"]} == {code}
        await socket.send("ping")
        assert (await socket.receive())["type"] == "pong"


def test_every_subscription_is_tried_here_or_among_the_events() -> None:
    root = committed_schema().subscription_type
    assert root is not None
    assert set(root.fields) == {"ingestionProgress", "ingestionStarted", "tenantStatsChanged", "ticketsChanged"}


async def test_subscription_over_http_is_a_coded_error(app_client: Any) -> None:
    response = await app_client.post("/graphql", json={"query": PROGRESS, "variables": {"job": "x"}})
    assert response.json()["errors"][0]["extensions"]["code"] == "WEBSOCKET_REQUIRED"
    assert "data" not in response.json()


async def test_another_tenants_job_and_statistics_do_not_exist(jwt_address: str, quiet: Services) -> None:
    job = await quiet.jobs.start("tenant_b")
    async with opened(jwt_address, init=False) as socket:
        await socket.init({"authorization": f"Bearer {make_token(tenants=['tenant_a'])}"})
        for query, variables in ((PROGRESS, {"job": job.id}), (STATS, {"tenant": "tenant_b"})):
            await socket.subscribe(query, **variables)
            message = await socket.receive()
            assert message["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
            assert await socket.receive() == {"type": "complete", "id": "1"}
