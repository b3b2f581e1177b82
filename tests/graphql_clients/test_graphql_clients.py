"""The clients and code generators of frontends, against the committed schema and a served API.

They need npm and what it fetches (`make test` installs it), and are skipped without.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from documents.database import Database
from documents.ticket import Ticket
from gql_app.settings import Settings
from resolvers.context import Services
from schema.base.ids import global_id
from tests.api.graphql.sockets import served
from tests.fakes import app_with, at_rest
from tests.waiting import PATIENCE_SECONDS

FOLDER = Path(__file__).parent
SDL = FOLDER.parents[1] / "schema" / "schema.graphql"
TENANT = "acme"
OPERATIONS = (
    *("DashboardQuery", "FindQuery", "MeQuery", "StartMutation"),
    *("ChangedSubscription", "RunsSubscription", "BoardSubscription", "LastDaysSubscription"),
)


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    """What the scripts need; fetched here where `make` has not done it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not installed")
    if not (FOLDER / "node_modules").is_dir():
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER, capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("npm cannot fetch the packages")


@pytest.fixture
async def address(services: Services, db: Database) -> AsyncIterator[str]:
    """The service with its default settings, over five tickets."""
    rows = [
        {"tenant_id": TENANT, "external_id": f"t{number}", "customer_id": "c", "subject": "s", "urgency": "high"}
        | {"created_at": datetime.now(UTC) - timedelta(minutes=number)}
        for number in range(5)
    ]
    await db.collection(Ticket).insert_many(rows)
    async with served(app_with(at_rest(services), Settings(_env_file=None))) as address:
        yield address


async def run(*command: str | Path, cwd: Path = FOLDER, **environment: str) -> str:
    """Run a program that has to succeed; what it prints."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_code_generator_makes_types_that_compile(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    tools = FOLDER / "node_modules" / ".bin"
    made = tmp_path / "made"
    await run(tools / "graphql-codegen", "--config", "codegen.json", OUTPUT=str(made))
    for file in ("graphql.ts", "operations.ts"):
        text = (made / file).read_text()
        assert [name for name in OPERATIONS if f"export type {name}" not in text] == []
    options = ["--noEmit", "--strict", "--skipLibCheck", "--preserveSymlinks", "--target", "es2022"]
    modules = ["--module", "esnext", "--moduleResolution", "bundler"]
    alone = ["--lib", "es2022", "--typeRoots", "made"]  # without the types of browsers and of Node.js, which none needs
    await run(tools / "tsc", *options, *modules, *alone, *sorted(made.glob("*.ts")), cwd=tmp_path)


async def test_relay_compiles_and_what_it_compiles_is_answered(tmp_path: Path, address: str) -> None:
    shutil.copytree(FOLDER / "relay", tmp_path / "src")
    shutil.copy(SDL, tmp_path)
    (tmp_path / "made").mkdir()
    config = {"src": "src", "schema": SDL.name, "language": "typescript", "artifactDirectory": "made"}
    (tmp_path / "relay.config.json").write_text(json.dumps(config))
    compiler = FOLDER / "node_modules" / "relay-compiler" / "cli.js"
    await run("node", compiler, tmp_path / "relay.config.json", cwd=tmp_path)
    texts = [
        json.loads(match.group(1))
        for path in (tmp_path / "made").glob("*.ts")
        if (match := re.search(r'"text": (".*")', path.read_text()))
    ]
    asked = [text for text in texts if text.startswith("query")]
    assert len(asked) == 5
    nodes = {"ticketsCustomerQuery": global_id("Customer", TENANT, "c")}
    async with httpx.AsyncClient() as client:
        for text in asked:
            name = re.findall(r"query (\w+)", text)[0]
            variables = {"tenant": TENANT, "id": nodes.get(name, global_id("Ticket", TENANT, "t0"))}
            body = {"query": text, "variables": variables, "operationName": name}
            answer = (await client.post(f"http://{address}/graphql", json=body)).json()
            assert "errors" not in answer, answer
            assert all(answer["data"].values())


@pytest.mark.parametrize(
    ("script", "shown", "told"), [("apollo.mjs", 4, [["CREATED", "b1"]]), ("urql.mjs", 2, "QUEUED")]
)
async def test_client_works_out_of_the_box(address: str, script: str, shown: int, told: object) -> None:
    printed: dict[str, Any] = json.loads((await run("node", script, address, TENANT)).splitlines()[-1])
    requests = printed.pop("requests")
    assert printed == {
        "shown": [f"t{number}" for number in range(shown)],
        "failed": "NOT_FOUND",
        "changed": "IngestionStarted",
        "followed": 5,
        "told": told,
    }
    assert requests[0] == "hash"
    refused = [following for sent, following in pairwise(requests) if sent == "hash"]
    assert set(refused) == {"document"}  # a hash is refused in a way that the client understands
    assert requests[-1] == "document"
