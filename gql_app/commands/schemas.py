"""The command `python -m gql_app schema`."""

import typer

from gql_app.commands.configuration import load_settings
from gql_app.graphql.schema import ApiSchema


def print_schema() -> int:
    """Print the GraphQL schema.

    Raises:
        InvalidSettingsError: the settings do not make sense.
    """
    typer.echo(ApiSchema(load_settings()).as_str())
    return 0
