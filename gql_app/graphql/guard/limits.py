"""Limits on a document's shape, checked before validation: a hostile document must be cheap to refuse.

Everything is counted as it would be executed, through all fragments, and each fragment is walked once: a
"fragment bomb", which doubles at every level, costs no more than its text.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    parse,
    specified_rules,
)
from strawberry.schema.schema import validate_document

from gql_app.graphql.errors import failure
from services.errors import ErrorCode

CACHED_DOCUMENTS = 100
CACHED_CHARACTERS = 5_000
"""Longer documents are not kept. A parsed document takes up to 1 MB, so those that are take at most 100 MB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may be."""

    depth: int
    aliases: int
    directives: int
    repeats: int
    """Fields selected again beside themselves; validation compares each with each."""
    tokens: int
    introspection: bool
    """Whether `__schema` and `__type` may be asked for."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a selection amounts to when it is executed."""

    depth: int = 0
    """Levels of fields; what lies below `__schema` and `__type` is limited by a rule of graphql-core."""
    aliases: int = 0
    directives: int = 0
    repeats: int = 0

    def beside(self, other: "Shape") -> "Shape":
        """Two selections of one object."""
        return Shape(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.repeats + other.repeats,
        )


def parse_cached(query: str, max_tokens: int) -> DocumentNode:
    """Parse a document, or find it parsed already.

    Raises:
        GraphQLSyntaxError: it is not GraphQL, or has too many tokens.
        RecursionError: it is nested too deeply.
    """
    return _parse(query, max_tokens) if len(query) <= CACHED_CHARACTERS else parse(query, max_tokens=max_tokens)


@lru_cache(maxsize=CACHED_DOCUMENTS)
def _parse(query: str, max_tokens: int) -> DocumentNode:
    return parse(query, max_tokens=max_tokens)


def check(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> tuple[GraphQLError, ...]:
    """Everything that is wrong with a document, whatever its variables."""
    try:
        faults = check_shape(document, limits)
    except RecursionError:  # fragments that lead to fragments that lead to fragments ...
        faults = (failure(ErrorCode.QUERY_TOO_COMPLEX, "The document is nested too deeply."),)
    if faults:
        return faults
    rules = specified_rules if limits.introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
    return tuple(validate_document(schema, document, tuple(rules)))


def check_shape(document: DocumentNode, limits: Limits) -> tuple[GraphQLError, ...]:
    """Which limits the document exceeds."""
    shape = measure(document)
    excesses = (
        ("levels", shape.depth, limits.depth),
        ("aliases", shape.aliases, limits.aliases),
        ("directives", shape.directives, limits.directives),
        ("repeated fields", shape.repeats, limits.repeats),
    )
    return tuple(
        failure(ErrorCode.QUERY_TOO_COMPLEX, f"The document has more than {limit} {what}.")
        for what, actual, limit in excesses
        if actual > limit
    )


def measure(document: DocumentNode) -> Shape:
    """The shape of all operations of a document together."""
    return _Measuring(document).total()


class _Measuring:
    def __init__(self, document: DocumentNode) -> None:
        self._operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._shapes: dict[str, Shape] = {}
        self._names: dict[str, Counter[str]] = {}

    def total(self) -> Shape:
        return _sum(
            self._whole(node.selection_set).beside(Shape(directives=len(node.directives or ())))
            for node in self._operations
        )

    def _whole(self, selection_set: SelectionSetNode) -> Shape:
        """All that is selected of one object."""
        names = self._names_in(selection_set)
        repeats = Shape(repeats=names.total() - len(names))
        return self._selections(selection_set).beside(repeats)

    def _selections(self, selection_set: SelectionSetNode) -> Shape:
        return _sum(self._selection(node) for node in selection_set.selections)

    def _selection(self, node: SelectionNode) -> Shape:
        own = Shape(directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            return self._field(node).beside(own)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value).beside(own)
        if isinstance(node, InlineFragmentNode):
            return self._selections(node.selection_set).beside(own)
        raise TypeError(f"{node!r} is no selection")

    def _field(self, node: FieldNode) -> Shape:
        below = Shape() if node.selection_set is None else self._whole(node.selection_set)
        depth = 0 if node.name.value in ("__schema", "__type") else below.depth
        return replace(below, depth=1 + depth, aliases=below.aliases + (node.alias is not None))

    def _fragment(self, name: str) -> Shape:
        if name not in self._shapes:
            self._shapes[name] = Shape()  # what a cycle comes to; validation refuses it
            fragment = self._fragments.get(name)
            if fragment is not None:
                own = Shape(directives=len(fragment.directives or ()))
                self._shapes[name] = self._selections(fragment.selection_set).beside(own)
        return self._shapes[name]

    def _names_in(self, selection_set: SelectionSetNode) -> Counter[str]:
        """The names that the fields have in the answer, and how often each is selected."""
        names: Counter[str] = Counter()
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                names[(node.alias or node.name).value] += 1
            elif isinstance(node, InlineFragmentNode):
                names.update(self._names_in(node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                names.update(self._names_of(node.name.value))
        return names

    def _names_of(self, name: str) -> Counter[str]:
        if name not in self._names:
            self._names[name] = Counter()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._names[name] = self._names_in(fragment.selection_set)
        return self._names[name]


def _sum(shapes: Iterable[Shape]) -> Shape:
    total = Shape()
    for shape in shapes:
        total = total.beside(shape)
    return total
