"""The words of the command line: what reading them loads, and that each command has its work."""

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from typer.core import TyperGroup
from typer.main import get_command

from gql_app.commands.cli import EXIT_CODES, app
from gql_app.commands.orders import Order, ServiceOrder, load
from gql_app.commands.runtime import Means

ROOT = Path(__file__).parents[4]
HEAVY = {"beanie", "fastapi", "httpx", "motor", "pydantic_settings", "pymongo", "strawberry", "structlog", "uvicorn"}
"""Packages that nobody needs who only wants to know which commands there are."""
FOR_ARGUMENTS = {"pydantic"}
"""What typer reads a command's arguments with, and needs for no list of commands."""
LOADED = """
import json, sys
from gql_app.commands.cli import app
for words in sys.argv[1:]:
    try:
        app(words.split())
    except SystemExit:
        print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
FOR_SERVING = {"fastapi", "gql_app.main", "gql_app.graphql", "schema", "strawberry", "uvicorn"}
ARGUMENTS = {
    "tenant": "acme",
    "file": __file__,
    "tenants": "acme",
    "ticket": "T-1",
    "url": "https://example.com/x",
    "source": "standard",
    "days": "365",
    "directory": str(Path(__file__).parent),
}


def loaded_by(*asked: str) -> list[set[str]]:
    """The modules that a process has when it has printed the first of these pages of help, then with each further."""
    ran = subprocess.run([sys.executable, "-c", LOADED, *asked], cwd=ROOT, capture_output=True, text=True, check=True)
    return [set(json.loads(line)) for line in ran.stderr.splitlines()]


def commands(group: TyperGroup, *above: str) -> Iterator[tuple[list[str], Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *above, name)
        else:
            yield [*above, name], command


ROOT_GROUP = get_command(app)
assert isinstance(ROOT_GROUP, TyperGroup)
COMMANDS = {" ".join(path): command for path, command in commands(ROOT_GROUP)}


def order_of(name: str) -> Order:
    """What a command orders, with all its arguments and none of its options but those it must have."""
    parameters = [each for each in COMMANDS[name].params if each.param_type_name == "argument" or each.required]
    values = [ARGUMENTS.get(each.name, "x-1") for each in parameters]
    options = [
        part
        for each, value in zip(parameters, values, strict=True)
        for part in ([value] if each.param_type_name == "argument" else [each.opts[0], value])
    ]
    context = COMMANDS[name].make_context(name, options)
    order = COMMANDS[name].invoke(context)
    assert isinstance(order, Order)
    return order


def test_help_loads_nothing_that_does_the_work() -> None:
    by_all, by_version, by_group, by_command = loaded_by("--help", "--version", "tickets --help", "ingest --help")
    assert "gql_app.commands.definitions" in by_all
    for loaded, heavy in (
        (by_all, HEAVY | FOR_ARGUMENTS),
        (by_version, HEAVY | FOR_ARGUMENTS),
        (by_group, HEAVY),
        (by_command, HEAVY),
    ):
        assert {name.partition(".")[0] for name in loaded} & heavy == set()
        assert {name for name in loaded if name.startswith("gql_app.") and ".commands" not in name} == set()


def test_only_what_serves_loads_a_server() -> None:
    orders = [order for order in map(order_of, COMMANDS) if isinstance(order, ServiceOrder) and not order.listens]
    works = {order.work.partition(":")[0] for order in orders}
    assert {"gql_app.commands.working", "gql_app.commands.importing", "gql_app.commands.data.tickets"} < works
    source = f"import sys, gql_app.commands.runtime, {', '.join(works)}; print('\\n'.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True)
    assert FOR_SERVING & set(ran.stdout.splitlines()) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_work_that_takes_its_arguments(name: str) -> None:
    order = order_of(name)
    work, given = load(order.work), dict(order.arguments)
    if isinstance(order, ServiceOrder):
        assert inspect.iscoroutinefunction(work)
        given |= {"listener": None} if order.listens else {}
        inspect.signature(work).bind(Means, **given)
    else:
        inspect.signature(work).bind(**given)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    printed = CliRunner().invoke(ROOT_GROUP, [*name.split(), "--help"], env={"COLUMNS": "80"})
    assert printed.exit_code == 0
    assert str(COMMANDS[name].help).split("\n")[0][:40] in " ".join(printed.output.split())


def test_the_exit_codes_are_told() -> None:
    printed = CliRunner().invoke(ROOT_GROUP, ["--help"], env={"COLUMNS": "80"})
    assert EXIT_CODES in " ".join(printed.output.split())


def test_wrong_words_end_with_2() -> None:
    assert CliRunner().invoke(ROOT_GROUP, ["igest", "acme"]).exit_code == 2
