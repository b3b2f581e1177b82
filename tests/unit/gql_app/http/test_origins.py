"""AUTH_MODE=open: by which host names it is served, and whose pages may change something."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from gql_app.http.origins import OwnPagesOnly
from tests.fakes import make_settings

METHODS = ["POST", "PUT", "PATCH", "DELETE"]


@asynccontextmanager
async def asking(**settings: object) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.add_middleware(OwnPagesOnly, settings=make_settings(**settings))
    app.api_route("/", methods=["GET", *METHODS])(lambda: "here")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8000") as client:
        yield client


async def outcome(client: httpx.AsyncClient, method: str = "GET", **headers: str) -> tuple[int, str]:
    answer = await client.request(method, "/", headers={name.replace("_", "-"): text for name, text in headers.items()})
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]


class TestHosts:
    @pytest.mark.parametrize(
        "host",
        [
            *("localhost", "localhost:8000", "LOCALHOST", "localhost.", "app.localhost:3000", "127.0.0.1"),
            *("127.0.0.1:8000", "127.1.2.3", "[::1]", "[::1]:8000"),
        ],
    )
    async def test_this_machines_own_are_served(self, host: str) -> None:
        async with asking() as client:
            assert await outcome(client, host=host) == (200, "")

    @pytest.mark.parametrize(
        "host",
        [
            *("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost"),
            *("10.0.0.1", "169.254.169.254", "[2001:db8::1]", "", ":8000", "user@localhost", "localhost@evil", "[::1"),
            *("localhost,evil.example", "127.0.0.1 evil.example", "x" * 60_000, "0.0.0.0", "2130706433"),  # noqa: S104
        ],
    )
    async def test_no_others_are(self, host: str) -> None:
        async with asking() as client:
            assert await outcome(client, host=host) == (421, "HOST_NOT_ALLOWED")

    async def test_unless_they_are_configured(self) -> None:
        async with asking(allowed_hosts="Tickets.example.com, other.example") as client:
            assert await outcome(client, host="tickets.EXAMPLE.com:443") == (200, "")
            assert await outcome(client, host="example.com") == (421, "HOST_NOT_ALLOWED")

    async def test_served_to_others_on_purpose_any_address_is_but_no_name(self) -> None:
        async with asking(host="192.168.1.5", allow_open_on_any_host=True) as client:
            assert await outcome(client, host="192.168.1.5:8000") == (200, "")
            assert await outcome(client, host="evil.example") == (421, "HOST_NOT_ALLOWED")

    async def test_two_are_one_too_many(self) -> None:
        async with asking() as client:
            answer = await client.get("/", headers=[("host", "localhost"), ("host", "localhost")])
            assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")

    @pytest.mark.parametrize("host", ["http://tickets.example.com", "tickets.example.com:443", "a b", "*"])
    def test_what_is_no_host_name_is_refused_at_start(self, host: str) -> None:
        with pytest.raises(ValidationError, match="without scheme and port"):
            make_settings(allowed_hosts=host)


class TestOrigins:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "http://evil.example"},
            {"origin": "http://localhost:3000"},
            {"origin": "http://127.0.0.1:8000"},
            {"origin": "http://localhost.evil.example:8000"},
            {"origin": "null"},
            {"origin": ""},
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
            {"sec_fetch_site": "nonsense"},
            {"sec_fetch_site": "cross-site", "origin": "http://localhost:8000"},
            {"sec_fetch_site": "same-site", "origin": "http://localhost:3000", "sec_fetch_mode": "navigate"},
        ],
        ids=str,
    )
    async def test_other_sites_pages_change_nothing(self, method: str, headers: dict[str, str]) -> None:
        async with asking() as client:
            assert await outcome(client, method, **headers) == (403, "CROSS_SITE")

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"origin": "http://localhost:8000"},
            {"origin": "http://LOCALHOST:8000"},
            {"origin": "https://localhost:8000"},
            {"sec_fetch_site": "same-origin", "origin": "http://localhost:8000"},
            {"sec_fetch_site": "same-origin", "origin": "http://localhost:5173"},
            {"sec_fetch_site": "none"},
            {"user_agent": "curl/8.0", "referer": "http://evil.example/"},
        ],
        ids=str,
    )
    async def test_our_own_pages_and_programs_do(self, method: str, headers: dict[str, str]) -> None:
        async with asking() as client:
            assert await outcome(client, method, **headers) == (200, "")

    @pytest.mark.parametrize("site", [{}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}], ids=str)
    async def test_so_do_pages_that_are_configured(self, site: dict[str, str]) -> None:
        async with asking(cors_origins="http://localhost:3000") as client:
            assert await outcome(client, "POST", origin="http://localhost:3000", **site) == (200, "")
            assert await outcome(client, "POST", origin="http://localhost:3001", **site) == (403, "CROSS_SITE")

    async def test_reading_is_left_to_the_browsers_rules(self) -> None:
        async with asking() as client:
            assert await outcome(client, "GET", origin="http://evil.example", sec_fetch_site="cross-site") == (200, "")
