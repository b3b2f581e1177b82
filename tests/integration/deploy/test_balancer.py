"""The balancer of `deploy/compose`, by its own configuration, in front of two servers of the real application."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from gql_app.settings import Settings
from resolvers.context import Services
from tests.fakes import app_with, make_settings
from tests.processes import ROOT, free_port
from tests.raw_http import serving
from tests.waiting import PATIENCE_SECONDS, until

CADDY = ROOT / ".venv-deploy" / "bin" / "caddy"
pytestmark = pytest.mark.skipif(not CADDY.exists(), reason="needs Caddy: make tools")
CADDYFILE = ROOT / "deploy" / "compose" / "Caddyfile"
FORWARDED = {"X-Forwarded-For": "198.51.100.7"}


@pytest.fixture
def settings() -> Settings:
    return make_settings(trusted_proxies="127.0.0.1/32", run_worker=False)


@asynccontextmanager
async def balanced(home: Path, ports: tuple[int, int], outer_proxy: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the balancer, which asks these ports in the place of the two replicas."""
    text = CADDYFILE.read_text()
    for name, port in zip(("api-1:8000", "api-2:8000"), ports, strict=True):
        assert name in text
        text = text.replace(name, f"127.0.0.1:{port}")
    (home / "Caddyfile").write_text(text)
    url = f"http://127.0.0.1:{free_port()}"
    environment = {"SITE_ADDRESS": url, "OUTER_PROXY": outer_proxy, "HOME": str(home)}
    process = await asyncio.create_subprocess_exec(
        *(str(CADDY), "run", "--adapter", "caddyfile", "--config", str(home / "Caddyfile")),
        env=os.environ | environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/health/live")).is_success
                except httpx.TransportError:
                    return False

            await until(answers)
            yield client
    finally:
        process.terminate()
        await process.wait()


def app_that_tells_whom_it_sees(services: Services, settings: Settings) -> FastAPI:
    app = app_with(services, settings)

    @app.get("/seen")
    async def seen(request: Request) -> str:
        return request.client.host if request.client else ""

    return app


async def test_one_replica_is_replaced_while_the_other_answers(
    services: Services, settings: Settings, tmp_path: Path
) -> None:
    app = app_that_tells_whom_it_sees(services, settings)
    async with serving(app) as (lasting, _), AsyncExitStack() as leaving:
        passing, _ = await leaving.enter_async_context(serving(app_with(services, settings)))
        async with balanced(tmp_path, (lasting, passing), "192.0.2.1/32") as client:
            assert (await client.get("/metrics")).status_code == 404
            url = str(client.base_url).replace("http", "ws") + "/graphql"
            async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
                await socket.send('{"type": "connection_init"}')
                assert '"connection_ack"' in str(await socket.recv())
            await leaving.aclose()
            answers = [await client.post("/graphql", json={"query": "{ viewer { name } }"}) for _ in range(10)]
            assert {answer.status_code for answer in answers} == {200}
            assert (await client.get("/seen", headers=FORWARDED)).json() == "127.0.0.1"


async def test_who_is_behind_a_trusted_balancer_is_seen(services: Services, settings: Settings, tmp_path: Path) -> None:
    async with (
        serving(app_that_tells_whom_it_sees(services, settings)) as (port, _),
        balanced(tmp_path, (port, port), "127.0.0.1/32") as client,
    ):
        assert (await client.get("/seen", headers=FORWARDED)).json() == "198.51.100.7"
