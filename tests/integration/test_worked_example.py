"""The worked example of CONTRIBUTING.md, carried out on a copy of the project: a field costs no more than it says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, build_schema

ROOT = Path(__file__).parents[2]
COPIED = ("documents", "services", "resolvers", "schema", "gql_app", "mock_external_api")
EDIT = re.compile(r"^```diff\n(\S+)\n (.*)\n((?:\+.*\n)+)```$", re.MULTILINE)
PYTHON = "3.11"
"""Which one mypy checks for, as pyproject.toml says: the name of its folder."""
READ_ONLY, FILTERABLE, COUNTED = 3, 4, 6
"""How many edits a field may cost."""

LOOK = """
import asyncio, json, sys
from datetime import UTC, datetime

from services.coordination.sharing import Questions
from documents.database import connect
from documents.ticket import Ticket
from gql_app.rest.answers.analytics import StatsAnswer
from gql_app.rest.conditions import TicketConditions
from gql_app.rest.answers.tickets import TicketAnswer
from services.analytics.stats import Stats
from services.ingestion.pages.diff import STORED_FIELDS, find_changes
from services.ingestion.pages.history import Position
from services.kit.clock import SystemClock
from services.rollups.write import Rollups
from services.sources.records.records import sort_records
from services.tickets.export import Exports
from services.tickets.formats import ExportFormat
from services.tickets.reading import Tickets

NOW = datetime.now(UTC)
RECORD = {"tenant_id": "acme", "source": "email", "customer_id": "c", "subject": "s", "message": "m", "status": "open",
          "created_at": NOW.isoformat(), "updated_at": NOW.isoformat()}
RECORDS = [RECORD | {"id": f"T-{number}", "brand": "north" if number else "south"} for number in range(3)]


async def main():
    database = await connect(*sys.argv[1:])
    rows = database.collection(Ticket)
    at = Position("acme", "job-1", 1, NOW)
    page = sort_records([*RECORDS, RECORD | {"id": "without"}], "acme")
    await rows.bulk_write(find_changes(page.own, {}, at).tickets)
    stored = {row["external_id"]: row async for row in rows.find({}, dict.fromkeys(STORED_FIELDS, 1))}
    edited = sort_records([RECORDS[0] | {"brand": "north"}], "acme").own
    history = find_changes(edited, stored, Position("acme", "job-2", 1, NOW)).history
    wanted = TicketConditions(tenant_id="acme", brand=["north"]).to_filter()
    listed = await Tickets(database).page("acme", wanted, page=1, page_size=10)
    single = await Stats(database, SystemClock(), Questions()).compute("acme")
    await Rollups(database).roll_up("acme")
    rolled_up = await Stats(database, SystemClock(), Questions()).compute("acme")
    csv = b"".join([chunk async for chunk in Exports(database).stream("acme", wanted, ExportFormat.CSV)]).decode()
    print(json.dumps({
        "changes": history[0]["changes"],
        "listed": [TicketAnswer.of(ticket).model_dump(mode="json") for ticket in listed.items],
        "total": listed.total_count,
        "counted": [StatsAnswer.of(stats).model_dump(mode="json")["by_brand"] for stats in (single, rolled_up)],
        "csv": csv,
    }))
    database.close()


asyncio.run(main())
"""


@pytest.fixture(scope="module")
def edits() -> list[tuple[str, str, str]]:
    """File, line after which something is added, and what."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return [(file, before, re.sub(r"^\+", "", added, flags=re.MULTILINE)) for file, before, added in EDIT.findall(text)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, str]]) -> Path:
    """The project with the edits made."""
    project = tmp_path_factory.mktemp("project")
    for package in COPIED:
        shutil.copytree(ROOT / package, project / package)  # with what Python has compiled
    for file, before, added in edits:
        lines = (project / file).read_text().splitlines(keepends=True)
        [place] = [number for number, line in enumerate(lines) if line == f"{before}\n"]
        lines.insert(place + 1, added)
        (project / file).write_text("".join(lines))
    run(project, "-m", "gql_app.graphql_sdl", "write")
    return project


@pytest.fixture
def database_name(mongo_url: str) -> str:
    return f"test_{uuid4().hex[:12]}"


def run(project: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_field_costs_so_many_edits(edits: list[tuple[str, str, str]]) -> None:
    assert len(edits) == COUNTED
    assert [file for file, _, _ in edits[READ_ONLY:FILTERABLE]] == ["services/tickets/filter.py"]
    assert all("brand" in added.lower() for _, _, added in edits)


def test_graphql_shows_filters_and_counts_it(copy: Path) -> None:
    schema = build_schema((copy / "schema" / "schema.graphql").read_text())
    ticket, wanted, stats, counted = map(schema.get_type, ("Ticket", "TicketFilter", "TenantStats", "CountedField"))
    assert isinstance(ticket, GraphQLObjectType)
    assert isinstance(wanted, GraphQLInputObjectType)
    assert isinstance(stats, GraphQLObjectType)
    assert isinstance(counted, GraphQLEnumType)
    assert "brand" in ticket.fields
    assert {"brand", "brandIn", "brandNotIn"} <= wanted.fields.keys()
    assert "byBrand" in stats.fields
    assert "BRAND" in counted.values


def test_runs_lists_statistics_and_exports_know_it(copy: Path, mongo_url: str, database_name: str) -> None:
    found: dict[str, Any] = json.loads(run(copy, "-c", LOOK, mongo_url, database_name))
    assert found["changes"] == {"brand": {"old": "south", "new": "north"}}
    assert {(ticket["external_id"], ticket["brand"]) for ticket in found["listed"]} == {
        ("T-1", "north"),
        ("T-2", "north"),
    }
    assert found["total"] == 2
    assert found["counted"] == [{"north": 2, "south": 1, "unknown": 1}] * 2
    assert "brand" in found["csv"].splitlines()[0]


def test_the_edits_are_well_typed(copy: Path) -> None:
    """What mypy has found in the last run stays beside what it knows of the project itself, from which it begins."""
    shutil.copy(ROOT / "pyproject.toml", copy)
    known, cache = ROOT / ".mypy_cache" / PYTHON, ROOT / ".mypy_cache" / "worked_example"
    if known.exists() and not cache.exists():
        shutil.copytree(known, cache / PYTHON)
    packages = [part for package in ("documents", "services", "schema") for part in ("-p", package)]
    run(copy, "-m", "mypy", "--cache-dir", str(cache), *packages)
