"""When tickets come, and who writes again, as clients see it."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import strawberry

from resolvers.analytics import get_heat_map, get_repeat_contacts
from schema.analytics.figures import From, TimeZone, To
from schema.analytics.periods import OfPeriod
from schema.base.cost import Cost, ListSize
from schema.base.info import Info
from schema.tickets.opened import Opened
from services.analytics.patterns.heat_map import HeatMapCell as CountedCell
from services.errors import InvalidInputError
from services.tickets.choices import only
from services.tickets.filter import TicketFilter

Window = Annotated[int, strawberry.argument(description="How many days later the next ticket may come: 1 to 365.")]


@strawberry.type(description="The tickets created in one hour of one weekday.")
class HeatMapCell(Opened):
    """A cell."""

    weekday: int = strawberry.field(description="By ISO 8601: Monday is 1, Sunday is 7.")
    hour: int = strawberry.field(description="0 to 23, by the clock of the time zone.")
    count: int = strawberry.field(description="How many tickets were created in it.")


@strawberry.type(description="Tickets that follow another one of the same customer within some days.")
class RepeatContacts:
    """Who wrote again."""

    ticket_count: int = strawberry.field(
        description="How many; the ticket before may be older than the period, and may be closed or not."
    )
    share: float = strawberry.field(
        description="Their share of all tickets of the period: 0 to 1, 3 decimals; 0 when there are none."
    )
    customer_count: int = strawberry.field(description="How many customers wrote them.")


def to_cell(tenant_id: str, period: TicketFilter, cell: CountedCell) -> HeatMapCell:
    """A cell as clients see it; `period` says by whose clock, and may leave only some cells."""
    is_left_out = period.created_weekday not in (None, cell.weekday) or period.created_hour not in (None, cell.hour)
    having: dict[str, Any] = {"created_weekday": cell.weekday, "created_hour": cell.hour}
    if is_left_out:
        having["customer_id"] = only()
    return HeatMapCell(
        tenant_id=tenant_id, wanted=period, having=having, weekday=cell.weekday, hour=cell.hour, count=cell.count
    )


@strawberry.type
class PatternFields(OfPeriod):
    """The fields about patterns in tickets."""

    @strawberry.field(
        description="Tickets by the weekday and the hour of their creation: all 168 cells, from Monday 0:00 on. An "
        "hour that the clock has twice counts twice, one that it leaves out never.",
        directives=[Cost(weight=50), ListSize(assumed_size=168)],
    )
    async def heat_map(
        self, info: Info, time_zone: TimeZone = "UTC", from_date: From = None, to_date: To = None
    ) -> list[HeatMapCell] | None:
        """When tickets come."""
        wanted = self.computed.wanted
        if wanted.is_by_clock and (wanted.time_zone or "UTC") != time_zone:
            raise InvalidInputError("timeZone: the weekday and the hour of the filter are by another clock.")
        found = await get_heat_map(
            info.context, self.tenant_id, time_zone=time_zone, **self.counted(from_date, to_date)
        )
        opened = replace(self.opened(self.created(from_date, to_date)), time_zone=time_zone)
        return [to_cell(self.tenant_id, opened, cell) for cell in found]

    @strawberry.field(description="Customers who wrote again.", directives=[Cost(weight=50)])
    async def repeat_contacts(
        self, info: Info, days: Window = 7, from_date: From = None, to_date: To = None
    ) -> RepeatContacts | None:
        """Who wrote again."""
        self.require_every_ticket("repeatContacts")
        period = self.created(from_date, to_date)
        return RepeatContacts(**asdict(await get_repeat_contacts(info.context, self.tenant_id, days=days, **period)))
