from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from gql_app.graphql import graphiql
from gql_app.graphql.graphiql import WEB


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((Path(graphiql.__file__).parents[2] / "schema" / "schema.graphql").read_text())


@pytest.mark.parametrize("path", sorted((WEB / "examples").glob("*.graphql")), ids=lambda path: path.stem)
def test_every_example_fits_the_schema(schema: GraphQLSchema, path: Path) -> None:
    assert validate(schema, parse(path.read_text())) == []


def test_the_page_asks_no_outside_host() -> None:
    assert "//" not in graphiql.PAGE.replace("<!doctype html>", "")
    assert "http" not in graphiql.SECURITY_POLICY


def test_the_pages_own_files_are_the_ones_it_asks_for() -> None:
    asked = {part.split('"')[0] for part in graphiql.PAGE.split('"/graphql/ide/')[1:]}
    assert asked == {*graphiql.ASSETS, "start.js"}
