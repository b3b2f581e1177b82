"""The commands about tickets."""

from pathlib import Path
from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson, Limit, PageOf, Tenant, Where
from gql_app.commands.orders import ServiceOrder
from services.tickets.formats import ExportFormat

WORK = "gql_app.commands.data.tickets"

tickets = typer.Typer(name="tickets", no_args_is_help=True, help="Look at tickets and their history; export them.")
TicketId = Annotated[str, typer.Argument(metavar="ID", help="The ticket's id, upstream's or ours.", show_default=False)]


@tickets.command("list")
def list_some(
    tenant: Tenant, where: Where = None, limit: Limit = 20, page: PageOf = 1, as_json: AsJson = False
) -> ServiceOrder:
    """Show a tenant's tickets, newest first unless told otherwise."""
    return ServiceOrder(
        f"{WORK}:show_tickets",
        {"tenant_id": tenant, "where": where or [], "limit": limit, "page": page, "as_json": as_json},
    )


@tickets.command()
def show(tenant: Tenant, ticket: TicketId, as_json: AsJson = False) -> ServiceOrder:
    """Show a ticket whole, with what it was classified by."""
    return ServiceOrder(f"{WORK}:show_ticket", {"tenant_id": tenant, "ticket_id": ticket, "as_json": as_json})


@tickets.command()
def history(
    tenant: Tenant,
    ticket: TicketId,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many changes, newest first.")] = 50,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Show what happened to a ticket, also to one that is deleted."""
    return ServiceOrder(
        f"{WORK}:show_history", {"tenant_id": tenant, "ticket_id": ticket, "limit": limit, "as_json": as_json}
    )


@tickets.command()
def export(
    tenant: Tenant,
    where: Where = None,
    format_: Annotated[ExportFormat, typer.Option("--format", help="For people or for programs.")] = ExportFormat.CSV,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, writable=True, help="Where to; default: standard output.")
    ] = None,
) -> ServiceOrder:
    """Write all tickets that match into a file."""
    return ServiceOrder(
        f"{WORK}:export_all", {"tenant_id": tenant, "where": where or [], "form": format_, "output": output}
    )


@tickets.command()
def correct(
    tenant: Tenant,
    ticket: TicketId,
    urgency: Annotated[str | None, typer.Option(metavar="high|medium|low", help="How soon somebody must look.")] = None,
    sentiment: Annotated[
        str | None, typer.Option(metavar="negative|neutral|positive", help="The mood it was written in.")
    ] = None,
    action: Annotated[
        bool | None, typer.Option("--action/--no-action", help="Whether somebody has to do something.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Why, for colleagues.", show_default=False)] = None,
    announce: Annotated[bool, typer.Option("--announce", help="Tell the receivers, if it becomes urgent.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the correction back instead.")] = False,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Say what a ticket is, where it was classified otherwise."""
    word = {"urgency": urgency, "sentiment": sentiment, "requires_action": action, "note": note}
    return ServiceOrder(
        f"{WORK}:correct_one",
        {
            "tenant_id": tenant,
            "ticket_id": ticket,
            "word": word,
            "announce": announce,
            "withdraw": withdraw,
            "as_json": as_json,
        },
    )
