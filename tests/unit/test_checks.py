"""Who asks is checked in `resolvers/`, so nothing above may reach the services on another way."""

import ast
from collections.abc import Iterator

import pytest

from tests.syntax import ROOT, modules, nodes, parsed

ABOVE = ("schema", "gql_app")
BUILD_THEM = tuple(f"gql_app/{name}.py" for name in ("wiring", "background", "parties", "protecting"))
WITHOUT_A_CALLER = {"background", "observation"}
"""What of the services concerns the process and no caller: what works beside the requests."""


def ways_round(tree: ast.Module) -> Iterator[str]:
    """Reads of an attribute of the services, or of the batch reads of a context, and imports of the database."""
    for node in nodes(tree, ast.Attribute):
        owner = node.value
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        if name == "services" and node.attr not in WITHOUT_A_CALLER:
            yield f"{node.lineno}: services.{node.attr}"
        if node.attr == "loaders":
            yield f"{node.lineno}: loaders"


def imports_of_the_database(tree: ast.Module) -> Iterator[str]:
    """What of the database a module imports, with which it could make a service of its own."""
    imported = {
        alias.asname or alias.name
        for node in nodes(tree, ast.ImportFrom)
        if (node.module or "").startswith("documents.database")
        for alias in node.names
    }
    yield from sorted(imported & {"Database", "connect", "Collection"})


def test_nothing_above_the_resolvers_reaches_the_services() -> None:
    offences = {
        path.relative_to(ROOT).as_posix(): found
        for path in modules(*ABOVE)
        if path not in [ROOT / each for each in BUILD_THEM]
        and (found := [*ways_round(tree := parsed(path)), *imports_of_the_database(tree)])
    }
    assert offences == {}


@pytest.mark.parametrize(
    "source",
    [
        "async def field(self, info): return await info.context.services.stats.compute(self.tenant_id)",
        "async def route(context): return await context.services.tickets.get('t', 'x')",
        "async def command(services): return await services.jobs.start('t')",
        "async def field(self, info): return await info.context.loaders.jobs.load(None, 'x')",
        "from documents.database import Database",
    ],
)
def test_a_way_round_is_found(source: str) -> None:
    tree = ast.parse(source)
    assert [*ways_round(tree), *imports_of_the_database(tree)]


def test_what_concerns_the_process_is_let_pass() -> None:
    assert not list(
        ways_round(ast.parse("async def work(services): [each.shut_down() for each in services.background]"))
    )
