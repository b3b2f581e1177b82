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

FOLDER = Path(__file__).parent
AUDITS = 61
SECONDS = 60


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


async def run(node: str, script: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        node, str(FOLDER / script), *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    async with asyncio.timeout(SECONDS):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_every_audit_of_graphql_over_http_is_ok(node: str, address: str) -> None:
    status, output = await run(node, "http.mjs", f"http://{address}/graphql")
    assert status == 0, output
    assert output.strip() == f"{AUDITS} of {AUDITS} audits ok"


async def test_reference_client_follows_a_job_to_its_end(node: str, address: str, services: Services) -> None:
    job = await services.jobs.start("tenant_a")
    query = "subscription ($job: String!) { ingestionProgress(jobId: $job) { status } }"
    running = asyncio.create_task(
        run(node, "websocket.mjs", f"ws://{address}/graphql", query, f'{{"job": "{job.id}"}}')
    )
    async with asyncio.timeout(SECONDS):
        while services.changes.jobs.follower_count == 0:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    await services.jobs.cancel(job.id)
    status, output = await running
    first, *results, last = output.splitlines()
    assert (status, first, last) == (0, "connected", "complete")
    statuses = [json.loads(result)["data"]["ingestionProgress"]["status"] for result in results]
    assert (statuses[0], statuses[-1]) == ("QUEUED", "CANCELLED")
