"""A portion with everything decided, and the writes that go with it whatever it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import UpdateMany, UpdateOne

from documents.database import Row
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.history import Position
from services.ingestion.pages.portions import Portion
from services.ingestion.run import Run
from services.protection.shields import NO_SHIELD, Shield
from services.tenancy import owned

MAX_REMARKS = 20


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


def after_stored(run: Run) -> Row:
    """The run's job, if the database has all that the run has stored."""
    return {"_id": run.job.id, "portions": run.stored_portions or {"$in": [0, None]}}


def cursor_move(run: Run, portion: Portion) -> list[UpdateOne]:
    """The write that moves the place where the connection's next run begins."""
    if portion.resume is None or run.origin.keeps_cursor:
        return []
    return [UpdateOne(owned(run.tenant_id, _id=run.origin.connection_id), {"$set": {"cursor": portion.resume}})]


def sightings(at: Position, seen: list[str]) -> list[UpdateMany]:
    """The write that marks tickets which have not changed as seen."""
    among = owned(at.tenant_id, external_id={"$in": seen})
    return [UpdateMany(among, {"$set": {"seen_by_job": at.job_id}})] if seen else []


def progress_of(page: PreparedPage, *, is_whole: bool) -> Row:
    """The checkpoint and the counts of this portion; what the run has read before is not counted again."""
    portion, records, changes = page.portion, page.portion.records, page.changes
    counts = changes.counts.model_dump(exclude={"skipped", "errors"})
    counts["unchanged"] -= len(page.seen_again - {row["ticket_id"] for row in changes.history})
    fresh_errors = [rejected for rejected in records.rejected if rejected.position not in portion.known]
    known_errors = len(records.rejected) - len(fresh_errors)
    skipped_again = len(portion.known) - known_errors - len(page.seen_again)
    notes = list(portion.remarks)
    if records.duplicates:
        notes.append(f"a page named {records.duplicates} tickets twice")
    return {
        "$set": {
            "next_page": portion.next,
            "last_page": portion.last,
            "attempts": 0,
            "upstream_total": portion.total,
            "is_whole": is_whole,
        },
        "$max": {"total_pages": max(portion.page or 0, portion.pages or 0)},
        "$inc": {
            **counts,
            "skipped": max(0, records.foreign - max(0, skipped_again)),
            "errors": len(fresh_errors),
            "processed_pages": int(portion.page is not None),
            "leg_pages": int(portion.page is not None),
            "portions": 1,
            "records_seen": portion.size - len(portion.known),
            "retries": portion.retries,
        },
        "$currentDate": {"heartbeat_at": True},
        **noted(notes),
    }


def noted(remarks: Sequence[str]) -> Row:
    """The update that adds remarks to a job, as far as there is room."""
    return {"$push": {"irregularities": {"$each": list(remarks), "$slice": MAX_REMARKS}}} if remarks else {}
