"""The commands for developers and operators."""

from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson
from gql_app.commands.orders import Order

commands = typer.Typer()


@commands.command()
def schema() -> Order:
    """Print the GraphQL schema."""
    return Order("gql_app.commands.schemas:print_schema", {})


@commands.command()
def token(
    tenants: Annotated[str, typer.Option(help="Which tenants it may see, separated by commas; * is all.")] = "*",
    scopes: Annotated[str, typer.Option(help="What it may do, separated by commas.")] = "tickets:read,ingest:run",
    minutes: Annotated[int, typer.Option(min=1, max=525_600, help="How long it is good for.")] = 60,
    subject: Annotated[str, typer.Option(help="Whose it is; requests are counted by that.")] = "developer",
) -> Order:
    """Print a bearer token for AUTH_MODE=jwt, signed with JWT_SECRET; for development."""
    return Order(
        "gql_app.commands.tokens:print_token",
        {"tenants": tenants, "scopes": scopes, "minutes": minutes, "subject": subject},
    )


@commands.command()
def doctor(as_json: AsJson = False) -> Order:
    """Check the settings and what the service depends on, and say what to do about what is wrong.

    Nothing is changed but that an embedded MongoDB and the bundled mock are started for the time. Exit code 1: a
    check failed.
    """
    return Order("gql_app.commands.doctor.examination:examine", {"as_json": as_json})
