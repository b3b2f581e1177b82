"""Counts of tickets by day and value, so that statistics need not read every ticket."""

from typing import Literal

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

EVERY_DAY: Literal["all"] = "all"


class TicketRollup(Document):
    """How many of a tenant's rolled-up tickets have one value in one field.

    A ticket is in the rollups when its `rolled_up` is true and `RolledUpTicket` says as what it was counted; all three
    change in one transaction.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """Made of the other keys by `rollup_rows.row_id`: there is one row for each."""
    tenant_id: str
    day: int | Literal["all"]
    """The day of creation, in days since 1970-01-01 UTC; or all days together, undated tickets included."""
    field: str
    """`status`, `urgency`, `sentiment`, `source`, `keyword`; of a day, `hour`; of all days, `at_risk`."""
    value: str | int
    """The value of the field; of `hour`, hours since 1970-01-01 UTC; of `at_risk`, the customer."""
    tickets: int
    """How many; never 0."""

    class Settings:
        """Collection and indexes."""

        name = "ticket_rollups"
        indexes = [
            # Sums of days, and customers by their risk, without a fetch.
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("field", ASCENDING),
                    ("day", ASCENDING),
                    ("tickets", DESCENDING),
                    ("value", ASCENDING),
                ],
                name="tenant_field_day",
            ),
        ]
