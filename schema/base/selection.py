"""What a client selects of a field, so that a resolver need not compute the rest."""

from collections.abc import Iterator, Sequence

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode
from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField, Selection

from resolvers.context import Info


def selected_names(info: Info) -> frozenset[str]:
    """The GraphQL names of the sub-fields that the client selects of the present field, through all fragments."""
    return frozenset(name for field in info.selected_fields for name in _names(field.selections))


def _names(selections: Sequence[Selection]) -> Iterator[str]:
    for selection in selections:
        match selection:
            case SelectedField(name=name):
                yield name
            case InlineFragment() | FragmentSpread():
                yield from _names(selection.selections)


def names_below(info: Info) -> frozenset[str]:
    """The GraphQL names of all fields that are selected anywhere below the present field, whatever their type."""
    raw = info._raw_info
    names: set[str] = set()
    fragments: set[str] = set()
    pending = [node.selection_set for node in raw.field_nodes]
    while pending:
        selection_set = pending.pop()
        for node in selection_set.selections if selection_set is not None else ():
            if isinstance(node, FragmentSpreadNode):
                if node.name.value not in fragments:
                    fragments.add(node.name.value)
                    pending.append(raw.fragments[node.name.value].selection_set)
            elif isinstance(node, (FieldNode, InlineFragmentNode)):
                pending.append(node.selection_set)
            if isinstance(node, FieldNode):
                names.add(node.name.value)
    return frozenset(names)
