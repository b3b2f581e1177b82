"""What became of each ticket that is in the rollups, worked out from its history."""

from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel

_LEADING = [("tenant_id", ASCENDING), ("_id.counting", ASCENDING)]


class TicketLife(Document):
    """The life of one ticket, as it was when the ticket was rolled up: the receipt for its events in the rollups.

    It holds as long as the ticket's `rolled_up` says so. Ingestion, which takes tickets back, leaves it alone: it is
    then out of date, until the ticket is rolled up again. That of a deleted ticket stays when the ticket is purged. All
    moments are in milliseconds since 1970.
    """

    id: dict[str, Any]  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """As that of `RolledUpTicket`."""
    tenant_id: str
    ticket: str
    """The ticket's external id, which is what its history knows it by."""
    born: int | None
    """When it was created; None where nobody knows."""
    over: bool
    """Whether it has been deleted."""
    flow: list[dict[str, Any]]
    """`at`, `value`: what flowed and when (`services/rollups/events.py`)."""
    stored: list[dict[str, Any]]
    """`at`, `field`, `value`: from when on, and until when, statistics counted it as what; `born`, where it was another
    one then."""
    in_status: list[dict[str, Any]]
    """How long it was in each `status`: `time`; where that `goes_on`, what has to be added to now. Of one that is over,
    nothing."""
    in_category: list[dict[str, Any]]
    """The same for each category, which is its `status`."""

    class Settings:
        """Collection and indexes."""

        name = "ticket_lives"
        indexes = [
            # For the lives of given tickets.
            IndexModel([*_LEADING, ("ticket", ASCENDING), ("over", ASCENDING)], name="tenant_life"),
            # For those that began in a period.
            IndexModel([*_LEADING, ("born", ASCENDING)], name="tenant_birth"),
            # For those in which something happened in a period.
            IndexModel([*_LEADING, ("flow.at", ASCENDING), ("born", ASCENDING)], name="tenant_flow"),
            IndexModel([*_LEADING, ("stored.at", ASCENDING)], name="tenant_stored"),
        ]
