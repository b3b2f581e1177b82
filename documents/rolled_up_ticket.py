"""What the rollups hold of each ticket, so that exactly this can be taken back."""

from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel

CLOSED_AFTER_INDEX = "tenant_closed_after"
CREATED_INDEX = "tenant_quarter"
_TOOK, _CREATED = ("counted.closed_after", ASCENDING), ("counted.quarter", ASCENDING)


def _of_closed(name: str, *keys: tuple[str, int]) -> IndexModel:
    return IndexModel(
        [("tenant_id", ASCENDING), ("_id.counting", ASCENDING), *keys],
        name=name,
        partialFilterExpression={"counted.closed_after": {"$gte": 0}},
    )


class RolledUpTicket(Document):
    """The receipt for one ticket in the rollups."""

    id: dict[str, Any]  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """`counting`: `COUNTING` of the version that wrote it, to other versions it is no receipt; `ticket`: the ticket's
    own, which another program may have chosen."""
    tenant_id: str
    counted: dict[str, Any]
    """As what the ticket was counted, which later edits of it do not change: a value for each counted field (of the
    sparse ones only if there is any), and

    `quarter`: of creation, in quarters of an hour since 1970-01-01 UTC; None for an undated ticket;
    `keywords`: a list;
    `tags`: a list; absent if there are none;
    `customer`: who wrote it; None where nobody knows;
    `closed_after`: of a closed ticket, the milliseconds from its creation to its last close, where both are known.
    """

    class Settings:
        """Collection and indexes."""

        name = "rolled_up_tickets"
        indexes = [
            # The times to close within one bucket, and those of the days that a period cuts. Beanie takes two indexes
            # over the same fields for one, whatever their order: one has a short field more.
            _of_closed(CLOSED_AFTER_INDEX, _TOOK, _CREATED),
            _of_closed(CREATED_INDEX, _CREATED, _TOOK, ("counted.urgency", ASCENDING)),
        ]
