"""Tenants' own destinations: `python -m gql_app destinations ...`."""

import sys
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import typer

from documents.vocabulary import DestinationFormat
from gql_app.commands.data.contexts import asking
from gql_app.commands.data.output import as_text, print_json, print_list
from gql_app.commands.runtime import Means
from gql_app.rest.answers.destinations import DestinationAnswer, SavedAnswer, TestAnswer
from resolvers import destinations as resolvers
from services.notifications.receivers.changes import DestinationChange


async def add_destination(
    means: Means,
    *,
    tenant_id: str,
    url: str,
    format_: DestinationFormat,
    reads_secret: bool,
    digest_above: int | None,
    spikes: bool,
    as_json: bool,
) -> int:
    """Add a destination.

    Raises:
        AddressRefusedError, InvalidSecretError, InvalidInputError, ConflictError, SecretsKeyError: as of
            `create_destination`.
    """
    address, secret = _line() if url == "-" else url, _line() if reads_secret else None
    async with asking(means) as context:
        saved = await resolvers.create_destination(
            context, tenant_id, address, format_, secret=secret, digest_above=digest_above or None, spikes=spikes
        )
    _print_saved(SavedAnswer.of_saved(saved), as_json=as_json)
    return 0


async def show_destinations(means: Means, *, tenant_id: str, as_json: bool) -> int:
    """Print a tenant's destinations, oldest first."""
    async with asking(means) as context:
        found = await resolvers.list_destinations(context, tenant_id)
    _print(*map(DestinationAnswer.of, found), as_json=as_json)
    return 0


async def alter_destination(
    means: Means,
    *,
    destination_id: str,
    url: str | None,
    reads_secret: bool,
    changes: Mapping[str, Any],
    as_json: bool,
) -> int:
    """Change a destination.

    Raises:
        DestinationNotFoundError: there is none with this id.
        AddressRefusedError, InvalidSecretError, InvalidInputError, SecretsKeyError: as of `create_destination`.
    """
    address, secret = _line() if url == "-" else url, _line() if reads_secret else None
    async with asking(means) as context:
        wanted = DestinationChange(url=address, secret=secret, **changes)
        saved = await resolvers.change_destination(context, destination_id, wanted)
    _print_saved(SavedAnswer.of_saved(saved), as_json=as_json)
    return 0


async def remove_destination(means: Means, *, destination_id: str, as_json: bool) -> int:
    """Remove a destination, and print what it was.

    Raises:
        DestinationNotFoundError: there is none with this id.
    """
    async with asking(means) as context:
        removed = await resolvers.delete_destination(context, destination_id)
    if as_json:
        print_json(DestinationAnswer.of(removed))
    else:
        typer.echo(f"{removed.id} removed.")
    return 0


async def test_destination(means: Means, *, destination_id: str, as_json: bool) -> int:
    """Send an example; 1 if it is not taken.

    Raises:
        DestinationNotFoundError: there is none with this id.
        SecretsKeyError: its secrets cannot be read.
    """
    async with asking(means) as context:
        answer = TestAnswer.of(await resolvers.try_destination(context, destination_id))
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"Taken, status {answer.status}." if answer.ok else f"Not taken: {as_text(answer.detail)}")
    return 0 if answer.ok else 1


def _line() -> str:
    """A secret is not given as an argument, which other users of the machine can see."""
    return sys.stdin.readline().strip()


def _print(*destinations: DestinationAnswer, as_json: bool) -> None:
    print_list(
        destinations,
        {
            "id": attrgetter("id"),
            "format": lambda each: each.format.value,
            "digest": lambda each: each.digest_above,
            "spikes": lambda each: each.spikes,
            "paused": lambda each: each.is_paused,
            "url": attrgetter("url"),
        },
        as_json=as_json,
        nothing="It has none of its own: its alerts go to the operator's notifier.",
    )


def _print_saved(saved: SavedAnswer, *, as_json: bool) -> None:
    _print(saved, as_json=as_json)
    if saved.secret is not None and not as_json:
        typer.echo(f"secret, never shown again: {saved.secret}")
