"""What we use of libraries though it is private there. Where a new version of one has changed it, these tests say so
first, and say what it was good for; then the places that use it have to be looked at.
"""

import ast
import inspect
from collections.abc import Iterator
from typing import Any, get_origin

import pytest
from strawberry.schema import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionContext, Info
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from documents.driver import ChangeStream, Client
from gql_app.graphql.schema import ApiSchema
from tests.fakes import make_settings
from tests.syntax import LAYERS, ROOT, modules, nodes, parsed

SETTINGS = make_settings()
MOTORS_CLIENT: Any = get_origin(Client) or Client
MOTORS_STREAM: Any = get_origin(ChangeStream) or ChangeStream

PARTS: dict[str, tuple[str, type, str]] = {
    "_framework": ("documents/driver.py", MOTORS_CLIENT, "hands several calls of pymongo to one thread at once"),
    "_try_next": ("documents/following.py", MOTORS_STREAM, "reads the changes that are there in one call"),
    "_schema": ("gql_app/graphql/guard/extension.py", Schema, "graphql-core's schema, for limits and costs"),
    "_provided_operation_name": ("gql_app/graphql/guard/extension.py", ExecutionContext, "the name that a client gave"),
    "_raw_info": ("schema/base/selection.py", Info, "graphql-core's nodes, for what is selected"),
    "_unset_keepalive_if_required": ("gql_app/http/protocols.py", HttpToolsProtocol, "ends the wait for a request"),
    "_should_upgrade": ("gql_app/http/protocols.py", HttpToolsProtocol, "whether a request becomes a WebSocket"),
}
"""By name: a module that uses it, what has it, and what it is used for."""
OF_PYTHON = {"_asdict", "_exit"}
"""They only look private."""
NAMING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Attribute, ast.Name, ast.Constant)
"""What may name something of ours."""


def parts_used() -> Iterator[tuple[str, str]]:
    """Private attributes that no class of ours has, with the modules that read them."""
    trees = {path: parsed(path) for path in modules(*LAYERS)}
    ours = {name for tree in trees.values() for node in nodes(tree, *NAMING) for name in _defined(node)}
    for path, tree in trees.items():
        for node in nodes(tree, ast.Attribute):
            if node.attr.startswith("_") and not node.attr.startswith("__"):
                is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                if node.attr not in OF_PYTHON and (node.attr not in ours or (node.attr in PARTS and not is_own)):
                    yield node.attr, path.relative_to(ROOT).as_posix()


def _defined(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Constant(value=str(name)):  # of `__slots__`
            yield name


def test_every_private_part_that_is_used_is_told_of_here() -> None:
    used = set(parts_used())
    assert {name for name, _ in used} == PARTS.keys()
    assert {(name, where) for name, (where, _, _) in PARTS.items()} <= used


@pytest.mark.parametrize("name", PARTS)
def test_the_library_still_has_it(name: str) -> None:
    where, owner, use = PARTS[name]
    in_class = hasattr(owner, name) or name in getattr(owner, "__dataclass_fields__", ())
    made = [inspect.unwrap(getattr(owner, each)) for each in ("__init__", "__post_init__") if hasattr(owner, each)]
    assert in_class or any(name in each.__code__.co_names for each in made), (
        f"{owner.__module__}.{owner.__qualname__} has no {name} any more: {use}; used in {where}"
    )


@pytest.mark.parametrize("owner", [MOTORS_CLIENT, MOTORS_STREAM])
def test_motor_hands_a_call_to_a_thread_as_we_have_it_do(owner: Any) -> None:
    given = list(inspect.signature(owner._framework.run_on_executor).parameters.values())
    assert [each.kind.name for each in given[:3]] == [
        "POSITIONAL_OR_KEYWORD",
        "POSITIONAL_OR_KEYWORD",
        "VAR_POSITIONAL",
    ]
    assert callable(owner.get_io_loop)
    made = [vars(each)["__init__"].__code__ for each in MOTORS_CLIENT.__mro__[:-1] if "__init__" in vars(each)]
    assert any("delegate" in each.co_names for each in made), "what Motor wraps, as `in_one_call` takes it of a session"


def test_a_schema_that_takes_types_over_is_like_one_that_builds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of `tests/built_once.py`: whatever Strawberry comes to keep in a schema, the shared one has, as its own."""
    first, taking_over = ApiSchema(SETTINGS), ApiSchema(SETTINGS)
    monkeypatch.setattr(Schema, "__init__", inspect.unwrap(Schema.__init__))
    anew = ApiSchema(SETTINGS)
    assert taking_over._schema.type_map is first._schema.type_map is not anew._schema.type_map
    assert vars(taking_over).keys() == vars(anew).keys()
    assert vars(taking_over._schema).keys() == vars(anew._schema).keys()
    for keeps, told in ((vars(anew), vars(taking_over)), (vars(anew._schema), vars(taking_over._schema))):
        assert [name for name, value in keeps.items() if value is anew and told[name] is not taking_over] == []
    assert anew._schema.extensions[GraphQLCoreConverter.DEFINITION_BACKREF] is anew
    assert taking_over._schema.extensions[GraphQLCoreConverter.DEFINITION_BACKREF] is taking_over
    assert taking_over._schema.extensions is not first._schema.extensions
