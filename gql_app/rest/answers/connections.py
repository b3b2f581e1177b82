"""What the REST routes about connections answer."""

from datetime import datetime
from typing import Self

from documents.connection import Connection
from documents.vocabulary import ConnectionState, SourceKind, SourceProblem
from gql_app.rest.answers.base import Answer
from services.connections.checking import CheckOutcome
from services.connections.kinds import Need, SourceNeeds


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
    advice: str | None
    """What the problem means, and what to do."""
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
        made = {"secret_names": list(stored.sealed_secrets), "advice": stored.problem and stored.problem.description}
        return cls.model_validate({name: getattr(stored, name) for name in cls.model_fields.keys() - made} | made)


class ConnectionList(Answer):
    """A tenant's connections, oldest first; at most 10."""

    connections: list[ConnectionAnswer]


class NeedAnswer(Answer):
    """A setting or a secret of a source."""

    name: str
    description: str
    expected: str
    """What it must be, as the end of a sentence."""
    is_secret: bool
    is_required: bool
    default: str | None
    instead_of: list[str]
    """Of it and these, exactly one has to be given."""
    needed_with: list[str]
    """It has to be given if one of these is."""

    @classmethod
    def of(cls, kind: SourceNeeds, need: Need) -> Self:
        """The answer for one of a kind's needs."""
        made = {"instead_of": sorted(kind.rivals([need.name])), "needed_with": kind.needed_with(need.name)}
        return cls.model_validate({name: getattr(need, name) for name in cls.model_fields.keys() - made} | made)


class SourceAnswer(Answer):
    """A kind of source that can be connected, and what it is told."""

    source: SourceKind
    description: str
    needs: list[NeedAnswer]

    @classmethod
    def of(cls, source: SourceKind, kind: SourceNeeds) -> Self:
        """The answer for a kind."""
        needs = [NeedAnswer.of(kind, need) for need in kind.needs]
        return cls(source=source, description=source.description, needs=needs)


class SourceList(Answer):
    """All that can be connected."""

    sources: list[SourceAnswer]


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
