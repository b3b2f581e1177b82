"""What a portion moves beside its tickets: the checkpoint, the counts, and what is to be said of the run."""

from collections.abc import Collection, Mapping, Sequence

from pymongo import DeleteMany, UpdateMany, UpdateOne

from documents.database import Row
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.history import Position
from services.ingestion.pages.portions import Portion
from services.ingestion.run import Run
from services.observing import TicketsStored
from services.tenancy import owned

MAX_REMARKS = 20
_NAMES_OF_COUNTS = {"new_ingested": "new", "errors": "quarantined"}
"""Of a job, as figures are counted by them."""


def counted(portion: Portion, changes: PageChanges, seen_again: frozenset[str]) -> dict[str, int]:
    """What the portion adds to the counts of the job; what the run has read before is not counted again.

    `seen_again`: tickets that an earlier portion has stored or found.
    """
    records = portion.records
    counts: dict[str, int] = changes.counts.model_dump(exclude={"skipped", "errors"})
    counts["unchanged"] -= len(seen_again - {row["ticket_id"] for row in changes.history})
    fresh_errors = [rejected for rejected in records.rejected if rejected.position not in portion.known]
    known_errors = len(records.rejected) - len(fresh_errors)
    skipped_again = len(portion.known) - known_errors - len(seen_again)
    return counts | {
        "skipped": max(0, records.foreign - max(0, skipped_again)),
        "errors": len(fresh_errors),
    }


def progress(portion: Portion, counts: dict[str, int], *, is_whole: bool) -> Row:
    """The update of the job's row."""
    notes = list(portion.remarks)
    if portion.records.duplicates:
        notes.append(f"a page named {portion.records.duplicates} tickets twice")
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
            "processed_pages": int(portion.page is not None),
            "leg_pages": int(portion.page is not None),
            "portions": 1,
            "records_seen": portion.size - len(portion.known),
            "retries": portion.retries,
        },
        "$currentDate": {"heartbeat_at": True},
        **remarked(notes),
    }


def figures(counts: Mapping[str, int], portion: Portion, seconds: float) -> TicketsStored:
    """What operators are told of a portion that is stored."""
    named = {_NAMES_OF_COUNTS.get(name, name): count for name, count in counts.items()}
    return TicketsStored(named, int(portion.page is not None), seconds)


def remarked(remarks: Sequence[str]) -> Row:
    """The part of an update that adds to what casts doubt on the walk."""
    return {"$push": {"irregularities": {"$each": list(remarks), "$slice": MAX_REMARKS}}} if remarks else {}


def after_stored(run: Run) -> Row:
    """The run's job, if the database has all that the run has stored."""
    return owned(run.tenant_id, _id=run.job.id, portions=run.stored_portions or {"$in": [0, None]})


def cursor_move(run: Run, portion: Portion) -> list[UpdateOne]:
    """The write that moves the place where the connection's next run begins."""
    if portion.resume is None or run.origin.keeps_cursor:
        return []
    return [UpdateOne(owned(run.tenant_id, _id=run.origin.connection_id), {"$set": {"cursor": portion.resume}})]


def sightings(at: Position, seen: list[str]) -> list[UpdateMany]:
    """The write that marks tickets which have not changed as seen."""
    among = owned(at.tenant_id, external_id={"$in": seen})
    return [UpdateMany(among, {"$set": {"seen_by_job": at.job_id}})] if seen else []


def untold(tenant_id: str, left_out: Collection[str]) -> list[DeleteMany]:
    """The write that removes what was told of tickets that may not be stored."""
    return [DeleteMany(owned(tenant_id, ticket_id={"$in": list(left_out)}))] if left_out else []
