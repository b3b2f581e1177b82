"""Tenants' access to their help desks: `python -m gql_app connections ...`."""

import sys
from collections.abc import Sequence
from datetime import datetime
from getpass import getpass
from operator import attrgetter

import typer

from documents.vocabulary import SourceKind
from gql_app.commands.data.contexts import asking
from gql_app.commands.data.output import print_fields, print_json, print_list
from gql_app.commands.runtime import Means
from gql_app.rest.answers.connections import CheckAnswer, ConnectionAnswer
from resolvers import connections as resolvers
from services.connections.changes import ConnectionChange, NewConnection
from services.errors import InvalidInputError
from services.kit.moments import read_moment


async def add_connection(
    means: Means,
    *,
    tenant_id: str,
    source: SourceKind,
    settings: Sequence[str],
    secrets: Sequence[str],
    schedule_minutes: int | None,
    announce_from: str | None,
    as_json: bool,
) -> int:
    """Add a connection.

    Raises:
        InvalidInputError, AddressRefusedError, ConflictError, SecretsKeyError: as of `create_connection`.
    """
    given, moment = _named(settings), _moment(announce_from)
    new = NewConnection(tenant_id, source, given, _read_secrets(secrets), schedule_minutes, moment)
    async with asking(means) as context:
        made = await resolvers.create_connection(context, new)
    print_fields(ConnectionAnswer.of(made), as_json=as_json)
    return 0


async def show_connections(means: Means, *, tenant_id: str, as_json: bool) -> int:
    """Print a tenant's connections, oldest first."""
    async with asking(means) as context:
        found = await resolvers.list_connections(context, tenant_id)
    print_list(
        [ConnectionAnswer.of(each) for each in found],
        {
            "id": attrgetter("id"),
            "source": lambda each: each.source.value,
            "account": attrgetter("account"),
            "state": lambda each: each.state.value,
            "minutes": lambda each: each.schedule_minutes,
            "last_success_at": lambda each: each.last_success_at,
            "problem": lambda each: each.problem and each.problem.value,
        },
        as_json=as_json,
        nothing="It has none of its own: its tickets come from the operator's external API.",
    )
    return 0


async def show_connection(means: Means, *, connection_id: str, as_json: bool) -> int:
    """Print a connection.

    Raises:
        ConnectionNotFoundError: there is none with this id.
    """
    async with asking(means) as context:
        found = await resolvers.get_connection(context, connection_id)
    print_fields(ConnectionAnswer.of(found), as_json=as_json)
    return 0


async def alter_connection(
    means: Means,
    *,
    connection_id: str,
    settings: Sequence[str],
    secrets: Sequence[str],
    schedule_minutes: int | None,
    announce_from: str | None,
    as_json: bool,
) -> int:
    """Change a connection.

    Raises:
        ConnectionNotFoundError: there is none with this id.
        InvalidInputError, AddressRefusedError, ConflictError, SecretsKeyError: as of `create_connection`.
    """
    given, moment = _named(settings), _moment(announce_from)
    change = ConnectionChange(given, _read_secrets(secrets), schedule_minutes, moment)
    async with asking(means) as context:
        changed = await resolvers.change_connection(context, connection_id, change)
    print_fields(ConnectionAnswer.of(changed), as_json=as_json)
    return 0


async def try_out_connection(
    means: Means, *, connection_id: str, settings: Sequence[str], secrets: Sequence[str], as_json: bool
) -> int:
    """Check a connection, as it is or as a change would make it; 1 if it does not work.

    Raises:
        ConnectionNotFoundError: there is none with this id.
        InvalidInputError, AddressRefusedError, ConflictError, SecretsKeyError: as of `change_connection`.
    """
    change = ConnectionChange(_named(settings), _read_secrets(secrets))
    async with asking(means) as context:
        answer = CheckAnswer.of(await resolvers.check_connection(context, connection_id, change))
    if as_json:
        print_json(answer)
    else:
        typer.echo(answer.detail)
    return 0 if answer.ok else 1


async def remove_connection(means: Means, *, connection_id: str, as_json: bool) -> int:
    """Remove a connection, and print what it was.

    Raises:
        ConnectionNotFoundError: there is none with this id.
    """
    async with asking(means) as context:
        removed = await resolvers.delete_connection(context, connection_id)
    if as_json:
        print_json(ConnectionAnswer.of(removed))
    else:
        typer.echo(f"{removed.id} removed.")
    return 0


def _named(settings: Sequence[str]) -> dict[str, str]:
    named = {}
    for each in settings:
        name, equals, value = each.partition("=")
        if not equals:
            raise InvalidInputError("A setting is given as --set NAME=VALUE.")
        named[name.strip()] = value
    return named


def _read_secrets(names: Sequence[str]) -> dict[str, str]:
    """The secrets: arguments could be seen by other users of the machine, and what is typed by who looks on."""
    if any("=" in name for name in names):
        raise InvalidInputError("--secret takes the name alone; the secret is asked for, or read from standard input.")
    if sys.stdin.isatty():
        return {name: getpass(f"{name}: ") for name in names}
    return {name: sys.stdin.readline().strip() for name in names}


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else read_moment(text)
    except ValueError as error:
        raise InvalidInputError(f"--announce-from {error}.") from error
