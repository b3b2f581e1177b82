"""The command line, `python -m gql_app`. Exit codes: 0 done, 1 the run failed, 2 it could not be started."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from documents.failures import DatabaseUnavailableError
from documents.notification import NotificationState
from gql_app.commands import notifications as notification_commands
from gql_app.commands import serving as commands
from gql_app.commands.destinations import destinations
from gql_app.commands.importing import import_file
from gql_app.commands.runtime import (
    Dependencies,
    InvalidSettingsError,
    load_mock_settings,
    load_settings,
    make_data_dir,
    open_dependencies,
    run,
)
from gql_app.commands.screen.board import waiting
from gql_app.commands.screen.logs import logs_beside
from gql_app.commands.tokens import sign_token
from gql_app.graphql.schema import ApiSchema
from gql_app.http.observability import configure_logging
from gql_app.http.server import AddressError, bind
from gql_app.local.bundled_mock import BundledMockError
from gql_app.local.embedded_mongo import EmbeddedMongoError
from gql_app.settings import Settings
from services.errors import ServiceError
from services.ingestion.batches.files import FileFormat, to_columns
from services.notifications.reading import NotificationFilter

CANNOT_START = (
    AddressError,
    BundledMockError,
    DatabaseUnavailableError,
    EmbeddedMongoError,
    InvalidSettingsError,
    ServiceError,
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Ingests, classifies and analyses the support tickets of many tenants. Settings: see .env.example.",
)

notifications = typer.Typer(no_args_is_help=True, help="Look at the notifications of urgent tickets; redrive them.")
app.add_typer(notifications, name="notifications")
app.add_typer(destinations, name="destinations")


@app.command()
def serve() -> None:
    """Serve the API, and run a worker with it unless RUN_WORKER=false."""
    settings = load_settings()
    configure_logging(settings)
    with bind(settings.host, settings.port) as listener, open_dependencies(settings) as found:
        run(lambda stop: commands.serve(settings, found, listener, stop))


@app.command()
def worker() -> None:
    """Run ingestion jobs, without an API."""
    settings = _with_worker(load_settings())
    configure_logging(settings)
    make_data_dir(settings)
    with open_dependencies(settings) as found:
        run(lambda stop: commands.work(settings, found, stop))


@app.command()
def ingest(tenant: Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)]) -> None:
    """Run one tenant's ingestion and show its progress; joins the run if there is one already."""
    settings, console = _with_worker(load_settings()), Console()
    with logs_beside(console, settings, "ingest"), open_dependencies(settings) as found:
        completed = run(lambda stop: commands.ingest(settings, found, tenant, console, stop))
    raise typer.Exit(0 if completed else 1)


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, NDJSON or JSON array.")
    ],
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    column: Annotated[
        list[str] | None, typer.Option(help="COLUMN:FIELD, for each column with another name than the field.")
    ] = None,
    format: Annotated[FileFormat | None, typer.Option(help="Default: what the file's beginning shows.")] = None,
) -> None:
    """Store tickets from a file; sent again, it changes nothing. Exit code 1: some lines were rejected."""
    settings, console, columns = load_settings(), Console(), to_columns(column or [])
    with logs_beside(console, settings, "import"), open_dependencies(settings) as found:
        stored = run(
            lambda _: import_file(settings, found, console, path=file, tenant_id=tenant, columns=columns, form=format)
        )
    raise typer.Exit(0 if stored else 1)


@app.command()
def up(
    tenants: Annotated[
        list[str] | None, typer.Argument(help="Tenants to ingest; default: the sample tenants.", show_default=False)
    ] = None,
) -> None:
    """Start everything on this machine: MongoDB, the mock external API and the service, with sample data."""
    settings, console = _with_worker(load_settings()), Console()
    wanted = tenants or (list(load_mock_settings().tenants) if settings.uses_bundled_mock else [])
    with (
        logs_beside(console, settings, "up"),
        bind(settings.host, settings.port) as listener,
        _dependencies_awaited(settings, console) as found,
    ):
        run(lambda stop: commands.up(settings, found, listener, wanted, console, stop))


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    typer.echo(ApiSchema(load_settings()).as_str())


@app.command()
def token(
    tenants: Annotated[str, typer.Option(help="Which tenants it may see, separated by commas; * is all.")] = "*",
    scopes: Annotated[str, typer.Option(help="What it may do, separated by commas.")] = "tickets:read,ingest:run",
    minutes: Annotated[int, typer.Option(min=1, max=525_600, help="How long it is good for.")] = 60,
    subject: Annotated[str, typer.Option(help="Whose it is; requests are counted by that.")] = "developer",
) -> None:
    """Print a bearer token for AUTH_MODE=jwt, signed with JWT_SECRET; for development."""
    names = {"tenants": tenants.split(","), "scopes": scopes.split(",")}
    listed = {name: [part.strip() for part in parts if part.strip()] for name, parts in names.items()}
    typer.echo(sign_token(load_settings(), subject=subject, minutes=minutes, **listed))


@notifications.command("list")
def list_notifications(
    tenant: Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)],
    state: Annotated[NotificationState | None, typer.Option(help="Only those in this state.")] = None,
    destination: Annotated[str | None, typer.Option(help="Only those of this destination.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Only those of this ticket, by its id upstream.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show a tenant's notifications, newest first, and what those wait for that are pending."""
    settings, console = load_settings(), Console()
    configure_logging(settings)
    wanted = NotificationFilter(state=state, destination_id=destination, ticket_id=ticket)
    with open_dependencies(settings) as found:
        run(
            lambda _: notification_commands.show(
                settings, found, console, tenant_id=tenant, wanted=wanted, limit=limit, as_json=as_json
            )
        )


@notifications.command()
def redrive(
    notification: Annotated[
        str | None, typer.Argument(help="The notification's id; default: every dead letter.", show_default=False)
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only the dead letters of this tenant.")] = None,
    destination: Annotated[str | None, typer.Option(help="Only those of this destination.")] = None,
    status: Annotated[int | None, typer.Option(help="Only those whose last answer had this status.")] = None,
) -> None:
    """Send dead letters again; whoever runs a worker delivers them."""
    settings = load_settings()
    configure_logging(settings)
    wanted = NotificationFilter(destination_id=destination, last_status=status)
    with open_dependencies(settings) as found:
        count = run(
            lambda _: notification_commands.redrive(
                settings, found, notification_id=notification, tenant_id=tenant, wanted=wanted
            )
        )
    typer.echo(f"{count} redriven.")


def main() -> None:
    """Run the command line; what keeps a command from starting is told in one line."""
    try:
        app()
    except CANNOT_START as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)


@contextmanager
def _dependencies_awaited(settings: Settings, console: Console) -> Iterator[Dependencies]:
    with ExitStack() as shares:
        with waiting(console, "Starting MongoDB and the external API; after a crash MongoDB recovers first."):
            found = shares.enter_context(open_dependencies(settings))
        yield found


def _with_worker(settings: Settings) -> Settings:
    return settings.model_copy(update={"run_worker": True})
