"""The commands about notifications of urgent tickets."""

from typing import Annotated

import typer

from documents.vocabulary import NotificationState
from gql_app.commands.definitions.options import AsJson, Limit, PageOf, Tenant
from gql_app.commands.orders import ServiceOrder

WORK = "gql_app.commands.data.notifications"

notifications = typer.Typer(
    name="notifications", no_args_is_help=True, help="Look at the notifications of urgent tickets; redrive them."
)


@notifications.command("list")
def list_some(
    tenant: Tenant,
    state: Annotated[NotificationState | None, typer.Option(help="Only those in this state.")] = None,
    destination: Annotated[str | None, typer.Option(help="Only those of this destination.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Only those of this ticket, by its id upstream.")] = None,
    limit: Limit = 20,
    page: PageOf = 1,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Show a tenant's notifications, newest first, and what those wait for that are pending."""
    conditions = {"state": state, "destination_id": destination, "ticket_id": ticket}
    return ServiceOrder(
        f"{WORK}:show_notifications",
        {"tenant_id": tenant, "conditions": conditions, "limit": limit, "page": page, "as_json": as_json},
    )


@notifications.command()
def redrive(
    notification: Annotated[
        str | None, typer.Argument(help="The notification's id; default: every dead letter.", show_default=False)
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only the dead letters of this tenant.")] = None,
    destination: Annotated[str | None, typer.Option(help="Only those of this destination.")] = None,
    status: Annotated[int | None, typer.Option(help="Only those whose last answer had this status.")] = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Send dead letters again; whoever runs a worker delivers them."""
    conditions = {"destination_id": destination, "last_status": status}
    return ServiceOrder(
        f"{WORK}:redrive",
        {"notification_id": notification, "tenant_id": tenant, "conditions": conditions, "as_json": as_json},
    )
