"""The commands that erase and export customers, and the one that shows the audit trail."""

from pathlib import Path
from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson, Limit, PageOf, Tenant
from gql_app.commands.orders import ServiceOrder

WORK = "gql_app.commands.data.protection"

erase = typer.Typer(name="erase", no_args_is_help=True, help="Erase a customer or a tenant, for good.")
customers = typer.Typer(name="customers", no_args_is_help=True, help="What is stored of one customer.")
retention = typer.Typer(name="retention", no_args_is_help=True, help="How long tenants' tickets are kept.")
audit = typer.Typer()
Days = Annotated[int, typer.Argument(help="Since their creation, 30 to 36500.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Open and pending tickets, too; else closed and deleted ones alone.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be taken back.")]
Customer = Annotated[str, typer.Argument(help="The customer, as tickets name them.", show_default=False)]


@erase.command()
def customer(tenant: Tenant, customer_id: Customer, yes: Yes = False, as_json: AsJson = False) -> ServiceOrder:
    """Erase everything that is stored about a customer, wait for the end, and print the certificate.

    Interrupted, it goes on where a worker runs. Tickets of theirs that are older never come in again.
    """
    return ServiceOrder(
        f"{WORK}:erase_one_customer",
        {"tenant_id": tenant, "customer_id": customer_id, "is_sure": yes, "as_json": as_json},
        has_worker=True,
    )


@erase.command("tenant")
def whole_tenant(tenant: Tenant, yes: Yes = False, as_json: AsJson = False) -> ServiceOrder:
    """Erase everything that is stored for a tenant, wait for the end, and print the certificate.

    Interrupted, it goes on where a worker runs. Nothing is stored for it until it is reopened.
    """
    return ServiceOrder(
        f"{WORK}:erase_whole_tenant", {"tenant_id": tenant, "is_sure": yes, "as_json": as_json}, has_worker=True
    )


@erase.command()
def reopen(tenant: Tenant, as_json: AsJson = False) -> ServiceOrder:
    """Let an erased tenant be used again, as if it were new."""
    return ServiceOrder(f"{WORK}:reopen_one", {"tenant_id": tenant, "as_json": as_json})


@erase.command("list")
def list_erasures(
    tenant: Tenant,
    customer_id: Annotated[
        str | None, typer.Option("--customer", help="Only of this one: whether they were erased.", show_default=False)
    ] = None,
    limit: Limit = 20,
    page: PageOf = 1,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Show a tenant's erasures, newest first."""
    return ServiceOrder(
        f"{WORK}:show_erasures",
        {"tenant_id": tenant, "customer_id": customer_id, "limit": limit, "page": page, "as_json": as_json},
    )


@erase.command()
def show(
    erasure: Annotated[str, typer.Argument(help="The erasure's id.", show_default=False)], as_json: AsJson = False
) -> ServiceOrder:
    """Show how far an erasure has come, or its certificate."""
    return ServiceOrder(f"{WORK}:show_erasure", {"erasure_id": erasure, "as_json": as_json})


@customers.command("export")
def export_customer(
    tenant: Tenant,
    customer_id: Customer,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, writable=True, help="Where to; default: standard output.")
    ] = None,
) -> ServiceOrder:
    """Write all that is stored of a customer into a file: one JSON object a line, each of a kind."""
    return ServiceOrder(
        f"{WORK}:export_one_customer", {"tenant_id": tenant, "customer_id": customer_id, "output": output}
    )


@retention.command("show")
def show_retention(tenant: Tenant, as_json: AsJson = False) -> ServiceOrder:
    """Show for how long a tenant's tickets are kept."""
    return ServiceOrder(f"{WORK}:show_retention", {"tenant_id": tenant, "as_json": as_json})


@retention.command("preview")
def preview_retention(tenant: Tenant, days: Days, all_: All = False, as_json: AsJson = False) -> ServiceOrder:
    """Show how many stored tickets would go now; nothing is changed."""
    return ServiceOrder(
        f"{WORK}:preview_one_retention",
        {"tenant_id": tenant, "days": days, "closed_only": not all_, "as_json": as_json},
    )


@retention.command("set")
def set_retention(
    tenant: Tenant,
    days: Annotated[int, typer.Argument(help="Since their creation, 30 to 36500; 0: for ever.", show_default=False)],
    all_: All = False,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Set for how long a tenant's tickets are kept; a running service erases what is too old, every day."""
    return ServiceOrder(
        f"{WORK}:set_one_retention", {"tenant_id": tenant, "days": days, "closed_only": not all_, "as_json": as_json}
    )


@audit.command("audit")
def audit_trail(
    tenant: Annotated[str | None, typer.Argument(help="The tenant's id; else all.", show_default=False)] = None,
    limit: Limit = 20,
    page: PageOf = 1,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Show who did what and what came of it, newest first."""
    return ServiceOrder(f"{WORK}:show_trail", {"tenant_id": tenant, "limit": limit, "page": page, "as_json": as_json})
