"""What all figures of a tenant and a period have in common."""

from datetime import datetime
from typing import TypedDict

import strawberry

from services.analytics.stats import TenantStats as Computed


class CreationPeriod(TypedDict):
    """A period of creation, as resolvers take it."""

    created_from: datetime | None
    created_to: datetime | None


@strawberry.type
class OfPeriod:
    """What belongs to the statistics of a tenant and a period."""

    tenant_id: str = strawberry.field(description="The tenant.")
    computed: strawberry.Private[Computed]

    def span(self, from_date: datetime | None, to_date: datetime | None) -> tuple[datetime | None, datetime | None]:
        """Start and end of a field's own period; where it leaves one out, that of the statistics."""
        return from_date or self.computed.created_from, to_date or self.computed.created_to

    def created(self, from_date: datetime | None = None, to_date: datetime | None = None) -> CreationPeriod:
        """The same as a period in which tickets were created."""
        start, end = self.span(from_date, to_date)
        return {"created_from": start, "created_to": end}
