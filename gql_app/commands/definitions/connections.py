"""The commands about tenants' access to their help desks."""

from typing import Annotated

import typer

from documents.vocabulary import SourceKind
from gql_app.commands.definitions.options import AsJson, Tenant
from gql_app.commands.orders import ServiceOrder

WORK = "gql_app.commands.data.connections"

connections = typer.Typer(
    name="connections", no_args_is_help=True, help="Where tenants' tickets come from: their help desks."
)
ConnectionId = Annotated[str, typer.Argument(help="The connection's id.", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting; any number of them.", show_default=False),
]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="NAME",
        help="A secret, which is asked for, or read from standard input, a line for each; any number of them.",
        show_default=False,
    ),
]
AnnounceFrom = Annotated[
    str | None,
    typer.Option(help="Announce no urgent ticket that was created before, ISO 8601.", show_default=False),
]


@connections.command()
def add(
    tenant: Tenant,
    source: Annotated[SourceKind, typer.Argument(help="The kind of help desk.", show_default=False)],
    settings: Settings = None,
    secrets: Secrets = None,
    schedule: Annotated[
        int | None, typer.Option(metavar="MINUTES", help="Read it so often; else by hand.", show_default=False)
    ] = None,
    announce_from: AnnounceFrom = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Add a connection: from now on the tenant's runs read its connections."""
    return ServiceOrder(
        f"{WORK}:add_connection",
        {
            "tenant_id": tenant,
            "source": source,
            "settings": settings or [],
            "secrets": secrets or [],
            "schedule_minutes": schedule,
            "announce_from": announce_from,
            "as_json": as_json,
        },
    )


@connections.command("list")
def list_all(tenant: Tenant, as_json: AsJson = False) -> ServiceOrder:
    """Show a tenant's connections, oldest first."""
    return ServiceOrder(f"{WORK}:show_connections", {"tenant_id": tenant, "as_json": as_json})


@connections.command()
def show(connection: ConnectionId, as_json: AsJson = False) -> ServiceOrder:
    """Show a connection, how its last run went, and when the next one is due."""
    return ServiceOrder(f"{WORK}:show_connection", {"connection_id": connection, "as_json": as_json})


@connections.command()
def change(
    connection: ConnectionId,
    settings: Settings = None,
    secrets: Secrets = None,
    schedule: Annotated[
        int | None,
        typer.Option(metavar="MINUTES", help="Read it so often; 0: only by hand.", show_default=False),
    ] = None,
    announce_from: AnnounceFrom = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Change a connection, or give it other secrets. A setting without a value, as NAME=, is taken away."""
    return ServiceOrder(
        f"{WORK}:alter_connection",
        {
            "connection_id": connection,
            "settings": settings or [],
            "secrets": secrets or [],
            "schedule_minutes": schedule,
            "announce_from": announce_from,
            "as_json": as_json,
        },
    )


@connections.command()
def check(
    connection: ConnectionId, settings: Settings = None, secrets: Secrets = None, as_json: AsJson = False
) -> ServiceOrder:
    """Try the credential and one record, once, also with other settings or secrets; nothing is stored.

    Exit code 1: it does not work.
    """
    return ServiceOrder(
        f"{WORK}:try_out_connection",
        {"connection_id": connection, "settings": settings or [], "secrets": secrets or [], "as_json": as_json},
    )


@connections.command()
def remove(connection: ConnectionId, as_json: AsJson = False) -> ServiceOrder:
    """Remove a connection and its secrets; its tickets stay."""
    return ServiceOrder(f"{WORK}:remove_connection", {"connection_id": connection, "as_json": as_json})
