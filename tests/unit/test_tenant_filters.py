"""Nobody writes a tenant's filter by hand: a query on a tenant's rows starts with a helper of `services/tenancy.py`."""

import ast
from collections.abc import Iterator

import pytest

from tests.syntax import ROOT, modules, nodes, parsed

QUERY_METHODS = frozenset(
    [
        *("find", "find_one", "find_many", "find_all", "count_documents"),
        *("find_one_and_update", "find_one_and_delete", "find_one_and_replace"),
        *("update_one", "update_many", "replace_one", "delete_one", "delete_many"),
    ]
)
GIVING = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)
"""What gives a name a value."""


def dicts_in(expression: ast.expr, function: ast.AST) -> Iterator[ast.Dict]:
    """The dict displays that an expression may stand for: itself, or what a local name was given."""
    match expression:
        case ast.Dict():
            yield expression
        case ast.IfExp():
            yield from dicts_in(expression.body, function)
            yield from dicts_in(expression.orelse, function)
        case ast.BinOp():
            yield from dicts_in(expression.left, function)
            yield from dicts_in(expression.right, function)
        case ast.Name():
            for node in nodes(function, *GIVING):
                targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                value = getattr(node, "value", None)
                named = any(isinstance(target, ast.Name) and target.id == expression.id for target in targets)
                if named and isinstance(value, ast.expr) and not isinstance(value, ast.Name):
                    yield from dicts_in(value, function)


def has_key(filter_: ast.Dict, name: str) -> bool:
    """Whether the display, or one inside of it, has the key."""
    keys = (key for display in nodes(filter_, ast.Dict) for key in display.keys)
    return any(isinstance(key, ast.Constant) and key.value == name for key in keys)


def collections_of(tree: ast.Module, *documents: str) -> set[str]:
    """The attributes that hold the collections of these documents: `self.<name> = database.collection(Document)`."""
    return {
        target.attr
        for node in nodes(tree, ast.Assign)
        if isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Attribute) and node.value.func.attr == "collection"
        if any(isinstance(argument, ast.Name) and argument.id in documents for argument in node.value.args)
        for target in node.targets
        if isinstance(target, ast.Attribute)
    }


def query_filters(call: ast.Call, function: ast.AST, guarded: set[str]) -> Iterator[str]:
    """What is wrong with the filter of a query, if the call is one."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in QUERY_METHODS:
        return
    is_guarded = isinstance(call.func.value, ast.Attribute) and call.func.value.attr in guarded
    if is_guarded and not call.args:
        yield f"{call.lineno}: {call.func.attr} of everything"
    for found in dicts_in(call.args[0], function) if call.args else ():
        if is_guarded or has_key(found, "tenant_id"):
            yield f"{call.lineno}: {call.func.attr}"


def match_stages(display: ast.Dict, function: ast.AST) -> Iterator[str]:
    """What is wrong with the `$match` of an aggregation, if the dict is one."""
    for key, value in zip(display.keys, display.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "$match":
            found = dicts_in(value, function)
            yield from (f"{display.lineno}: $match" for one in found if has_key(one, "tenant_id"))


def filters_by_hand(tree: ast.Module) -> Iterator[str]:
    """Queries that go round `services/tenancy.py`.

    Anywhere: a filter, or a `$match`, that names `tenant_id` itself. On tickets and their history: any filter that is
    written out, or left out, instead of coming from a helper.
    """
    guarded = collections_of(tree, "Ticket", "TicketHistory")
    for function in nodes(tree, ast.FunctionDef, ast.AsyncFunctionDef):
        for display in nodes(function, ast.Dict):
            yield from match_stages(display, function)
        for call in nodes(function, ast.Call):
            yield from query_filters(call, function, guarded)


def test_every_tenant_filter_comes_from_one_module() -> None:
    offences = {
        path.relative_to(ROOT).as_posix(): found
        for path in modules("services", "resolvers", "schema", "gql_app")
        if path != ROOT / "services/tenancy.py" and (found := list(filters_by_hand(parsed(path))))
    }
    assert offences == {}


@pytest.mark.parametrize(
    "body",
    [
        "return rows.find_one({'tenant_id': tenant_id})",
        "return rows.update_many({'$or': [{'tenant_id': tenant_id}]}, change)",
        "where = {'a': 1, 'tenant_id': tenant_id}; return rows.count_documents(where)",
        "where: Filter = {'tenant_id': tenant_id}; return rows.find(where)",
        "return rows.aggregate([{'$match': {'tenant_id': tenant_id}}])",
        "return self._tickets.find({'external_id': name})",
        "return self._tickets.find()",
        "same = {'_id': ids} if ids else owned(tenant_id); return self._tickets.find(same)",
    ],
)
def test_the_search_for_filters_by_hand_finds(body: str) -> None:
    source = f"""
class Tickets:
    def __init__(self, database):
        self._tickets = database.collection(Ticket)
    def read(self, rows):
        {body}
"""
    assert list(filters_by_hand(ast.parse(source)))


def test_the_search_for_filters_by_hand_lets_helpers_and_inserts_pass() -> None:
    source = """
class Tickets:
    def __init__(self, database):
        self._tickets = database.collection(Ticket)
    def read(self, rows, tenant_id, where):
        self._tickets.insert_one({"tenant_id": tenant_id})
        same = live(tenant_id, _id={"$in": [1]})
        return self._tickets.find(owned(tenant_id)), self._tickets.find(same), rows.find({"active": True})
"""
    assert list(filters_by_hand(ast.parse(source))) == []
