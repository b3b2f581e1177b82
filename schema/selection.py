"""What a client selects of a field, so that a resolver need not compute the rest."""

from collections.abc import Iterator, Sequence

from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField, Selection

from schema.context import Info


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
