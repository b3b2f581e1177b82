"""What upstream no longer has: soft deletes after a run's walk, by evidence only.

Evidence is upstream's own list of deleted tickets, or a 404 when it is asked by id for a ticket that the walk has not
shown. Not being shown is none: a walk over a list that changes can miss a ticket, and many help desks list no archived
ones. An upstream that is suddenly empty or much smaller is taken for broken. It is not asked for tickets that only a
file has shown, which it has never known.

All this is optional: what fails here becomes a remark on the run, and the rest is done.
"""

from dataclasses import dataclass, field

import structlog
from pymongo import ASCENDING

from documents.database import Database, Row, Session
from documents.ingestion_job import IngestionJob
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.writes import new_rows
from services.coordination.leases import Leases
from services.errors import UpstreamError
from services.ingestion.pages.diff import STORED_FIELDS
from services.ingestion.pages.history import Position, as_gone
from services.ingestion.run import Run, RunUpstream
from services.kit.clock import Clock
from services.observing import TicketsStored
from services.tenancy import BY_ID, Filter, live, owned

_BATCH = 500
_MAX_MISSING_SHARE = 0.2
"""A tenant of whose tickets a larger share is missing without a reason has a broken upstream."""
_SMALL_LOSS = 5
"""So many missing tickets are believable whatever their share."""
_MAX_QUESTIONS = 100
"""Tickets asked for by id in one run: each costs one request of the shared budget."""
_MAX_FAILED_QUESTIONS = 3
"""Each has cost all the patience that a request is given."""
_SWEEP_PAGE = 0
"""The page number in the ids of history rows that a sweep writes; real pages count from 1."""
_LAST_VALUES = dict.fromkeys(STORED_FIELDS, 1)

log = structlog.get_logger("services.ingestion")


@dataclass(slots=True)
class _Answers:
    """What upstream said of tickets by id."""

    gone: list[Row] = field(default_factory=list)
    there: list[Row] = field(default_factory=list)
    failed: list[Row] = field(default_factory=list)
    fault: str = ""
    """How the last question failed."""

    def remarks(self, missing: int) -> list[str]:
        """What is to be said of so many tickets that were not listed."""
        facts = [(self.there, "are there when asked for by id"), (self.failed, f"could not be asked for: {self.fault}")]
        said = [f"{len(rows)} {fact}" for rows, fact in facts if rows]
        if left := missing - len(self.gone) - len(self.there) - len(self.failed):
            said.append(f"{left} will be asked for in the next runs")
        return [f"{missing} tickets are not listed by upstream, of which {', '.join(said)}"] if said else []


class Deletions:
    """Finds and soft-deletes what upstream no longer has."""

    def __init__(self, database: Database, leases: Leases, clock: Clock) -> None:
        self._database = database
        self._leases = leases
        self._clock = clock
        self._jobs = database.collection(IngestionJob)
        self._tickets = database.collection(Ticket)

    async def sweep(self, run: Run, upstream: RunUpstream) -> list[str]:
        """Soft-delete what is gone after a finished walk; returns remarks for the log, which are no fault of the run.

        What casts doubt on the walk is added to the job's irregularities.

        Raises:
            StoppedError: the run was told to stop.
            LeaseLostError: somebody else is the tenant's writer now.
        """
        if upstream.source.capabilities.tells_deletions or not run.origin.is_whole:
            return []
        job = await IngestionJob.find_one(_job_of(run))
        if job is None or job.records_seen == 0:
            if await self._tickets.count_documents(_upstreams(run), limit=1):
                await self._doubt(run, "upstream is empty: nothing was deleted")
            return []
        is_faultless = not job.irregularities
        if job.upstream_total is not None and job.records_seen != job.upstream_total:
            await self._doubt(run, f"upstream counts {job.upstream_total} tickets but showed {job.records_seen}")
            is_faultless = False
        named = await self._delete_named(run, upstream)
        return named + await self._delete_missing(run, upstream, is_faultless=is_faultless)

    async def _delete_named(self, run: Run, upstream: RunUpstream) -> list[str]:
        try:
            named = sorted(await upstream.deleted_ids())
        except UpstreamError as error:
            log.warning("deleted_list_unreadable", error=str(error))
            return [f"upstream's list of deleted tickets could not be read: {error}"]
        for start in range(0, len(named), _BATCH):
            batch = {"$in": named[start : start + _BATCH]}
            among = {"external_id": batch, "connection_id": run.origin.connection_id}
            unseen = live(run.tenant_id, seen_by_job={"$ne": run.job.id}, **among)
            await self._delete(run, await self._tickets.find(unseen, _LAST_VALUES).to_list(None))
        return []

    async def _delete_missing(self, run: Run, upstream: RunUpstream, *, is_faultless: bool) -> list[str]:
        missing = await self._tickets.count_documents(_unseen(run))
        if missing == 0:
            return []
        total = await self._tickets.count_documents(_upstreams(run))
        unexplained = await self._tickets.count_documents(_unseen(run, unlisted_at=None))
        is_believable = unexplained <= max(_SMALL_LOSS, _MAX_MISSING_SHARE * total)
        answers = await self._ask(run, upstream) if is_believable or is_faultless else _Answers()
        await self._note_asked(run, answers, is_faultless=is_faultless)
        if is_believable:
            await self._delete(run, answers.gone)
            return answers.remarks(missing)
        await self._doubt(
            run, f"{unexplained} of {total} tickets are missing upstream, too many to believe: none was deleted"
        )
        return []

    async def _ask(self, run: Run, upstream: RunUpstream) -> _Answers:
        """Ask for some of the tickets by id: those never asked for, then those asked for longest ago."""
        longest_ago = [("asked_at", ASCENDING), ("_id", ASCENDING)]
        rows = (
            await self._tickets.find(_unseen(run), _LAST_VALUES).sort(longest_ago).limit(_MAX_QUESTIONS).to_list(None)
        )
        answers = _Answers()
        for row in rows:
            try:
                (answers.gone if await upstream.is_gone(row["external_id"]) else answers.there).append(row)
            except UpstreamError as error:
                log.warning("ticket_not_checked", ticket_id=row["external_id"], error=str(error))
                answers.failed.append(row)
                answers.fault = str(error)
                if len(answers.failed) == _MAX_FAILED_QUESTIONS:
                    break
        return answers

    async def _delete(self, run: Run, tickets: list[Row]) -> None:
        """Soft-delete tickets, read with `_LAST_VALUES`."""
        if not tickets:
            return
        at = Position(run.tenant_id, run.job.id, _SWEEP_PAGE, self._clock.now(), run.origin)
        deletion = {"$set": {"deleted_at": at.now}}

        async def work(session: Session) -> None:
            # As they are now: they may have been judged anew since they were found.
            present = await self._tickets.find(_among(run, tickets), _LAST_VALUES, session=session).to_list(None)
            history = new_rows(TicketHistory, [as_gone(at, row) for row in present])
            await self._database.write(history, session=session)
            await self._tickets.update_many(_among(run, tickets), deletion, session=session, hint=BY_ID)
            await self._jobs.update_one(_job_of(run), {"$inc": {"deleted": len(tickets)}}, session=session)

        await self._leases.write(run.lease, work)
        run.observer.note(TicketsStored({"deleted": len(tickets)}))

    async def _note_asked(self, run: Run, answers: _Answers, *, is_faultless: bool) -> None:
        """The next run asks for others. What is there although a faultless walk has not shown it is never listed."""
        asked, there = [*answers.gone, *answers.there, *answers.failed], answers.there if is_faultless else []
        if not asked:
            return
        now = self._clock.now()

        async def work(session: Session) -> None:
            for rows, moment in ((asked, "asked_at"), (there, "unlisted_at")):
                await self._tickets.update_many(_among(run, rows), {"$set": {moment: now}}, session=session, hint=BY_ID)

        await self._leases.write(run.lease, work)

    async def _doubt(self, run: Run, doubt: str) -> None:
        async def work(session: Session) -> None:
            await self._jobs.update_one(_job_of(run), {"$addToSet": {"irregularities": doubt}}, session=session)

        await self._leases.write(run.lease, work)


def _unseen(run: Run, **more: object) -> Filter:
    """The live tickets that the walk has not shown, as far as they can be asked for."""
    return _upstreams(run, seen_by_job={"$ne": run.job.id}, external_id={"$gt": ""}, **more)


def _upstreams(run: Run, **more: object) -> Filter:
    """The live tickets that upstream knows, or once knew."""
    return live(run.tenant_id, from_file={"$ne": True}, connection_id=run.origin.connection_id, **more)


def _job_of(run: Run) -> Filter:
    return owned(run.tenant_id, _id=run.job.id)


def _among(run: Run, tickets: list[Row]) -> Row:
    return owned(run.tenant_id, _id={"$in": [row["_id"] for row in tickets]})
