"""Nobody writes under a lease without proving it: locks are the business of two modules, sessions of leases of one."""

import ast
from collections.abc import Iterator

import pytest

from tests.syntax import ROOT, modules, nodes, parsed

GUARDED_BY = ROOT / "services/coordination/leases.py"
COMES_BETWEEN = ROOT / "services/coordination/interventions.py"
NAMES_EVERY_COLLECTION = ROOT / "services/protection/whereabouts.py"
LOCKS = "documents.tenant_lock"
SESSION_METHODS = frozenset(["new_session", "start_session", "start_transaction", "with_transaction"])


def ways_round(tree: ast.Module) -> Iterator[str]:
    """Where a module reaches the locks, or could open a transaction in the session of a lease."""
    for node in nodes(tree, ast.ImportFrom, ast.Import, ast.Constant, ast.Attribute, ast.Call):
        match node:
            case ast.ImportFrom(module=module, names=names) if module == LOCKS or (
                module == "documents" and any(name.name == "tenant_lock" for name in names)
            ):
                yield f"{node.lineno}: imports the locks"
            case ast.Import(names=names) if any(name.name == LOCKS for name in names):
                yield f"{node.lineno}: imports the locks"
            case ast.Constant(value="distributed_locks"):
                yield f"{node.lineno}: names the collection of locks"
            case ast.Attribute(attr="session"):
                yield f"{node.lineno}: reads a session"
            case ast.Attribute(attr=name) if name in SESSION_METHODS:
                yield f"{node.lineno}: {name}"
            case ast.Call(func=ast.Attribute(attr="in_transaction"), args=args, keywords=more) if (
                len(args) != 1 or more
            ):
                yield f"{node.lineno}: a transaction in a session that it was given"


def test_only_leases_touches_locks_and_their_sessions() -> None:
    offences = {
        path.relative_to(ROOT).as_posix(): found
        for path in modules("services", "resolvers", "schema", "gql_app")
        if path not in (GUARDED_BY, COMES_BETWEEN, NAMES_EVERY_COLLECTION) and (found := list(ways_round(parsed(path))))
    }
    assert offences == {}


def test_leases_itself_is_among_what_is_looked_at() -> None:
    assert len(list(ways_round(parsed(GUARDED_BY)))) > 3


@pytest.mark.parametrize(
    "line",
    [
        "from documents.tenant_lock import TenantLock",
        "from documents import tenant_lock",
        "import documents.tenant_lock",
        "rows = database['distributed_locks']",
        "await database.in_transaction(work, lease.session)",
        "await database.in_transaction(work, session)",
        "await database.in_transaction(work, session=session)",
        "session = await database.new_session()",
        "async with client.start_session() as session: pass",
        "session.start_transaction()",
        "await session.with_transaction(work)",
        "own = run.lease.session",
    ],
)
def test_a_way_round_is_found(line: str) -> None:
    assert list(ways_round(ast.parse(f"async def work():\n    {line}")))


@pytest.mark.parametrize(
    "line",
    [
        "await leases.write(run.lease, work)",
        "await database.in_transaction(work)",
        "await rows.update_one(where, update, session=session)",
    ],
)
def test_what_is_fenced_or_under_no_lease_passes(line: str) -> None:
    assert list(ways_round(ast.parse(f"async def work():\n    {line}"))) == []
