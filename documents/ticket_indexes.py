"""The indexes of the tickets, but for those that searches need."""

from collections.abc import Iterable
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

TICKET_ID_INDEX = "tenant_ticket"
"""For one ticket by its id, and for walks over all of a tenant's."""
NEWEST_INDEX = "tenant_newest"
"""For lists and their filters."""
COUNTED_INDEX = "tenant_counted"
"""For what statistics count one by one."""
HIGH_URGENCY_INDEX = "tenant_high_urgency"
"""For customers at risk."""
UPDATED_INDEX = "tenant_updated"
"""For lists by the last change."""
CUSTOMER_INDEX = "tenant_customer_created"
"""For a customer's tickets, and counts by customer."""
ASSIGNEE_INDEX = "tenant_assignee"
"""For lists by assignee; tickets without one are not in it."""
TAG_INDEX = "tenant_tag"
"""For lists by tag."""
TAGGED_INDEX = "tenant_tagged"
"""For what statistics count of tags one by one."""
HAS_ASSIGNEE: dict[str, Any] = {"$type": ["string", "number"]}
"""The condition on `assignee` that there is one: where it is demanded, the index of such tickets alone is of use."""
HAS_TAGS: dict[str, Any] = {"$gt": ""}
"""The condition on `tags` that there are any. Whoever asks for a tag demands as much. (Two conditions on a list could
not bound a walk along an index together.)"""
_NEWEST = "-created_at -_id deleted_at"


def ticket_indexes(counted_fields: Iterable[str]) -> list[IndexModel]:
    """The indexes; those that serve statistics and lists of all tickets have every counted field."""
    counted = " ".join(counted_fields)
    return [
        _index(TICKET_ID_INDEX, "tenant_id external_id", unique=True),
        # Lists, and their filters.
        _index(NEWEST_INDEX, f"tenant_id {_NEWEST} {counted}"),
        # Lists by the last change.
        _index(UPDATED_INDEX, "tenant_id -updated_at -_id deleted_at"),
        # What statistics count one by one, without a fetch: the tickets that are not rolled up, and those of a day
        # that a period cuts. Soft-deleted ones are stepped over.
        _index(COUNTED_INDEX, f"tenant_id rolled_up deleted_at created_at {counted} keyword_key customer_id"),
        # The newest urgent tickets of a customer, without a fetch.
        _index(
            HIGH_URGENCY_INDEX,
            "tenant_id customer_id -created_at external_id deleted_at status urgency",
            partialFilterExpression={"urgency": "high"},
        ),
        # A customer's tickets (the first four keys), and counts by customer without a fetch.
        _index(CUSTOMER_INDEX, f"tenant_id customer_id {_NEWEST} status urgency sentiment"),
        # The tickets of an assignee, and those with a tag.
        _index(ASSIGNEE_INDEX, f"tenant_id assignee {_NEWEST}", partialFilterExpression={"assignee": HAS_ASSIGNEE}),
        _index(TAG_INDEX, f"tenant_id tags {_NEWEST}", partialFilterExpression={"tags": HAS_TAGS}),
        # Of the tickets that statistics count one by one, those with tags, which are then read: no index holds all
        # tags of a ticket together.
        _index(TAGGED_INDEX, "tenant_id rolled_up deleted_at created_at", partialFilterExpression={"tags": HAS_TAGS}),
    ]


def _index(name: str, keys: str, **options: Any) -> IndexModel:
    """An index on these fields, of which those with a minus come the highest first."""
    fields = [(key.removeprefix("-"), DESCENDING if key.startswith("-") else ASCENDING) for key in keys.split()]
    return IndexModel(fields, name=name, **options)
