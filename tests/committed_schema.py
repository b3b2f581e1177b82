"""The schema of the committed SDL, parsed once for all tests that look at it."""

from functools import cache

from graphql import GraphQLSchema, build_schema

from gql_app.graphql_sdl import committed


@cache
def committed_schema() -> GraphQLSchema:
    """What clients may ask for, without what answers."""
    return build_schema(committed())
