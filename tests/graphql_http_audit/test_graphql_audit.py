"""The endpoint, with its default settings, as reference clients see it; needs npm, and is skipped without it."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_app.settings import Settings
from resolvers.context import Services
from tests.api.graphql.sockets import served
from tests.fakes import app_with, at_rest
from tests.waiting import PATIENCE_SECONDS

FOLDER = Path(__file__).parent
AUDITS = 61


@pytest.fixture(scope="module")
def node() -> str:
    """The node program, with the packages that the scripts need installed."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm is not installed")
    if not (FOLDER / "node_modules").is_dir():
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("npm cannot fetch the packages")
    return node


@pytest.fixture
async def address(services: Services) -> AsyncIterator[str]:
    default = Settings(_env_file=None)
    async with served(app_with(at_rest(services), default)) as address:
        yield address


async def run(node: str, script: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        node, str(FOLDER / script), *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


async def end(process: asyncio.subprocess.Process) -> tuple[int, str]:
    """Wait for the end; the exit status and what was printed meanwhile."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def line(process: asyncio.subprocess.Process) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await process.stdout.readline()).decode().rstrip()


async def test_every_audit_of_graphql_over_http_is_ok(node: str, address: str) -> None:
    status, output = await end(await run(node, "http.mjs", f"http://{address}/graphql"))
    assert status == 0, output
    assert output.strip() == f"{AUDITS} of {AUDITS} audits ok"


async def test_reference_client_follows_a_job_to_its_end(node: str, address: str, services: Services) -> None:
    job = await services.jobs.start("tenant_a")
    query = "subscription ($job: String!) { ingestionProgress(jobId: $job) { status } }"
    client = await run(node, "websocket.mjs", f"ws://{address}/graphql", query, f'{{"job": "{job.id}"}}')
    first, at_once = await line(client), await line(client)
    await services.jobs.cancel(job.id)
    status, output = await end(client)
    *results, last = output.splitlines()
    assert (status, first, last) == (0, "connected", "complete")
    statuses = [json.loads(result)["data"]["ingestionProgress"]["status"] for result in (at_once, *results)]
    assert (statuses[0], statuses[-1]) == ("QUEUED", "CANCELLED")
