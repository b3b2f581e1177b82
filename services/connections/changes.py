"""What is asked of connections, and what comes of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from documents.connection import Connection
from documents.vocabulary import SourceKind
from services.connections.kinds import SOURCE_NEEDS, Named, address_of
from services.errors import NotFoundError


class ConnectionNotFoundError(NotFoundError):
    """There is no connection with this id."""

    def __init__(self, connection_id: str) -> None:
        super().__init__(f"There is no connection {connection_id!r}.")


@dataclass(frozen=True, slots=True)
class NewConnection:
    """A connection to add."""

    tenant_id: str
    source: SourceKind
    settings: Named
    secrets: Named = field(default_factory=dict, repr=False)
    schedule_minutes: int | None = None
    announce_from: datetime | None = None
    """None: from the moment at which it is added."""


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """What is to be changed; what is left out, or None, stays."""

    settings: Mapping[str, str | None] = field(default_factory=dict)
    """By name; None takes one away. One that excludes a present one takes its place."""
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    schedule_minutes: int | None = None
    """0: no schedule any more."""
    announce_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenedConnection:
    """A connection with what lets us in."""

    connection: Connection
    secrets: Named = field(repr=False)

    @property
    def address(self) -> str:
        """Where requests go, without a slash at the end."""
        return address_of(self.connection.source, self.connection.settings)


def changed(source: SourceKind, present: Named, change: Mapping[str, str | None]) -> dict[str, str]:
    """Settings or secrets after a change; what is taken away is blank."""
    given = {name: text or "" for name, text in change.items()}
    rivals = SOURCE_NEEDS[source].rivals(name for name, text in given.items() if text.strip())
    return {name: text for name, text in present.items() if name not in rivals} | given
