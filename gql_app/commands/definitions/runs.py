"""The commands about runs of ingestion."""

from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson, Limit, PageOf, Tenant
from gql_app.commands.orders import ServiceOrder

WORK = "gql_app.commands.data.runs"

runs = typer.Typer(name="runs", no_args_is_help=True, help="Look at runs of ingestion; cancel one.")
JobId = Annotated[str, typer.Argument(metavar="JOB_ID", help="The run's id.", show_default=False)]


@runs.command("list")
def list_some(tenant: Tenant, limit: Limit = 20, page: PageOf = 1, as_json: AsJson = False) -> ServiceOrder:
    """Show a tenant's runs, those under way, too, newest first."""
    return ServiceOrder(f"{WORK}:show_runs", {"tenant_id": tenant, "limit": limit, "page": page, "as_json": as_json})


@runs.command()
def show(job: JobId, as_json: AsJson = False) -> ServiceOrder:
    """Show how far a run is, or what it did."""
    return ServiceOrder(f"{WORK}:show_run", {"job_id": job, "as_json": as_json})


@runs.command()
def logs(tenant: Tenant, limit: Limit = 20, page: PageOf = 1, as_json: AsJson = False) -> ServiceOrder:
    """Show a tenant's ended runs with their outcome and duration, newest first."""
    return ServiceOrder(f"{WORK}:show_logs", {"tenant_id": tenant, "limit": limit, "page": page, "as_json": as_json})


@runs.command()
def quarantine(tenant: Tenant, limit: Limit = 20, page: PageOf = 1, as_json: AsJson = False) -> ServiceOrder:
    """Show the records that could not be stored, and why, newest first."""
    return ServiceOrder(
        f"{WORK}:show_quarantine", {"tenant_id": tenant, "limit": limit, "page": page, "as_json": as_json}
    )


@runs.command()
def cancel(job: JobId, as_json: AsJson = False) -> ServiceOrder:
    """Stop a run; what it has stored stays."""
    return ServiceOrder(f"{WORK}:cancel_run", {"job_id": job, "as_json": as_json})
