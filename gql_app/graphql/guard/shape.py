"""The shape of a document: how deep, and how much of what, counted as it would be executed, through all fragments.

Each fragment is measured once, however often it is spread: a "fragment bomb", which doubles at every level, costs no
more than its text.
"""

from dataclasses import dataclass, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.base.selection import fragments_of, nodes_of


@dataclass(frozen=True, slots=True)
class Shape:
    """What a selection amounts to when it is executed."""

    depth: int = 0
    """Levels of fields; what lies below `__schema` and `__type` is limited by a rule of graphql-core."""
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Shape") -> "Shape":
        """Two selections of one object."""
        return Shape(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


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
            total = total.beside(own).beside(measuring.selection(node.selection_set))
    return total


class _Measuring:
    """The measuring of one document."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = fragments_of(document)
        self._measured: dict[str, Shape] = {}

    def selection(self, selection_set: SelectionSetNode) -> Shape:
        shape = Shape()
        for node in nodes_of([selection_set]):
            shape = shape.beside(Shape(directives=len(node.directives or ())))
            if isinstance(node, FieldNode):
                shape = shape.beside(self._field(node))
            elif isinstance(node, FragmentSpreadNode):
                shape = shape.beside(self._fragment(node.name.value))
        return shape

    def _field(self, node: FieldNode) -> Shape:
        below = Shape() if node.selection_set is None else self.selection(node.selection_set)
        depth = 0 if node.name.value in ("__schema", "__type") else below.depth
        return replace(below, depth=1 + depth, aliases=below.aliases + (node.alias is not None))

    def _fragment(self, name: str) -> Shape:
        if name not in self._measured:
            self._measured[name] = Shape()  # what a cycle comes to; validation refuses it
            fragment = self._fragments.get(name)
            if fragment is not None:
                own = Shape(directives=len(fragment.directives or ()))
                self._measured[name] = own.beside(self.selection(fragment.selection_set))
        return self._measured[name]
