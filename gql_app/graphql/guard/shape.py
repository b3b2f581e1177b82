"""The shape of a document: how deep, and how much of what, counted as it would be executed, through all fragments.

Each fragment is measured once, however often it is spread: a "fragment bomb", which doubles at every level, costs no
more than its text.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.base.selection import fragments_of, nodes_of, response_name


@dataclass(frozen=True, slots=True)
class Shape:
    """What a selection amounts to when it is executed."""

    depth: int = 0
    """Levels of fields; what lies below `__schema` and `__type` is limited by a rule of graphql-core."""
    aliases: int = 0
    directives: int = 0
    repeats: int = 0
    """Fields selected again beside themselves; validation compares each with each."""

    def beside(self, other: "Shape") -> "Shape":
        """Two selections of one object."""
        return Shape(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.repeats + other.repeats,
        )


@dataclass(slots=True)
class _Part:
    """A part of what is selected of one object; what is repeated shows only in the whole."""

    shape: Shape = field(default_factory=Shape)
    names: Counter[str] = field(default_factory=Counter)
    """The names that the fields have in the answer, and how often each is selected."""

    def add(self, shape: Shape) -> None:
        self.shape = self.shape.beside(shape)

    def whole(self) -> Shape:
        """The shape, where this is all that is selected."""
        return self.shape.beside(Shape(repeats=self.names.total() - len(self.names)))


def measure(document: DocumentNode) -> Shape:
    """The shape of all operations of a document together.

    Raises:
        RecursionError: fragments lead to fragments that lead to fragments ...
    """
    measuring = _Measuring(document)
    total = Shape()
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            own = Shape(directives=len(node.directives or ()))
            total = total.beside(own).beside(measuring.part(node.selection_set).whole())
    return total


class _Measuring:
    """The measuring of one document."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = fragments_of(document)
        self._measured: dict[str, _Part] = {}

    def part(self, selection_set: SelectionSetNode) -> _Part:
        part = _Part()
        for node in nodes_of([selection_set]):
            part.add(Shape(directives=len(node.directives or ())))
            if isinstance(node, FieldNode):
                part.names[response_name(node)] += 1
                part.add(self._field(node))
            elif isinstance(node, FragmentSpreadNode):
                spread = self._fragment(node.name.value)
                part.names.update(spread.names)
                part.add(spread.shape)
        return part

    def _field(self, node: FieldNode) -> Shape:
        below = Shape() if node.selection_set is None else self.part(node.selection_set).whole()
        depth = 0 if node.name.value in ("__schema", "__type") else below.depth
        return replace(below, depth=1 + depth, aliases=below.aliases + (node.alias is not None))

    def _fragment(self, name: str) -> _Part:
        if name not in self._measured:
            self._measured[name] = _Part()  # what a cycle comes to; validation refuses it
            fragment = self._fragments.get(name)
            if fragment is not None:
                part = self.part(fragment.selection_set)
                part.add(Shape(directives=len(fragment.directives or ())))
                self._measured[name] = part
        return self._measured[name]
