"""The commands about tenants' own destinations."""

from typing import Annotated

import typer

from documents.vocabulary import DestinationFormat
from gql_app.commands.definitions.options import AsJson, Tenant
from gql_app.commands.orders import ServiceOrder

WORK = "gql_app.commands.data.destinations"

destinations = typer.Typer(
    name="destinations", no_args_is_help=True, help="Where tenants want their urgent tickets announced."
)
DestinationId = Annotated[str, typer.Argument(help="The destination's id.", show_default=False)]
FromInput = Annotated[
    bool, typer.Option("--secret-from-input", help="Read the signing secret (whsec_...) from standard input.")
]
DigestAbove = Annotated[
    int | None, typer.Option(help="Send more alerts than that within a minute together; 0: never.", show_default=False)
]
Spikes = Annotated[
    bool | None, typer.Option("--spikes/--no-spikes", help="Whether it is told of spikes.", show_default=False)
]


@destinations.command()
def add(
    tenant: Tenant,
    url: Annotated[str, typer.Argument(help="Where to send; - reads it from standard input.", show_default=False)],
    format_: Annotated[DestinationFormat, typer.Option("--format", help="What to send.")] = DestinationFormat.WEBHOOK,
    secret_from_input: FromInput = False,
    digest_above: DigestAbove = None,
    spikes: Spikes = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Add a destination; for a webhook without a secret one is made, and shown this once."""
    return ServiceOrder(
        f"{WORK}:add_destination",
        {
            "tenant_id": tenant,
            "url": url,
            "format_": format_,
            "reads_secret": secret_from_input,
            "digest_above": digest_above,
            "spikes": spikes is not False,
            "as_json": as_json,
        },
    )


@destinations.command("list")
def list_all(tenant: Tenant, as_json: AsJson = False) -> ServiceOrder:
    """Show a tenant's destinations, oldest first."""
    return ServiceOrder(f"{WORK}:show_destinations", {"tenant_id": tenant, "as_json": as_json})


@destinations.command()
def change(
    destination: DestinationId,
    url: Annotated[str | None, typer.Option(help="Another address; - reads it from standard input.")] = None,
    secret_from_input: FromInput = False,
    rotate_secret: Annotated[bool, typer.Option("--rotate-secret", help="Make another secret.")] = False,
    digest_above: DigestAbove = None,
    paused: Annotated[bool | None, typer.Option("--pause/--resume", help="Whether what is for it waits.")] = None,
    spikes: Spikes = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Change a destination. A secret that is replaced stays valid beside the new one for 24 hours."""
    changes = {"rotate_secret": rotate_secret, "digest_above": digest_above, "is_paused": paused, "spikes": spikes}
    return ServiceOrder(
        f"{WORK}:alter_destination",
        {
            "destination_id": destination,
            "url": url,
            "reads_secret": secret_from_input,
            "changes": changes,
            "as_json": as_json,
        },
    )


@destinations.command()
def remove(destination: DestinationId, as_json: AsJson = False) -> ServiceOrder:
    """Remove a destination; what waits for it becomes dead letters."""
    return ServiceOrder(f"{WORK}:remove_destination", {"destination_id": destination, "as_json": as_json})


@destinations.command("test")
def try_out(destination: DestinationId, as_json: AsJson = False) -> ServiceOrder:
    """Send an example, once.

    Exit code 1: it was not taken.
    """
    return ServiceOrder(f"{WORK}:test_destination", {"destination_id": destination, "as_json": as_json})
