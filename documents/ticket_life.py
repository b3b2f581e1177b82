"""What became of each ticket that is in the rollups, worked out from its history."""

from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel

LIFE_INDEX = "tenant_life"
"""For the lives of given tickets."""
BIRTH_INDEX = "tenant_birth"
"""For the lives that began in a period."""
EVENT_INDEX = "tenant_event"
"""For the lives with an event in a period."""
_LEADING = [("tenant_id", ASCENDING), ("_id.counting", ASCENDING)]


class TicketLife(Document):
    """The life of one ticket, as it was when the ticket was rolled up: the receipt for its events in the rollups.

    It holds as long as the ticket is in the rollups. Ingestion, which takes tickets back, leaves it alone: it is then
    out of date, until the ticket is rolled up again. All moments are in milliseconds since 1970.
    """

    id: dict[str, Any]  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """As that of `RolledUpTicket`."""
    tenant_id: str
    ticket: str
    """The ticket's external id, which is what its history knows it by."""
    born: int | None
    """When it was created; None where nobody knows."""
    events: list[dict[str, Any]]
    """`at`, `field`, `value`: what the rows of the rollups count (`services/rollups/events.py`); `born`, where it was
    another one then."""
    in_status: list[dict[str, Any]]
    """How long it was live in each `status`: `time`; where it `goes_on`, what has to be added to now."""
    in_category: list[dict[str, Any]]
    """The same for each category, which is its `status`."""

    class Settings:
        """Collection and indexes."""

        name = "ticket_lives"
        indexes = [
            IndexModel([*_LEADING, ("ticket", ASCENDING)], name=LIFE_INDEX),
            IndexModel([*_LEADING, ("born", ASCENDING)], name=BIRTH_INDEX),
            IndexModel([*_LEADING, ("events.at", ASCENDING)], name=EVENT_INDEX),
        ]
