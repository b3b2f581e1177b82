"""Limits on documents: a hostile one must be cheap to refuse.

What a document is allowed to be (its length, its tokens, its shape) is looked at before it is validated. Validation
then costs so much a token, but for three things, which are bounded apart: the comparison of fields with each other
(`comparisons.py`), the number of errors, and the length of their messages.
"""

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    specified_rules,
    validate,
)
from graphql.validation.rules.overlapping_fields_can_be_merged import OverlappingFieldsCanBeMergedRule
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from gql_app.graphql.errors import failure, invalid
from gql_app.graphql.guard.comparisons import comparing_at_most
from gql_app.graphql.guard.shape import measure
from services.errors import ErrorCode

MAX_ERRORS = 20
"""Validation errors that are looked for; for each, graphql-core may search the schema for what was meant instead."""
OWN_RULES = (MaybeNullValidationRule, OneOfInputValidationRule)
"""What Strawberry adds to the rules of the specification."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may be; `Shape` says what is counted."""

    characters: int
    tokens: int
    depth: int
    aliases: int
    directives: int
    comparisons: int
    """Fields that validation compares with each other, in graphql-core's units; see `comparisons.py`."""
    introspection: bool
    """Whether `__schema` and `__type` may be asked for, and whether errors suggest names of the schema."""


def check(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> tuple[GraphQLError, ...]:
    """Everything that is wrong with a document, whatever its variables."""
    try:
        faults = check_shape(document, limits)
    except RecursionError:  # fragments that lead to fragments that lead to fragments ...
        faults = (failure(ErrorCode.QUERY_TOO_COMPLEX, "The document is nested too deeply."),)
    return faults or _validate(schema, document, limits)


def check_shape(document: DocumentNode, limits: Limits) -> tuple[GraphQLError, ...]:
    """Which limits the document exceeds."""
    shape = measure(document)
    excesses = (
        ("levels", shape.depth, limits.depth),
        ("aliases", shape.aliases, limits.aliases),
        ("directives", shape.directives, limits.directives),
    )
    return tuple(
        failure(ErrorCode.QUERY_TOO_COMPLEX, f"The document has more than {limit} {what}.")
        for what, actual, limit in excesses
        if actual > limit
    )


def _validate(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> tuple[GraphQLError, ...]:
    comparing = comparing_at_most(limits.comparisons)
    rules = [comparing if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules]
    if not limits.introspection:
        rules.append(NoSchemaIntrospectionCustomRule)
    errors = validate(
        schema, document, [*rules, *OWN_RULES], max_errors=MAX_ERRORS, hide_suggestions=not limits.introspection
    )
    if any(isinstance(error, ValidationAbortedError) for error in errors) and len(errors) <= MAX_ERRORS:
        # Not for the number of errors: there is too much to compare, or fragments are nested too deeply.
        return (failure(ErrorCode.QUERY_TOO_COMPLEX, "The document selects the same fields too often."),)
    return tuple(invalid(error, hide_suggestions=not limits.introspection) for error in errors)
