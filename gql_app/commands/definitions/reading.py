"""The commands that show figures, and which tenants there are."""

from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson, Limit, Tenant
from gql_app.commands.orders import ServiceOrder

FIGURES = "gql_app.commands.data.figures"

commands = typer.Typer()
tenants = typer.Typer(name="tenants", no_args_is_help=True, help="See which tenants there are.")


@commands.command()
def stats(
    tenant: Tenant,
    from_date: Annotated[str | None, typer.Option(help="Only tickets created since then, ISO 8601.")] = None,
    to_date: Annotated[str | None, typer.Option(help="Only tickets created before that, ISO 8601.")] = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Show a tenant's statistics."""
    return ServiceOrder(
        f"{FIGURES}:show_stats",
        {"tenant_id": tenant, "from_date": from_date, "to_date": to_date, "as_json": as_json},
    )


@commands.command()
def forecast(
    tenant: Tenant,
    hours: Annotated[int, typer.Option(min=1, max=168, help="How many, from the next full hour on.")] = 24,
    time_zone: Annotated[str, typer.Option(help="By whose clock, for instance Europe/Paris.")] = "UTC",
    as_json: AsJson = False,
) -> ServiceOrder:
    """Show how many tickets the coming hours will have, or why nobody knows."""
    return ServiceOrder(
        f"{FIGURES}:show_forecast",
        {"tenant_id": tenant, "hours": hours, "time_zone": time_zone, "as_json": as_json},
    )


@commands.command()
def spikes(tenant: Tenant, limit: Limit = 20, as_json: AsJson = False) -> ServiceOrder:
    """Show the hours in which too many of a tenant's customers wrote, newest first."""
    return ServiceOrder(f"{FIGURES}:show_spikes", {"tenant_id": tenant, "limit": limit, "as_json": as_json})


@tenants.command("list")
def list_all(as_json: AsJson = False) -> ServiceOrder:
    """Show every tenant with the number of its tickets and its newest run."""
    return ServiceOrder(f"{FIGURES}:show_tenants", {"as_json": as_json})
