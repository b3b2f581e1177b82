"""How far a tenant's stored tickets have been judged anew."""

from datetime import datetime

from beanie import Document

from documents.described import DescribedEnum


class ReclassificationState(DescribedEnum):
    """How far judging stored tickets anew has come."""

    PENDING = "pending", "A worker has still to begin."
    RUNNING = "running", "It is on its way."
    DONE = "done", "Every ticket is judged by the version."


class Reclassification(Document):
    """One row for each tenant with tickets: the last time that they were judged anew, or the present one."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """The tenant."""
    version: str | None = None
    """By which the tickets are judged."""
    state: ReclassificationState = ReclassificationState.PENDING
    place: str | None = None
    """The last ticket that was looked at, by its external id: the walk goes in their order."""
    total: int = 0
    """Tickets that were judged by another version when it began."""
    done: int = 0
    changed: int = 0
    """Those of them that got another label, or other reasons for it."""
    raised: int = 0
    """Those of them that became urgent."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    looked_at: datetime | None = None
    """When every ticket was looked at last."""
    is_settled: bool = False
    """Whether that was so long after the end that nothing judged before can have been stored since."""
    announce: bool = False
    """Whether somebody has asked to have those announced that became urgent, and nobody has done so yet."""
    risen_since: datetime | None = None
    """From when on tickets that became urgent are to be announced, if anybody asks."""
    announced: int = 0
    """Tickets that were announced the last time."""

    class Settings:
        """The collection."""

        name = "reclassifications"
