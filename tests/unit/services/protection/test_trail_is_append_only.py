"""The audit trail is added to, and nothing else: who reaches its collection is looked at in the syntax tree."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.syntax import LAYERS, ROOT, modules, nodes, parsed, text_of

WRITTEN_BY = ROOT / "services/protection/trail.py"
DECLARED_BY = ROOT / "documents/audit_entry.py"
ALLOWED = {"insert_one", "find", "count_documents"}
WHERE_IT_MAY_BE = re.compile(r"AuditEntry|audit_entries")
"""In the text of a module; the others are not worth a tree."""


def uses_of_rows(tree: ast.Module) -> Iterator[str]:
    """The methods that a module calls on `self._rows`."""
    for node in nodes(tree, ast.Attribute):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr="_rows"), attr=method):
                yield method


def collections_asked_for(tree: ast.Module) -> Iterator[int]:
    """Where a module asks for the collection, or names it."""
    for node in nodes(tree, ast.Call, ast.Constant):
        match node:
            case ast.Call(func=ast.Attribute(attr="collection"), args=[ast.Name(id="AuditEntry")]):
                yield node.lineno
            case ast.Constant(value="audit_entries"):
                yield node.lineno


def test_the_trail_is_only_added_to() -> None:
    assert set(uses_of_rows(parsed(WRITTEN_BY))) == ALLOWED


def test_nobody_else_reaches_it() -> None:
    others = {
        path.relative_to(ROOT).as_posix(): found
        for path in modules(*LAYERS)
        if path not in (WRITTEN_BY, DECLARED_BY) and WHERE_IT_MAY_BE.search(text_of(path))
        if (found := list(collections_asked_for(parsed(path))))
    }
    assert others == {}


@pytest.mark.parametrize("line", ["self._rows.delete_many({})", "self._rows.update_one({}, {})"])
def test_a_change_would_be_seen(line: str) -> None:
    assert not set(uses_of_rows(ast.parse(line))) <= ALLOWED
