"""The commands that run something: the service, its parts, and what brings tickets in."""

from pathlib import Path
from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson, Tenant
from gql_app.commands.orders import ServiceOrder
from services.ingestion.batches.formats import FileFormat

SERVING = "gql_app.commands.serving"
WORKING = "gql_app.commands.working"

commands = typer.Typer()


@commands.command()
def serve() -> ServiceOrder:
    """Serve the API, and run a worker with it unless RUN_WORKER=false."""
    return ServiceOrder(f"{SERVING}:serve", {}, needs_source=True, listens=True, heeds_stop=True)


@commands.command()
def up(
    tenants: Annotated[
        list[str] | None, typer.Argument(help="Tenants to ingest; default: the sample tenants.", show_default=False)
    ] = None,
) -> ServiceOrder:
    """Start everything on this machine: MongoDB, the mock external API and the service, with sample data."""
    return ServiceOrder(
        f"{SERVING}:up",
        {"tenants": tenants},
        needs_source=True,
        has_worker=True,
        listens=True,
        log_name="up",
        heeds_stop=True,
    )


@commands.command()
def worker() -> ServiceOrder:
    """Run ingestion jobs, without an API."""
    return ServiceOrder(f"{WORKING}:work", {}, needs_source=True, has_worker=True, heeds_stop=True)


@commands.command()
def ingest(tenant: Tenant, as_json: AsJson = False) -> ServiceOrder:
    """Run one tenant's ingestion and show its progress; joins the run if there is one already.

    Exit code 1: the run failed or was cancelled, or there is no such tenant.
    """
    return ServiceOrder(
        f"{WORKING}:ingest",
        {"tenant_id": tenant, "as_json": as_json},
        needs_source=True,
        has_worker=True,
        log_name="ingest",
        heeds_stop=True,
    )


@commands.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, NDJSON or JSON array.")
    ],
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    column: Annotated[
        list[str] | None, typer.Option(help="COLUMN:FIELD, for each column with another name than the field.")
    ] = None,
    format_: Annotated[
        FileFormat | None, typer.Option("--format", help="Default: what the file's beginning shows.")
    ] = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Store tickets from a file; sent again, it changes nothing.

    Exit code 1: some lines were rejected.
    """
    return ServiceOrder(
        "gql_app.commands.importing:import_file",
        {"path": file, "tenant_id": tenant, "column": column or [], "form": format_, "as_json": as_json},
        log_name="import",
    )
