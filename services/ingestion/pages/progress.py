"""What a portion moves in the row of its job: the checkpoint, the counts, and what is to be said of the run."""

from collections.abc import Sequence

from documents.database import Row
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.portions import Portion

MAX_REMARKS = 20


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
        **noted(notes),
    }


def noted(remarks: Sequence[str]) -> Row:
    """The part of an update that adds to what casts doubt on the walk."""
    return {"$push": {"irregularities": {"$each": list(remarks), "$slice": MAX_REMARKS}}} if remarks else {}
