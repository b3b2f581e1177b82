"""When tickets were closed, by their history."""

from collections.abc import Iterable, Sequence
from typing import Any

from documents.database import Collection, Row, Session
from documents.ticket import StatusCategory
from documents.ticket_history import CHANGES_OF_KNOWN, TICKET_INDEX
from services.statuses import in_category, is_closed
from services.tenancy import owned


def closes(tenant_id: str, **more: object) -> list[Row]:
    """A pipeline on the history: `{ticket, closed_at}` of each close; `more` are further conditions on the rows.

    A change from one closed status to another closes nothing.
    """
    closed = in_category(StatusCategory.CLOSED)
    where = owned(tenant_id, **{**more, "changes.status.new": closed, "action": {"$in": list(CHANGES_OF_KNOWN)}})
    row = {
        "_id": 0,
        "ticket": "$ticket_id",
        "closed_at": {"$ifNull": ["$occurred_at", "$recorded_at"]},
        "was_closed": is_closed("$changes.status.old"),
    }
    return [{"$match": where}, {"$project": row}, {"$match": {"was_closed": False}}]


async def last_closes(
    history: Collection, tenant_id: str, external_ids: Iterable[Any], session: Session
) -> dict[Any, int]:
    """When these tickets were last closed, in milliseconds since 1970; without those of which nobody knows."""
    ids: Sequence[Any] = [external_id for external_id in external_ids if isinstance(external_id, str)]
    if not ids:
        return {}
    pipeline: list[Row] = [
        *closes(tenant_id, ticket_id={"$in": ids}),
        {"$group": {"_id": "$ticket", "closed_at": {"$max": "$closed_at"}}},
        {"$match": {"closed_at": {"$type": "date"}}},
        {"$project": {"closed_at": {"$toLong": "$closed_at"}}},
    ]
    found = await history.aggregate(pipeline, session=session, hint=TICKET_INDEX).to_list(None)
    return {row["_id"]: row["closed_at"] for row in found}
