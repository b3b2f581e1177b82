"""What a client selects: the one walk over selections, for limits, for the cost, and for resolvers that read less.

The fields of one object stand in its selection set, in inline fragments and in fragments that are spread there. A walk
enters each fragment once, so that cycles are harmless and a document costs no more than its text, and it does not
recurse, so that no document is nested too deeply for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from schema.base.info import Info

Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]
Includes: TypeAlias = Callable[[SelectionNode | FragmentDefinitionNode], bool]
"""Whether a field, or what is in a fragment, is selected. A spread and its fragment's definition are asked apart."""

NO_FRAGMENTS: Fragments = {}


def fragments_of(document: DocumentNode) -> Fragments:
    """The fragments that a document defines, by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def nodes_of(
    selection_sets: Iterable[SelectionSetNode],
    fragments: Fragments = NO_FRAGMENTS,
    includes: Includes = lambda _: True,
    entered: set[str] | None = None,
) -> Iterator[SelectionNode]:
    """All that is selected of one object, in the document's order: fields, and the fragments that lead to fields.

    Spreads of fragments that are not in `fragments` are passed over: without any, a walk stays within the sets.
    `entered` names the fragments that earlier walks have entered; those of this one are added.
    """
    entered = set() if entered is None else entered
    stack = [chain.from_iterable(each.selections for each in selection_sets)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
        elif includes(node):
            yield node
            if isinstance(node, InlineFragmentNode):
                stack.append(chain(node.selection_set.selections))
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in entered:
                entered.add(node.name.value)
                fragment = fragments.get(node.name.value)
                if fragment is not None and includes(fragment):
                    stack.append(chain(fragment.selection_set.selections))


def fields_of(
    selection_sets: Iterable[SelectionSetNode],
    fragments: Fragments,
    includes: Includes = lambda _: True,
    entered: set[str] | None = None,
) -> Iterator[FieldNode]:
    """The fields among `nodes_of`: those that execution collects, where `includes` is as strict as execution is."""
    for node in nodes_of(selection_sets, fragments, includes, entered):
        if isinstance(node, FieldNode):
            yield node


def response_name(field: FieldNode) -> str:
    """The name that a field has in the answer."""
    return (field.alias or field.name).value


def is_included(node: SelectionNode | FragmentDefinitionNode, variables: Mapping[str, Any]) -> bool:
    """Whether `@skip` and `@include` leave a node in; a condition that is no boolean (an error) does.

    `variables` have the operation's defaults among them.
    """
    for directive in node.directives or ():
        name = directive.name.value
        if name in ("skip", "include") and directive.arguments:
            condition = value_from_ast_untyped(directive.arguments[0].value, dict(variables))
            if condition is (name == "skip"):
                return False
    return True


def selected_names(info: Info) -> frozenset[str]:
    """The GraphQL names of the sub-fields that the client selects of the present field."""
    return frozenset(field.name.value for field in fields_of(*_below(info)))


def names_below(info: Info) -> frozenset[str]:
    """The GraphQL names of all fields that are selected anywhere below the present field, whatever their type."""
    selection_sets, fragments, includes = _below(info)
    pending = list(selection_sets)
    names: set[str] = set()
    entered: set[str] = set()
    while pending:
        for field in fields_of([pending.pop()], fragments, includes, entered):
            names.add(field.name.value)
            if field.selection_set is not None:
                pending.append(field.selection_set)
    return frozenset(names)


def _below(info: Info) -> tuple[list[SelectionSetNode], Fragments, Includes]:
    """Where to walk from the present field; it is one field, however often it is selected."""
    raw = info._raw_info
    variables: Mapping[str, Any] = info.variable_values
    selection_sets = [node.selection_set for node in raw.field_nodes if node.selection_set is not None]
    return selection_sets, raw.fragments, lambda node: is_included(node, variables)
