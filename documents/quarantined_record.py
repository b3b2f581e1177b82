"""Records of the upstream that could not be stored as tickets, kept with the reason."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel


class QuarantinedRecord(Document):
    """One malformed record, as it was received."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    """The tenant whose run met the record; the record itself may not name one."""
    job_id: str
    page: int
    position: int
    """Index of the record on its page, from 0."""
    external_id: str | None = None
    reason: str
    raw: str
    """The record as JSON text (a text, because a record may hold keys that MongoDB refuses), cut at 64 KiB."""
    attributed: bool
    """False where the record names no tenant and came on a page that mixes tenants: its text may be another's."""
    recorded_at: datetime

    class Settings:
        """Collection and indexes."""

        name = "quarantined_records"
        indexes = [
            IndexModel(
                [("tenant_id", ASCENDING), ("recorded_at", DESCENDING), ("_id", DESCENDING)],
                name="tenant_recorded",
            ),
            IndexModel([("job_id", ASCENDING), ("page", ASCENDING), ("position", ASCENDING)], name="job_page"),
        ]
