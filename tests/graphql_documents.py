"""Small GraphQL documents of every shape, made by hypothesis, and what they mean written out."""

from random import Random

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    build_schema,
    parse,
)
from hypothesis import strategies as st

SCHEMA = build_schema("""
  interface Node { id: ID node: Node nodes: [Node] }
  type X implements Node { id: ID node: Node nodes: [Node] }
  type Y implements Node { id: ID node: Node nodes: [Node] }
  type Query { id: ID node: Node nodes: [Node] }
""")
FRAGMENTS = 3

DEPTH = 3

_DIRECTIVES = ["", "", "", "", "@skip(if: true)", "@skip(if: $yes)", "@skip(if: $no)", "@include(if: false)",
               "@include(if: $yes)", "@include(if: $no)", "@skip(if: false) @include(if: true)"]  # fmt: skip
_CONDITIONS = ["", "on X", "on Y", "on Node", "on Query"]
_ALIASES = ["", "", "same: ", "other: "]


def documents(*, cyclic: bool = False) -> st.SearchStrategy[DocumentNode]:
    """Documents with one operation; many are not valid. `cyclic`: a fragment may lead back to itself."""
    return st.randoms(use_true_random=False).map(lambda dice: _document(dice, cyclic))


def _document(dice: Random, cyclic: bool) -> DocumentNode:
    operation = _selection_set(dice, range(FRAGMENTS), DEPTH)
    fragments = [
        f"fragment F{n} {dice.choice(_CONDITIONS[1:])} "
        + _selection_set(dice, range(0 if cyclic else n + 1, FRAGMENTS), DEPTH - 1)
        for n in range(FRAGMENTS)
    ]
    return parse(f"query ($yes: Boolean = true, $no: Boolean!) {operation} {' '.join(fragments)}")


def _selection_set(dice: Random, spreadable: range, depth: int) -> str:
    selections = [_selection(dice, spreadable, depth) for _ in range(dice.randint(1, 3))]
    return f"{{ {' '.join(selections)} }}"


def _selection(dice: Random, spreadable: range, depth: int) -> str:
    """A field, an inline fragment, or the spread of one of these fragments."""
    kinds = ["leaf", *(["spread"] if spreadable else []), *(["field", "field", "inline"] if depth else [])]
    kind, directives = dice.choice(kinds), dice.choice(_DIRECTIVES)
    if kind == "leaf":
        return f"{dice.choice(_ALIASES)}id {directives}"
    if kind == "spread":
        return f"...F{dice.choice(spreadable)} {directives}"
    below = _selection_set(dice, spreadable, depth - 1)
    if kind == "inline":
        return f"... {dice.choice(_CONDITIONS)} {directives} {below}"
    return f"{dice.choice(_ALIASES)}{dice.choice(['node', 'nodes'])} {directives} {below}"


def written_out(document: DocumentNode) -> DocumentNode:
    """The same with an inline fragment in the place of every spread; only where no fragment leads back to itself."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}

    def whole(selection_set: SelectionSetNode) -> SelectionSetNode:
        return SelectionSetNode(selections=tuple(one(node) for node in selection_set.selections))

    def one(node: SelectionNode) -> SelectionNode:
        if isinstance(node, FragmentSpreadNode):
            fragment = fragments[node.name.value]
            return InlineFragmentNode(
                type_condition=fragment.type_condition,
                directives=(*(node.directives or ()), *(fragment.directives or ())),
                selection_set=whole(fragment.selection_set),
            )
        below = getattr(node, "selection_set", None)
        if below is None:
            return node
        parts = {key: getattr(node, key) for key in node.keys}
        return type(node)(**{**parts, "selection_set": whole(below)})

    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    parts = {key: getattr(operation, key) for key in operation.keys}
    return DocumentNode(
        definitions=(OperationDefinitionNode(**{**parts, "selection_set": whole(operation.selection_set)}),)
    )
