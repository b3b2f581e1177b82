"""The commands about tenants' own destinations: `python -m gql_app destinations ...`."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from documents.destination import Destination, DestinationFormat
from gql_app.commands.runtime import Dependencies, load_settings, open_dependencies, run
from gql_app.http.observability import configure_logging
from gql_app.settings import Settings
from gql_app.wiring import open_services
from resolvers import destinations as resolvers
from resolvers.context import Context
from services.access import EVERYONE
from services.notifications.receivers.answers import Attempt, Verdict
from services.notifications.receivers.changes import DestinationChange, SavedDestination

T = TypeVar("T")

destinations = typer.Typer(no_args_is_help=True, help="Where tenants want their urgent tickets announced.")

DestinationId = Annotated[str, typer.Argument(help="The destination's id.", show_default=False)]
FromInput = typer.Option("--secret-from-input", help="Read the signing secret (whsec_...) from standard input.")
DigestAbove = Annotated[
    int | None, typer.Option(help="Send more alerts than that within a minute together; 0: never.", show_default=False)
]


@destinations.command()
def add(
    tenant: Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)],
    url: Annotated[str, typer.Argument(help="Where to send; - reads it from standard input.", show_default=False)],
    format_: Annotated[DestinationFormat, typer.Option("--format", help="What to send.")] = DestinationFormat.WEBHOOK,
    secret_from_input: Annotated[bool, FromInput] = False,
    digest_above: DigestAbove = None,
) -> None:
    """Add a destination; for a webhook without a secret one is made, and shown this once."""
    address = _line() if url == "-" else url
    secret = _line() if secret_from_input else None

    async def work(context: Context) -> SavedDestination:
        return await resolvers.create_destination(
            context, tenant, address, format_, secret=secret, digest_above=digest_above or None
        )

    _print_saved(_run(work))


@destinations.command("list")
def list_all(tenant: Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)]) -> None:
    """Show a tenant's destinations, oldest first."""

    async def work(context: Context) -> list[Destination]:
        return await resolvers.list_destinations(context, tenant)

    for destination in _run(work):
        _print(destination)


@destinations.command()
def change(
    destination: DestinationId,
    url: Annotated[str | None, typer.Option(help="Another address; - reads it from standard input.")] = None,
    secret_from_input: Annotated[bool, FromInput] = False,
    rotate_secret: Annotated[bool, typer.Option("--rotate-secret", help="Make another secret.")] = False,
    digest_above: DigestAbove = None,
    paused: Annotated[bool | None, typer.Option("--pause/--resume", help="Whether what is for it waits.")] = None,
) -> None:
    """Change a destination. A secret that is replaced stays valid beside the new one for 24 hours."""
    wanted = DestinationChange(
        url=_line() if url == "-" else url,
        secret=_line() if secret_from_input else None,
        rotate_secret=rotate_secret,
        digest_above=digest_above,
        is_paused=paused,
    )

    async def work(context: Context) -> SavedDestination:
        return await resolvers.change_destination(context, destination, wanted)

    _print_saved(_run(work))


@destinations.command()
def remove(destination: DestinationId) -> None:
    """Remove a destination; what waits for it becomes dead letters."""

    async def work(context: Context) -> Destination:
        return await resolvers.delete_destination(context, destination)

    typer.echo(f"{_run(work).id} removed.")


@destinations.command()
def test(destination: DestinationId) -> None:
    """Send an example, once; exits with 1 if it is not taken."""

    async def work(context: Context) -> Attempt:
        return await resolvers.try_destination(context, destination)

    attempt = _run(work)
    taken = attempt.verdict is Verdict.DELIVERED
    typer.echo(f"Taken, status {attempt.status}." if taken else f"Not taken: {attempt.detail}")
    raise typer.Exit(0 if taken else 1)


def _run(work: Callable[[Context], Awaitable[T]]) -> T:
    settings = load_settings()
    configure_logging(settings)
    with open_dependencies(settings) as found:
        return run(lambda _: _in_context(settings, found, work))


async def _in_context(settings: Settings, found: Dependencies, work: Callable[[Context], Awaitable[T]]) -> T:
    async with open_services(settings, mongo_url=found.mongo_url, external_api_url=found.external_api_url) as services:
        return await work(Context(services, EVERYONE))


def _line() -> str:
    """A secret is not given as an argument, which other users of the machine can see."""
    return sys.stdin.readline().strip()


def _print(destination: Destination) -> None:
    digest = f", digest above {destination.digest_above}" if destination.digest_above else ""
    paused = ", paused" if destination.is_paused else ""
    typer.echo(f"{destination.id}  {destination.format.value}{digest}{paused}  {destination.shown_url}")


def _print_saved(saved: SavedDestination) -> None:
    _print(saved.destination)
    if saved.secret is not None:
        typer.echo(f"secret, never shown again: {saved.secret}")
