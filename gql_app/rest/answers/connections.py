"""What the REST routes about connections answer."""

from datetime import datetime
from typing import Self

from documents.connection import Connection
from documents.vocabulary import ConnectionState, SourceKind, SourceProblem
from gql_app.rest.answers.base import Answer
from services.connections.checking import CheckOutcome


class ConnectionAnswer(Answer):
    """A connection, without its secrets."""

    id: str
    tenant_id: str
    source: SourceKind
    settings: dict[str, str]
    secret_names: list[str]
    """Which secrets it has."""
    account: str
    """What is read. Connections to the same account share its limit of requests."""
    prefix: str
    """What stands before the ids of its tickets, and a colon; empty: neither."""
    schedule_minutes: int | None
    announce_from: datetime
    state: ConnectionState
    problem: SourceProblem | None
    """Why the last run has failed."""
    problem_detail: str | None
    failures: int
    """Runs that failed one after the other, up to the last one."""
    last_run_at: datetime | None
    last_success_at: datetime | None
    next_run_at: datetime | None
    """When the schedule reads it next."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, stored: Connection) -> Self:
        """The answer for a connection."""
        names = cls.model_fields.keys() - {"secret_names"}
        shown = {name: getattr(stored, name) for name in names}
        return cls.model_validate({**shown, "secret_names": list(stored.sealed_secrets)})


class ConnectionList(Answer):
    """A tenant's connections, oldest first; at most 10."""

    connections: list[ConnectionAnswer]


class CheckAnswer(Answer):
    """What came of a check."""

    ok: bool
    """Whether the credential was taken, and what came could be read."""
    detail: str
    problem: SourceProblem | None
    """What is wrong, as far as it is known what."""

    @classmethod
    def of(cls, outcome: CheckOutcome) -> Self:
        """The answer for an outcome."""
        return cls.model_validate(outcome)
