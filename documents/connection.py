"""Tenants' access to their help desks. What lets us in is stored sealed."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, IndexModel

from documents.vocabulary import ConnectionState, SourceKind, SourceProblem

__all__ = ["Connection", "ConnectionState", "SourceKind", "SourceProblem"]


class Connection(Document):
    """One tenant's access to one account of a source.

    A removed one stays without settings and secrets, and is shown to nobody: its account keeps its prefix, so that
    tickets which were stored under it are never taken for another account's.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    source: SourceKind
    settings: dict[str, str]
    """What is no secret, by the names in `services/connections/kinds.py`."""
    sealed_secrets: dict[str, str]
    account: str
    """What is read, for instance `acme.zendesk.com`: it has one budget of requests, and its tickets one prefix."""
    prefix: str
    """What stands before the ids of its tickets, and a colon; empty: neither."""
    schedule_minutes: int | None = None
    """How often it is read; None: only when somebody asks for it."""
    announce_from: datetime
    """Tickets that were created before are stored, and announced to nobody."""
    cursor: int | str | None = None
    """Where the next run begins, in the source's words; None: at the beginning."""
    full_at: datetime | None = None
    """When a run has ended last that has seen all there is."""
    state: ConnectionState = ConnectionState.NEW
    problem: SourceProblem | None = None
    """Why the last run has failed."""
    problem_detail: str | None = None
    """The same in our words, with what was received."""
    failures: int = 0
    """Runs that failed one after the other, up to the last one."""
    last_run_at: datetime | None = None
    last_success_at: datetime | None = None
    next_run_at: datetime | None = None
    """When the schedule reads it next; None: it has none."""
    created_at: datetime
    updated_at: datetime
    """When people changed it last; runs do not count."""
    removed_at: datetime | None = None

    class Settings:
        """Collection and indexes."""

        name = "connections"
        indexes = [
            IndexModel(
                [("tenant_id", ASCENDING), ("created_at", ASCENDING), ("_id", ASCENDING)], name="tenant_created"
            ),
            IndexModel([("next_run_at", ASCENDING)], name="next_run"),
            IndexModel(
                [("tenant_id", ASCENDING), ("source", ASCENDING), ("account", ASCENDING)],
                name="tenant_account",
                unique=True,
            ),
            IndexModel([("tenant_id", ASCENDING), ("prefix", ASCENDING)], name="tenant_prefix", unique=True),
        ]
