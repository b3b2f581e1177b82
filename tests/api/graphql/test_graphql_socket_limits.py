"""How many subscriptions there may be at once, and what they count as."""

import asyncio
from uuid import uuid4

import pytest

from resolvers.context import Services
from tests.api.graphql.sockets import opened, served
from tests.fakes import app_with, make_jwt_settings, make_settings, make_token
from tests.waiting import PATIENCE_SECONDS

STATS = "subscription ($tenant: String!) { tenantStatsChanged(tenantId: $tenant) { totalTickets byStatus { value } } }"


FEWER = "subscription ($tenant: String!) { tenantStatsChanged(tenantId: $tenant) { totalTickets } }"


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return f"tenant {uuid4()}"


async def test_only_so_many_operations_at_once_over_all_connections(quiet: Services, tenant: str) -> None:
    few = make_settings(graphql_max_client_subscriptions=4, graphql_max_subscriptions=3)
    async with served(app_with(quiet, few)) as address, opened(address) as one:
        async with opened(address) as other:
            for socket in (one, other):
                for number in range(2):
                    await socket.subscribe(FEWER, id=str(number), tenant=tenant)
                    await socket.next_data()
            await one.subscribe(FEWER, id="one too many", tenant=tenant)
            message = await one.receive()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")
        shown = "error"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while shown == "error":  # until the server has seen the other connection close
                await one.subscribe(FEWER, id="again", tenant=tenant)
                shown = (await one.receive())["type"]
    assert shown == "next"


async def test_the_limit_is_each_clients_own(quiet: Services) -> None:
    settings = make_jwt_settings(graphql_max_client_subscriptions=1)
    async with (
        served(app_with(quiet, settings)) as address,
        opened(address, init=False) as one,
        opened(address, init=False) as other,
    ):
        for socket, subject in ((one, "one"), (other, "other")):
            await socket.init({"authorization": f"Bearer {make_token(sub=subject)}"})
            await socket.subscribe(FEWER, tenant="tenant_a")
            await socket.next_data()


async def test_only_so_many_operations_at_once(address: str, tenant: str) -> None:
    async with opened(address) as socket:
        for number in range(3):
            await socket.subscribe(STATS, id=str(number), tenant=tenant)
            await socket.next_data()
        await socket.subscribe(STATS, id="one too many", tenant=tenant)
        message = await socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")


async def test_operation_counts_as_a_request(quiet: Services) -> None:
    async with served(app_with(quiet, make_settings(requests_per_minute=3))) as address, opened(address) as socket:
        for _ in range(3):
            await socket.subscribe("{ __typename }")
            assert [(await socket.receive())["type"] for _ in range(2)] == ["next", "complete"]
        await socket.subscribe("{ __typename }")
        message = await socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")
