"""Limits on documents, checked before validation: a hostile document must be cheap to refuse."""

from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, GraphQLSchema, NoSchemaIntrospectionCustomRule, specified_rules
from strawberry.schema.schema import validate_document

from gql_app.graphql.errors import failure
from gql_app.graphql.guard.shape import measure
from services.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may be; `Shape` says what is counted."""

    depth: int
    aliases: int
    directives: int
    repeats: int
    tokens: int
    introspection: bool
    """Whether `__schema` and `__type` may be asked for."""


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
