"""The rate of a client's requests, and the size of bodies."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from gql_app.http.limits import MAX_CLIENTS, BodyLimit, RequestRate, client_name
from gql_app.http.problems import add_error_handlers
from services.access import EVERYONE
from tests.fakes import FakeClock


class TestRequestRate:
    def test_a_whole_minutes_requests_may_come_at_once(self) -> None:
        rate = RequestRate(60, FakeClock().monotonic)
        assert [rate.admit("a") for _ in range(60)] == [0.0] * 60
        assert rate.admit("a") == pytest.approx(1.0)

    def test_afterwards_they_may_come_evenly(self) -> None:
        clock = FakeClock()
        rate = RequestRate(60, clock.monotonic)
        for _ in range(60):
            rate.admit("a")
        for _ in range(100):
            clock.advance(1.0)
            assert rate.admit("a") == 0.0
            assert rate.admit("a") > 0.9

    def test_refused_requests_do_not_prolong_the_wait(self) -> None:
        clock = FakeClock()
        rate = RequestRate(1, clock.monotonic)
        rate.admit("a")
        for _ in range(10):
            assert rate.admit("a") > 0
        clock.advance(60)
        assert rate.admit("a") == 0.0

    def test_clients_do_not_share(self) -> None:
        rate = RequestRate(1, FakeClock().monotonic)
        assert [rate.admit(client) for client in ("a", "b")] == [0.0, 0.0]

    def test_only_so_many_clients_are_remembered_and_the_quietest_goes_first(self) -> None:
        rate = RequestRate(2, FakeClock().monotonic)
        rate.admit("quiet")
        for number in range(MAX_CLIENTS - 1):
            rate.admit(f"client {number}")
        rate.admit("client 0")
        rate.admit("one too many")
        assert [rate.admit("quiet"), rate.admit("quiet")] == [0.0, 0.0]
        assert rate.admit("client 0") > 0

    def test_a_client_can_be_told_what_is_left(self) -> None:
        clock = FakeClock()
        rate = RequestRate(60, clock.monotonic)
        assert rate.standing("a") == (60, 60, 0)
        for _ in range(61):
            rate.admit("a")
        assert rate.standing("a") == (60, 0, 60)
        clock.advance(1.5)
        assert rate.standing("a") == (60, 1, 59)

    @given(per_minute=st.integers(1, 100_000), pauses=st.lists(st.floats(0, 120), max_size=50))
    def test_what_is_left_is_what_is_admitted(self, per_minute: int, pauses: list[float]) -> None:
        clock = FakeClock()
        rate = RequestRate(per_minute, clock.monotonic)
        for pause in pauses:
            clock.advance(pause)
            left = rate.standing("a")[1]
            assert (rate.admit("a") == 0.0) == (left > 0)


class TestClientNames:
    @pytest.mark.parametrize(
        ("host", "name"),
        [
            ("192.0.2.7", "address 192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "address 2001:db8:1:2::/64"),
            ("fe80::1%eth0", "address fe80::/64"),
            ("no:address", "address no:address"),
        ],
    )
    def test_who_has_one_ipv6_address_has_all_of_its_network(self, host: str, name: str) -> None:
        scope = {"type": "http", "client": (host, 1)}
        assert client_name(HTTPConnection(scope), EVERYONE.subject) == name


@pytest.fixture
async def limited() -> AsyncIterator[httpx.AsyncClient]:
    """An application that reads bodies of at most 1,000 bytes."""
    app = FastAPI()
    add_error_handlers(app)
    app.add_middleware(BodyLimit, max_bytes=1_000, read_by={"/"})

    acts = app.state.acts = []

    @app.post("/")
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.post("/act")
    async def act(request: Request) -> int:
        acts.append("done")
        return len(await request.body())

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def acts_of(client: httpx.AsyncClient) -> list[str]:
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    acts: list[str] = transport.app.state.acts  # type: ignore[attr-defined]
    return acts


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    """A body whose length is not announced."""
    for _ in range(size // 100):
        yield b"x" * 100


class TestBodyLimit:
    async def test_bodies_up_to_the_limit_pass(self, limited: httpx.AsyncClient) -> None:
        assert (await limited.post("/", content=b"x" * 1_000)).json() == 1_000
        assert (await limited.post("/", content=in_pieces(1_000))).json() == 1_000

    @pytest.mark.parametrize("announced", [True, False])
    async def test_larger_ones_are_refused(self, limited: httpx.AsyncClient, announced: bool) -> None:
        content = b"x" * 1_100 if announced else in_pieces(1_100)
        answer = await limited.post("/", content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")

    async def test_a_body_that_is_larger_than_announced_is_refused(self, limited: httpx.AsyncClient) -> None:
        answer = await limited.post("/", content=in_pieces(2_000), headers={"content-length": "10"})
        assert answer.status_code == 413

    @pytest.mark.parametrize("size", [0, 100, 1_000])
    async def test_a_body_that_nobody_reads_is_thrown_away(self, limited: httpx.AsyncClient, size: int) -> None:
        assert (await limited.post("/act", content=in_pieces(size))).json() == 0
        assert (await limited.post("/act", content=b"x" * size)).json() == 0

    async def test_unless_it_is_too_large_then_nothing_is_done(self, limited: httpx.AsyncClient) -> None:
        answer = await limited.post("/act", content=in_pieces(1_100))
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")
        assert (await limited.post("/act")).json() == 0
        assert acts_of(limited) == ["done"]
