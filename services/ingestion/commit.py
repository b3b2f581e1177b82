"""Storing one page: tickets, history, outbox, quarantine and the checkpoint, in one transaction under the lease."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pymongo.errors import BulkWriteError

from documents.database import Database, Row, Session
from documents.ingestion_job import IngestionJob
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.coordination.leases import Leases
from services.ingestion.diff import STORED_FIELDS, PageChanges, Position, find_changes
from services.ingestion.run import FetchedPage, Run
from services.kit.clock import Clock
from services.notifications.outbox import ANNOUNCE_ALL, AnnouncementPolicy
from services.rollups.write import Rollups
from services.sources.standard.next_page import Step, page_count
from services.sources.standard.records import PageRecords, sort_records
from services.tenancy import owned

_MAX_REPLANS = 3
"""How often a page is compared anew because another program inserted one of its tickets meanwhile."""


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A page with everything decided, and nothing written yet."""

    fetched: FetchedPage
    step: Step
    """Where it leads."""
    at: Position
    records: PageRecords
    changes: PageChanges

    def shares_tickets_with(self, other: "PreparedPage") -> bool:
        """Whether both pages show the same ticket, so that what one of them writes changes what the other must."""
        return not self.records.own.keys().isdisjoint(other.records.own)


class PageStore:
    """Prepares and commits pages."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        rollups: Rollups,
        clock: Clock,
        *,
        page_size: int,
        announce: AnnouncementPolicy = ANNOUNCE_ALL,
        on_urgent: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_urgent` is told when a page with urgent tickets is stored; it must return at once."""
        self._database = database
        self._leases = leases
        self._rollups = rollups
        self._clock = clock
        self._page_size = page_size
        self._announce = announce
        self._on_urgent = on_urgent
        self._jobs = database.collection(IngestionJob)
        self._tickets = database.collection(Ticket)

    async def prepare(self, run: Run, fetched: FetchedPage, step: Step) -> PreparedPage:
        """Validate the records, classify them, and compare them with what is stored.

        In a thread: it takes some 15 ms of computing a page, in which this process has requests to answer, and the
        page before may be on its way into the database.
        """
        at = Position(run.tenant_id, run.job.id, fetched.number, self._clock.now(), self._announce)
        records = await asyncio.to_thread(sort_records, fetched.page.tickets, run.tenant_id)
        stored = await self._stored(run.tenant_id, list(records.own))
        changes = await asyncio.to_thread(find_changes, records.own, stored, at)
        return PreparedPage(fetched, step, at, records, changes)

    async def commit(self, run: Run, page: PreparedPage) -> None:
        """Store the page whole or not at all, with the counts and the checkpoint that go with it.

        Raises:
            LeaseLostError: somebody else is the tenant's writer now; nothing was written.
        """
        for attempt in range(1, _MAX_REPLANS + 1):
            try:
                await self._write(run, page)
            except BulkWriteError:
                if attempt == _MAX_REPLANS:
                    raise
                page = await self.prepare(run, page.fetched, page.step)
            else:
                if page.changes.notifications:
                    self._on_urgent()
                return

    async def _stored(self, tenant_id: str, external_ids: list[str]) -> dict[str, Row]:
        """What we have of these tickets. Read outside the transaction: under the lease nobody else writes them."""
        if not external_ids:
            return {}
        cursor = self._tickets.find(
            owned(tenant_id, external_id={"$in": external_ids}), dict.fromkeys(STORED_FIELDS, 1)
        )
        return {row["external_id"]: row for row in await cursor.to_list(None)}

    async def _write(self, run: Run, page: PreparedPage) -> None:
        at, changes = page.at, page.changes
        rejected = _quarantine_rows(at, page.records)
        progress = self._progress(page)

        async def work(session: Session) -> None:
            # History and outbox first: where there are no transactions, a crash may repeat a row, which its id
            # prevents, but can never lose one.
            if changes.history:
                await self._database.insert_new(TicketHistory, changes.history, session)
            if changes.notifications:
                await self._database.insert_new(Notification, changes.notifications, session)
            if rejected:
                await self._database.insert_new(QuarantinedRecord, rejected, session)
            await self._rollups.take_back(at.tenant_id, changes.recounted, session)
            if changes.tickets:
                await self._tickets.bulk_write(changes.tickets, ordered=False, session=session)
            if changes.seen:
                await self._tickets.update_many(
                    owned(at.tenant_id, external_id={"$in": changes.seen}),
                    {"$set": {"seen_by_job": at.job_id}},
                    session=session,
                )
            await self._jobs.update_one({"_id": at.job_id}, progress, session=session)

        await self._leases.write(run.lease, work)

    def _progress(self, page: PreparedPage) -> Row:
        """The checkpoint and the counts of this page."""
        fetched, records, changes = page.fetched, page.records, page.changes
        total = fetched.page.total_count
        notes = [page.step.irregularity] if page.step.irregularity else []
        repeated = changes.duplicates + records.duplicates
        if repeated:
            notes.append(f"page {fetched.number} repeats {repeated} tickets: the list moved while it was read")
        checkpoint: Row = {
            "$set": {
                "next_page": page.step.next_page,
                "attempts": 0,
                "upstream_total": total,
                "total_pages": max(fetched.number, page_count(total, self._page_size) or 0),
            },
            "$inc": {
                **changes.counts.model_dump(exclude={"skipped", "errors", "deleted"}),
                "skipped": records.foreign,
                "errors": len(records.rejected),
                "processed_pages": 1,
                "records_seen": len(fetched.page.tickets),
                "retries": fetched.retries,
            },
            "$currentDate": {"heartbeat_at": True},
        }
        if notes:
            checkpoint["$push"] = {"irregularities": {"$each": notes, "$slice": 20}}
        return checkpoint


def _quarantine_rows(at: Position, records: PageRecords) -> list[Row]:
    return [
        {
            "_id": f"{at.job_id}:{at.page}:{rejected.position}",
            "tenant_id": at.tenant_id,
            "job_id": at.job_id,
            "page": at.page,
            "position": rejected.position,
            "external_id": rejected.external_id,
            "reason": rejected.reason,
            "raw": rejected.raw,
            # On a page that mixes tenants, a record that names none may be anybody's.
            "attributed": rejected.names_tenant or records.foreign == 0,
            "recorded_at": at.now,
        }
        for rejected in records.rejected
    ]
