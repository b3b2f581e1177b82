"""What a connection for subscriptions may send, and with which credential it lasts."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.api.graphql.sockets import opened
from tests.fakes import make_token
from tests.waiting import PATIENCE_SECONDS

STATS = "subscription ($tenant: String!) { tenantStatsChanged(tenantId: $tenant) { totalTickets byStatus { value } } }"


async def test_legacy_protocol_is_refused(address: str) -> None:
    async with opened(address, init=False, protocol="graphql-ws") as socket:
        assert (await socket.closed())[0] == 4406


async def test_page_of_another_origin_is_refused(address: str) -> None:
    with pytest.raises(InvalidStatus):
        async with opened(address, headers={"origin": "http://evil.example"}):
            pass


async def test_operation_before_the_introduction_is_refused(address: str) -> None:
    async with opened(address, init=False) as socket:
        await socket.subscribe("{ __typename }")
        assert (await socket.closed())[0] == 4401


@pytest.mark.parametrize(
    "message",
    ["[1,2]", '"x"', "5", "{", "{}", '{"type": 5}', '{"type": "nonsense"}', '{"type": "subscribe", "id": "1"}',
     '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
     '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
     '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": [1]}}',
     '{"type": "complete"}', "[" * 100_000, b"\x00\xff"],
)  # fmt: skip
async def test_malformed_message_closes_the_connection(address: str, message: str | bytes) -> None:
    async with opened(address) as socket:
        await socket.connection.send(message)
        assert (await socket.closed())[0] == 4400


async def test_credential_is_in_the_payload_of_the_introduction(jwt_address: str) -> None:
    async with opened(jwt_address, init=False) as socket:
        assert (await socket.init({"authorization": f"Bearer {make_token()}"}))["type"] == "connection_ack"
        await socket.subscribe(STATS, tenant="tenant_a")
        assert (await socket.next_data())["tenantStatsChanged"]["totalTickets"] == 0


BAD_PAYLOADS = [
    None,
    {},
    {"authorization": "Bearer x"},
    {"authorization": 5},
    {"authorization": f"Bearer {make_token(exp='tomorrow')}"},
    {"authorization": f"Bearer {make_token(scope='')}"},
    {"authorization": f"Bearer {make_token(tenants=[])}"},
]


@pytest.mark.parametrize("payload", BAD_PAYLOADS)
async def test_bad_credential_is_refused(jwt_address: str, payload: dict[str, Any] | None) -> None:
    async with opened(jwt_address, init=False) as socket:
        await socket.send("connection_init", **({} if payload is None else {"payload": payload}))
        assert (await socket.closed())[0] == 4403


async def test_connection_ends_with_its_credential(jwt_address: str) -> None:
    for lasts in (2, 20, PATIENCE_SECONDS):  # on a busy machine the first one can end before anything was told
        token = make_token(exp=datetime.now(UTC) + timedelta(seconds=lasts))
        async with opened(jwt_address, init=False) as socket:
            with suppress(ConnectionClosed):
                await socket.init({"authorization": f"Bearer {token}"})
                await socket.subscribe(STATS, tenant="tenant_a")
                await socket.next_data()
                assert await socket.closed() == (4403, "The credential has expired")
                return
    raise AssertionError("nothing was told")
