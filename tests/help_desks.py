"""Stand-ins of tenants' help desks on a port, and what is stored of them against the truth."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI

from documents.connection import Connection
from documents.database import Database, Row
from documents.ingestion_job import IngestionJob
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.vocabulary import SourceKind
from mock_external_api.clock import Clock as DeskClock
from mock_external_api.github.app import create_github
from mock_external_api.github.desk import Desk as GithubDesk
from mock_external_api.github.settings import GithubSettings
from mock_external_api.zendesk.app import create_zendesk
from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.settings import ZendeskSettings
from resolvers.context import Services
from services.connections.changes import NewConnection
from tests.fakes import FakeClock
from tests.served import served
from tests.waiting import PATIENCE_SECONDS

TENANT = "acme"
TRACKED = ("status", "subject", "priority", "assignee", "tags")
Change = tuple[datetime, str, Any, Any]
"""When a field of a ticket changed, and from what to what."""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to know of a ticket."""

    is_deleted: bool
    values: Row
    replies: str | None
    changes: list[Change]
    """In the order in which they happened; of one moment, by field."""
    ends: list[tuple[datetime, str]]
    """When it was deleted and when it came back."""


@dataclass(slots=True)
class ReadDesk:
    """A stand-in of Zendesk whose time a test lets pass, and the tenant's connection to it."""

    desk: ZendeskDesk
    clock: FakeClock
    db: Database
    services: Services
    connection: Connection

    async def run(self) -> IngestionJob:
        """Read what has changed up to a minute ago."""
        return await run_over(self.services, self.connection)

    def advance(self, seconds: float) -> None:
        """Let time pass at the help desk."""
        self.clock.advance(seconds)

    async def stored(self) -> dict[str, Known]:
        """What is stored, by ticket."""
        rows = await self.db.collection(Ticket).find({"tenant_id": TENANT}).to_list(None)
        history = await self.db.collection(TicketHistory).find({}).sort([("recorded_at", 1), ("_id", 1)]).to_list(None)
        return {row["external_id"]: _stored(row, history) for row in rows}

    def truth(self) -> dict[str, Known]:
        """What there is to know."""
        names = {number: user.name for number, user in self.desk.book.people.by_id.items()}
        return {f"zendesk:{number}": _true(each, names) for number, each in self.desk.truth().items()}


@dataclass(slots=True)
class ReadRepository:
    """A stand-in of GitHub whose time a test lets pass, and the tenant's connection to it."""

    app: FastAPI
    clock: FakeClock
    db: Database
    services: Services
    connection: Connection

    @property
    def desk(self) -> GithubDesk:
        """The model behind it."""
        desk: GithubDesk = self.app.state.desk
        return desk

    async def run(self) -> IngestionJob:
        """Read what has changed up to a minute ago."""
        return await run_over(self.services, self.connection)

    async def stored(self) -> dict[str, Row]:
        """The tickets."""
        rows = await self.db.collection(Ticket).find({"tenant_id": TENANT}).to_list(None)
        return {row["external_id"]: row for row in rows}

    async def happened(self, external_id: str, field: str) -> list[tuple[datetime, str, Any, Any]]:
        """What the history tells of a field, and of deletions and returns."""
        rows = self.db.collection(TicketHistory).find({"ticket_id": external_id}).sort([("recorded_at", 1), ("_id", 1)])
        told = [(each["occurred_at"], each["action"], each["changes"].get(field)) for each in await rows.to_list(None)]
        return [
            (at, action, *((change["old"], change["new"]) if change else (None, None)))
            for at, action, change in told
            if change or action in ("deleted", "restored")
        ]


async def run_over(services: Services, connection: Connection) -> IngestionJob:
    """Run once over a connection; a worker has to run."""
    job = await services.jobs.start(TENANT, connections=[connection.id])
    assert services.worker is not None
    services.worker.wake()
    return await services.jobs.wait(job.id, seconds=PATIENCE_SECONDS)


@asynccontextmanager
async def github_repository(db: Database, services: Services, **settings: Any) -> AsyncIterator[ReadRepository]:
    """A repository that begins a month ago, without issues unless told; a worker has to run."""
    clock = FakeClock((datetime.now(UTC) - timedelta(days=30)).replace(microsecond=0))
    desk_clock = DeskClock(now=lambda: clock.moment, monotonic=clock.monotonic)
    app = create_github(GithubSettings(**{"issue_count": 0, **settings}), desk_clock)
    async with served(app) as url:
        access = {"base_url": url, "repository": "acme/support", "requests_per_minute": "0"}
        new = NewConnection(TENANT, SourceKind.GITHUB, access, {"token": "github_pat_standin"})
        yield ReadRepository(app, clock, db, services, await services.connections.create(new))


@asynccontextmanager
async def zendesk_desk(db: Database, services: Services, **settings: Any) -> AsyncIterator[ReadDesk]:
    """A help desk that begins a month ago, without tickets and limits unless told; a worker has to run."""
    clock = FakeClock((datetime.now(UTC) - timedelta(days=30)).replace(microsecond=0))
    desk_clock = DeskClock(now=lambda: clock.moment, monotonic=clock.monotonic)
    usual: dict[str, Any] = {"ticket_count": 0, "requests_per_minute": 0, "incremental_per_minute": 0}
    app = create_zendesk(ZendeskSettings(**{**usual, **settings}), desk_clock)
    async with served(app) as url:
        access = {"base_url": url, "email": "admin@acme.example", "requests_per_minute": "0"}
        secrets = {"api_token": "zendesk-api-token"}
        new = NewConnection(TENANT, SourceKind.ZENDESK, access, secrets)
        yield ReadDesk(app.state.desk, clock, db, services, await services.connections.create(new))


def _by_moment(change: Change) -> tuple[datetime, str]:
    return change[:2]


def _stored(row: Row, history: list[Row]) -> Known:
    own = [each for each in history if each["ticket_id"] == row["external_id"]]
    changes = [
        (each["occurred_at"], name, change["old"], change["new"])
        for each in own
        if each["action"] in ("updated", "restored")
        for name, change in sorted(each["changes"].items())
        if name in TRACKED
    ]
    changes.sort(key=_by_moment)
    ends = [(each["occurred_at"], each["action"]) for each in own if each["action"] in ("deleted", "restored")]
    values = {name: row.get(name) or None for name in TRACKED}
    return Known(row.get("deleted_at") is not None, values, row.get("replies") or None, changes, ends)


def _true(ticket: Any, names: dict[int, str]) -> Known:
    record = ticket.record

    def seen(field: str, value: Any) -> Any:
        match field:
            case "assignee_id":
                return None if value is None else names[value]
            case "status" | "priority":
                return None if value in (None, "deleted") else value.lower()
        return value or None

    fields = {("assignee_id" if name == "assignee" else name): name for name in TRACKED}
    changes, ends = [], []
    named = {change.field for change in ticket.history}
    for number, (at, field, old, new) in enumerate(ticket.history):
        if number < len(named):  # the first values of all fields
            continue
        moment = datetime.fromtimestamp(at, UTC)
        if field == "status" and "deleted" in (old, new):
            ends.append((moment, "deleted" if new == "deleted" else "restored"))
        elif field in fields and seen(field, old) != seen(field, new):
            changes.append((moment, fields[field], seen(field, old), seen(field, new)))
    changes.sort(key=_by_moment)
    values = {fields[name]: seen(name, record[name]) for name in fields}
    theirs = [each.body for each in ticket.comments[1:] if each.public and each.author_id == record["requester_id"]]
    return Known(ticket.deleted, values, "\n\n".join(theirs) or None, changes, ends)
