"""Storing one portion of a page: tickets, history, outbox, quarantine and the checkpoint, in one transaction."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import structlog
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from documents.connection import Connection
from documents.database import Database, Row, Session
from documents.erased_ticket import ErasedTicket
from documents.ingestion_job import IngestionJob
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.staged_detail import StagedDetail
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.transactions import Ending, PlainSession
from documents.writes import Writes, new_rows
from services.classification.judging import Judge
from services.coordination.leases import Leases
from services.ingestion.courses.course import Step
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.diff import STORED_FIELDS, find_changes
from services.ingestion.pages.history import Position
from services.ingestion.pages.portions import Portion
from services.ingestion.pages.progress import (
    after_stored,
    counted,
    cursor_move,
    figures,
    progress,
    remarked,
    sightings,
    untold,
)
from services.ingestion.pages.protected import Protected
from services.ingestion.pages.quarantine import find_mended, quarantine_writes
from services.ingestion.pages.staging import Staging, used
from services.ingestion.run import Run, StoppedError, StopReason
from services.judging.corrections import CorrectedMeanwhileError, demand_no_other
from services.judging.judges import JudgedMeanwhileError, Judges
from services.kit.clock import Clock
from services.observing import UNOBSERVED, Observer
from services.protection.removal import Removal
from services.protection.shields import NO_SHIELD, Shield, ShieldedMeanwhileError, Shields, marking
from services.rollups.write import Rollups
from services.tenancy import BY_ID, owned

FINAL_EVERY = 16
"""After so many portions, and at its end, a run waits until nothing can take back what it has stored. In between, a
failover or a crash of the database can: the next portion, which asks for the one before it, is refused then, and the
run goes on from the checkpoint that is left."""
_MAX_REPLANS = 5
"""How often a page is compared anew because another program inserted one of its tickets, or a person corrected it, or
because it was judged anew, or is to be."""

log = structlog.get_logger("services.ingestion")


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A portion with everything decided, and nothing written yet."""

    portion: Portion
    at: Position
    changes: PageChanges
    seen_again: frozenset[str]
    """Tickets that an earlier portion of the run has stored or found."""
    mended: list[str]
    """The quarantine's rows about records that can be stored now."""
    staged: list[Row]
    """What is told of tickets that later pages show."""
    shield: Shield = NO_SHIELD
    """What was left out, by what was known of that."""
    misplaced: Sequence[Row] = ()
    """Stored tickets that have become an erased customer's, and go."""

    def shares_tickets_with(self, other: "PreparedPage") -> bool:
        """Whether one shows a ticket that the other shows or tells of, so that what one writes changes what the other
        must. What both only tell of does not count: each keeps it for itself."""
        shown, others = self._shown(), other._shown()
        return not (
            shown.isdisjoint(others) and shown.isdisjoint(other._told_of()) and others.isdisjoint(self._told_of())
        )

    def _shown(self) -> set[str]:
        return {*self.portion.records.own, *self.portion.records.gone}

    def _told_of(self) -> set[str]:
        return {detail.ticket_id for detail in self.portion.details}


class PageStore:
    """Prepares and commits pages."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        rollups: Rollups,
        clock: Clock,
        *,
        on_urgent: Callable[[], None] = lambda: None,
        observer: Observer = UNOBSERVED,
    ) -> None:
        """`on_urgent` is told when a page with urgent tickets is stored; it must return at once."""
        self._database, self._leases, self._rollups = database, leases, rollups
        self._clock, self._on_urgent = clock, on_urgent
        self._staging = Staging(database, clock)
        self._judges = Judges(database, observer=observer)
        self._shields = Shields(database)
        self._protected = Protected(self._shields, Removal(database, rollups), clock)
        self._jobs = database.collection(IngestionJob)
        self._tickets = database.collection(Ticket)
        self._quarantine = database.collection(QuarantinedRecord)

    async def prepare(self, run: Run, portion: Portion, *, anew: bool = False) -> PreparedPage:
        """Classify the tickets, and compare them with what is stored.

        In a thread: it takes some 15 ms of computing a page, in which this process has requests to answer, and the
        page before may be on its way into the database. What may not be stored is left out. `anew`: the run's bounds
        may have changed.

        Raises:
            TenantErasedError: nothing may be.
        """
        with run.observer.span("classify page", portion=portion.number):
            if anew or run.bounds is None:
                run.bounds = await self._judges.of(run.tenant_id), await self._shields.of(run.tenant_id)
            return await self._prepare(run, portion, *run.bounds)

    async def _prepare(self, run: Run, portion: Portion, judge: Judge, shield: Shield) -> PreparedPage:
        portion, trace = await self._protected.admitted(run.tenant_id, shield, portion), run.observer.trace()
        at = Position(run.tenant_id, run.job.id, portion.number, self._clock.now(), run.origin, judge, trace)
        if shield.retention is not None:
            known, _ = await self._known(run.tenant_id, portion.records.own)
            portion = self._protected.without_aged(shield, portion, known)
        left_out, _ = await self._known(run.tenant_id, portion.left_out)
        misplaced = await self._protected.misplaced(run.tenant_id, left_out)
        own, gone = portion.records.own, portion.records.gone
        ids = [*own, *gone]
        (stored, mended), details, staged = await asyncio.gather(
            self._known(run.tenant_id, ids, mendable=own),
            self._staging.of(run, ids),
            self._staging.fresh(run, portion.number, portion.details),
        )
        changes = await asyncio.to_thread(find_changes, own, stored, at, gone=gone, details=details)
        again = frozenset(name for name, row in stored.items() if row.get("seen_by_job") == run.job.id)
        return PreparedPage(portion, at, changes, again, mended, staged, shield, misplaced)

    async def commit(self, run: Run, page: PreparedPage) -> None:
        """Store the page whole or not at all, with the counts and the checkpoint that go with it.

        Raises:
            LeaseLostError: somebody else is the tenant's writer now; nothing was written.
            StoppedError: what was stored before is lost; nothing was written.
            TenantErasedError: nothing may be stored for the tenant any more.
        """
        attempt = 1
        while True:
            try:
                with run.observer.span("store page", portion=page.portion.number):
                    await self._write(run, page)
            except ShieldedMeanwhileError:
                log.debug("page_compared_anew", tenant_id=run.tenant_id)  # an erasure takes many steps, and ends
            except (BulkWriteError, CorrectedMeanwhileError, JudgedMeanwhileError):
                if attempt == _MAX_REPLANS:
                    raise
                attempt += 1
            else:
                if page.changes.notifications:
                    self._on_urgent()
                return
            page = await self.prepare(run, page.portion, anew=True)

    async def seen_ids(self, run: Run) -> list[str]:
        """The tickets that the run has seen in whichever process."""
        seen = self._tickets.find(owned(run.tenant_id, seen_by_job=run.job.id), {"external_id": 1})
        return [row["external_id"] for row in await seen.to_list(None)]

    async def note_end(self, run: Run, step: Step, *, moved: bool) -> None:
        """Note that the end was reached, or from where the list is to be walked again.

        Raises:
            LeaseLostError: somebody else is the tenant's writer now; nothing was written.
            StoppedError: what was stored before is lost; nothing was written.
        """
        end: Row = {"next_page": step.next, "last_page": None}
        update: Row = {"$set": end | ({"upstream_total": None} if moved else {}), **remarked(step.remarks)}

        async def work(session: Session) -> None:
            found = await self._jobs.update_one(after_stored(run), update, session=session, hint=BY_ID)
            if not found.matched_count:
                raise StoppedError(StopReason.ROLLED_BACK)

        await self._leases.write(run.lease, work)

    async def _known(
        self, tenant_id: str, ids: Collection[str], *, mendable: Collection[str] = ()
    ) -> tuple[dict[str, Row], list[str]]:
        """What we have of the tickets with these ids, and the quarantine's rows about those that are `mendable`. Read
        outside the transaction: under the lease nobody else writes them."""

        def read(_: PlainSession) -> tuple[dict[str, Row], list[str]]:
            among = owned(tenant_id, external_id={"$in": list(ids)})
            rows = self._tickets.delegate.find(among, dict.fromkeys(STORED_FIELDS, 1))
            return {row["external_id"]: row for row in rows}, find_mended(self._quarantine, tenant_id, mendable)

        return await self._database.in_one_call(read) if ids else ({}, [])

    async def _write(self, run: Run, page: PreparedPage) -> None:
        at, changes, is_whole, began = page.at, page.changes, run.origin.is_whole, time.monotonic()
        counts = counted(page.portion, changes, page.seen_again)
        reached = progress(page.portion, counts, is_whole=is_whole)
        # A record that cannot be stored shows all the same that upstream has its ticket.
        refused = [record.external_id for record in page.portion.records.rejected if record.is_attributed]
        seen = [*changes.seen, *filter(None, refused), *page.portion.left_out]
        # History and outbox first: where there are no transactions, a crash may repeat a row, which its id prevents,
        # but can never lose one.
        writes = (
            new_rows(TicketHistory, changes.history),
            new_rows(Notification, changes.notifications),
            Writes(QuarantinedRecord, quarantine_writes(at, page.portion.records.rejected, page.mended)),
            new_rows(StagedDetail, page.staged),
            Writes(StagedDetail, [*used(at.tenant_id, changes.used), *untold(at.tenant_id, page.portion.left_out)]),
            Writes(ErasedTicket, marking(page.portion.forgotten)),
            Writes(Ticket, [*changes.tickets, *sightings(at, seen)]),
            Writes(Connection, cursor_move(run, page.portion)),
            Writes(IngestionJob, [UpdateOne(after_stored(run), reached, hint=BY_ID)]),
        )

        async def work(session: Session) -> None:
            await self._protected.remove(at, page.misplaced, session)
            await self._rollups.take_back(at.tenant_id, changes.recounted, session)

        def last_calls(session: PlainSession) -> None:
            demand_no_other(changes.corrections, self._tickets, at.tenant_id, changes.recounted, session)
            self._shields.demand_same(at.tenant_id, page.shield, session)
            self._judges.demand_present(changes.judged_by, self._tickets, at.tenant_id, at.judge, session)
            if not self._database.make(writes, session):
                raise StoppedError(StopReason.ROLLED_BACK)

        is_final = run.job.is_batch or page.portion.number % FINAL_EVERY == 0
        await self._leases.write(run.lease, work, ending=Ending(is_final, last_calls))
        run.stored_portions += 1
        run.observer.note(figures(counts, page.portion, time.monotonic() - began))
