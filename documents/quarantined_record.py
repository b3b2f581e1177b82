"""Records of the upstream that could not be stored as tickets, kept with the reason."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.described import DescribedEnum


class QuarantineState(DescribedEnum):
    """What has become of a record that could not be stored."""

    WAITING = "waiting", "Each run tries it again, as long as upstream shows it."
    STORED = "stored", "Upstream has mended it: its ticket is stored now."


class QuarantinedRecord(Document):
    """One malformed record, as it was last received; one row, however many runs meet it."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    """The tenant whose run met the record; the record itself may not name one."""
    job_id: str | None = None
    """The last run that met it."""
    job_ids: list[str] = []
    """The last 20 runs that met it."""
    page: int | None = None
    position: int | None = None
    """Index of the record on its page, from 0."""
    external_id: str | None = None
    reason: str = ""
    """Why it could not be stored; quotes nothing of it."""
    raw: str = ""
    """The record as JSON text (a text, because a record may hold keys that MongoDB refuses), cut at 64 KiB."""
    is_attributed: bool = False
    """False where nothing says that the record is this tenant's: its text may be another's. Absent in rows of earlier
    versions, which took less for a proof."""
    state: QuarantineState = QuarantineState.WAITING
    first_seen_at: datetime | None = None
    """Absent in rows of earlier versions, which wrote one for each run."""
    recorded_at: datetime | None = None
    """When a run met it last; some time after, the row is purged."""
    times_seen: int = 1
    """In how many runs."""
    stored_at: datetime | None = None

    class Settings:
        """Collection and indexes."""

        name = "quarantined_records"
        indexes = [
            IndexModel(
                [("tenant_id", ASCENDING), ("recorded_at", DESCENDING), ("_id", DESCENDING)],
                name="tenant_recorded",
            ),
            IndexModel([("tenant_id", ASCENDING), ("job_ids", ASCENDING)], name="tenant_jobs"),
        ]
