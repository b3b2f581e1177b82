"""Who may open a WebSocket, and with which tokens."""

from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import InvalidStatus

from resolvers.context import Services
from tests.api.graphql.sockets import opened, served
from tests.fakes import app_with, at_rest, make_jwt_settings, make_settings, make_token
from tests.raw_http import UPGRADE, exchange, serving


@pytest.fixture
async def jwt_address(services: Services) -> AsyncIterator[str]:
    async with served(app_with(at_rest(services), make_jwt_settings())) as address:
        yield address


@pytest.mark.parametrize(
    "claims",
    [{"exp": "tomorrow"}, {"exp": "9999999999"}, {"exp": [1]}, {"sub": 5}, {"tenants": 5}, {"scope": {}}],
    ids=str,
)
async def test_an_odd_claim_closes_the_connection_politely(jwt_address: str, claims: dict[str, object]) -> None:
    for headers, payload in (({}, {"authorization": bearer(claims)}), ({"authorization": bearer(claims)}, None)):
        async with opened(jwt_address, init=False, headers=headers) as socket:
            await socket.send("connection_init", **({} if payload is None else {"payload": payload}))
            assert (await socket.closed())[0] == 4403


def bearer(claims: dict[str, object]) -> str:
    return f"Bearer {make_token(**claims)}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
    ids=str,
)
async def test_another_sites_page_opens_none(services: Services, headers: dict[str, str], status: int) -> None:
    async with served(app_with(at_rest(services), make_settings())) as address:
        with pytest.raises(InvalidStatus) as caught:
            async with opened(address, headers=headers):
                pass
        assert caught.value.response.status_code == status
        assert caught.value.response.headers["content-type"] == "application/problem+json"


async def test_nor_does_a_page_whose_name_was_made_to_point_here(services: Services) -> None:
    async with serving(app_with(at_rest(services), make_settings())) as (port, _):
        answer = await exchange(port, b"GET /graphql HTTP/1.1\r\nHost: evil.example\r\n" + UPGRADE + b"\r\n")
    assert (answer.status, answer.code) == (421, "HOST_NOT_ALLOWED")


async def test_our_own_page_does(services: Services) -> None:
    async with (
        served(app_with(at_rest(services), make_settings())) as address,
        opened(address, headers={"origin": f"http://{address}"}),
    ):
        pass
