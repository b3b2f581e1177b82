"""From what the services know of connections to what clients see, and back."""

from collections.abc import Iterable
from dataclasses import replace

from documents.connection import Connection, SourceKind
from schema.connections.types import (
    ChangeConnectionInput,
    CheckConnectionInput,
    ConnectedSource,
    ConnectionSetting,
    ConnectionValueInput,
    CreateConnectionInput,
    OfferedSource,
    SourceNeed,
    TryConnectionInput,
)
from services.connections.changes import ConnectionChange, NewConnection
from services.connections.kinds import SourceNeeds
from services.errors import InvalidInputError

_CONVERTED = {"connection_id", "settings", "secret_names", "advice"}
_SHARED = [name for name in ConnectedSource.__annotations__ if name not in _CONVERTED]


def to_connection(stored: Connection) -> ConnectedSource:
    """A stored connection as clients see it."""
    return ConnectedSource(
        connection_id=stored.id,
        settings=[ConnectionSetting(name=name, value=value) for name, value in stored.settings.items()],
        secret_names=list(stored.sealed_secrets),
        advice=stored.problem and stored.problem.description,
        **{name: getattr(stored, name) for name in _SHARED},
    )


def to_offered(source: SourceKind, kind: SourceNeeds) -> OfferedSource:
    """What a kind of source is told, for a form."""
    needs = [
        SourceNeed(
            instead_of=sorted(kind.rivals([need.name])),
            needed_with=kind.needed_with(need.name),
            **{
                name: getattr(need, name)
                for name in ("name", "description", "expected", "is_secret", "is_required", "default")
            },
        )
        for need in kind.needs
    ]
    return OfferedSource(source=source, description=source.description, needs=needs)


def to_new_connection(wanted: CreateConnectionInput) -> NewConnection:
    """A connection to add.

    Raises:
        InvalidInputError: something is given twice.
    """
    return replace(
        to_tried_connection(wanted), schedule_minutes=wanted.schedule_minutes, announce_from=wanted.announce_from
    )


def to_tried_connection(wanted: TryConnectionInput | CreateConnectionInput) -> NewConnection:
    """A connection to try.

    Raises:
        InvalidInputError: something is given twice.
    """
    settings, secrets = (
        {name: value or "" for name, value in _by_name(given).items()} for given in (wanted.settings, wanted.secrets)
    )
    return NewConnection(wanted.tenant_id, wanted.source, settings, secrets)


def to_connection_change(wanted: ChangeConnectionInput) -> ConnectionChange:
    """What is to be changed.

    Raises:
        InvalidInputError: something is given twice.
    """
    return replace(
        to_tried_change(wanted), schedule_minutes=wanted.schedule_minutes, announce_from=wanted.announce_from
    )


def to_tried_change(wanted: CheckConnectionInput | ChangeConnectionInput) -> ConnectionChange:
    """A change to try.

    Raises:
        InvalidInputError: something is given twice.
    """
    return ConnectionChange(_by_name(wanted.settings), _by_name(wanted.secrets))


def _by_name(given: Iterable[ConnectionValueInput]) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for each in given:
        if each.name in values:
            raise InvalidInputError("One name is given more than once.")
        values[each.name] = each.value
    return values
