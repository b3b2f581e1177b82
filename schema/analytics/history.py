"""What the history of tickets tells, as clients see it: flow, backlog, ageing, times in status."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import strawberry

from documents.ticket import StatusCategory
from resolvers.analytics import get_ageing, get_flow, get_ticket_backlog, get_time_in_status
from schema.analytics.figures import From, TimeZone, To, Unit
from schema.analytics.periods import OfPeriod
from schema.base.cost import Cost, ListSize
from schema.base.info import Info

At = Annotated[datetime | None, strawberry.argument(description="The moment; now, if left out.")]


@strawberry.type(
    description="What happened to tickets in one step, those that have been deleted since included. `created - "
    "createdClosed + reopened + restoredNotClosed - closed - deletedNotClosed` is the growth of the backlog."
)
class FlowStep:
    """An hour, a day, a week or a month."""

    start: datetime = strawberry.field(description="When it begins.")
    created: int = strawberry.field(description="Tickets created upstream, whatever their status was.")
    created_closed: int = strawberry.field(
        description="Those of them that were closed already when they were first ingested, nobody knows since when."
    )
    closed: int = strawberry.field(
        description="Changes to a closed status from one that is not, when the source says, or else when a run saw it; "
        "of a ticket that was reopened, each."
    )
    reopened: int = strawberry.field(description="Changes from a closed status to one that is not.")
    deleted_not_closed: int = strawberry.field(description="Tickets that were deleted without having been closed.")
    restored_not_closed: int = strawberry.field(
        description="Deleted tickets that came back, and had not been closed when they were deleted."
    )


@strawberry.type(
    description="How many tickets were not closed at a moment; deleted ones count until they were deleted."
)
class BacklogPoint:
    """A moment."""

    at: datetime = strawberry.field(description="The moment; what happened at it or later does not count yet.")
    count: int = strawberry.field(description="How many tickets were there, and not closed.")


@strawberry.type(description="The tickets of an age.")
class AgeBucket:
    """A bucket."""

    from_days: int = strawberry.field(description="They were at least so many times 24 hours old.")
    to_days: int | None = strawberry.field(description="And younger than this; null: of any age.")
    count: int = strawberry.field(description="How many there were.")


@strawberry.type(description="The tickets that were not closed at a moment, by the time since their creation.")
class Ageing:
    """The backlog by age."""

    at: datetime = strawberry.field(description="The moment; what happened at it or later does not count yet.")
    count: int = strawberry.field(description="How many tickets were there, and not closed.")
    buckets: list[AgeBucket] = strawberry.field(
        description="By age: under 1 day, 1 to 3, 3 to 7, 7 to 30, 30 and more.", directives=[ListSize(assumed_size=5)]
    )
    undated_count: int = strawberry.field(description="Tickets whose creation is not known; they are in no bucket.")
    oldest_ticket_id: str | None = strawberry.field(description="The external id of the oldest one; null without any.")
    oldest_created_at: datetime | None = strawberry.field(description="When that one was created.")


@strawberry.type(description="How long tickets had a status that means the same, all such times together, up to now.")
class StatusCategoryTime:
    """A category."""

    status_category: StatusCategory = strawberry.field(description="What the status means.")
    ticket_count: int = strawberry.field(description="How many tickets had such a status.")
    median_seconds: float = strawberry.field(description="The median of their times, exact, by nearest rank.")
    p90_seconds: float = strawberry.field(description="Nine of ten had it no longer, exact, by nearest rank.")
    total_seconds: float = strawberry.field(description="Their times together.")


@strawberry.type(description="How long tickets were in a status, all their stays in it together, up to now.")
class StatusTime(StatusCategoryTime):
    """A status."""

    status: str = strawberry.field(description="The status; `unknown` stands for tickets without one.")


@strawberry.type
class HistoryFields(OfPeriod):
    """The fields that rest on the history."""

    @strawberry.field(
        description="How tickets came and went, oldest step first, quiet steps included: at most 1,000. Without a "
        "period: the last 24 hours, 30 days, 12 weeks or year.",
        directives=[Cost(weight=100), ListSize(assumed_size=30)],
    )
    async def flow(
        self, info: Info, unit: Unit, time_zone: TimeZone = "UTC", from_date: From = None, to_date: To = None
    ) -> list[FlowStep] | None:
        """What happened to tickets."""
        self.require_every_ticket("flow")
        start, end = self.span(from_date, to_date)
        found = await get_flow(info.context, self.tenant_id, unit=unit, start=start, end=end, time_zone=time_zone)
        return [FlowStep(**asdict(step)) for step in found]

    @strawberry.field(
        description="How many tickets were not closed when the period began, at the beginning of each unit in it, and "
        "when it ended, or now. Without a period: the last 24 hours, 30 days, 12 weeks or year.",
        directives=[Cost(weight=100), ListSize(assumed_size=30)],
    )
    async def backlog(
        self, info: Info, unit: Unit, time_zone: TimeZone = "UTC", from_date: From = None, to_date: To = None
    ) -> list[BacklogPoint] | None:
        """How the backlog develops."""
        self.require_every_ticket("backlog")
        start, end = self.span(from_date, to_date)
        found = await get_ticket_backlog(
            info.context, self.tenant_id, unit=unit, start=start, end=end, time_zone=time_zone
        )
        return [BacklogPoint(at=point.at, count=point.count) for point in found]

    @strawberry.field(
        description="The tickets that were not closed at a moment, by age; whenever they were created.",
        directives=[Cost(weight=100)],
    )
    async def ageing(self, info: Info, at: At = None) -> Ageing | None:
        """How old the backlog is."""
        self.require_every_ticket("ageing")
        found = await get_ageing(info.context, self.tenant_id, at)
        buckets = [AgeBucket(**asdict(bucket)) for bucket in found.buckets]
        return Ageing(**{**asdict(found), "buckets": buckets})

    @strawberry.field(
        description="How long the tickets created in the period were in each status; of the 50 statuses that most "
        "tickets had.",
        directives=[Cost(weight=100), ListSize(assumed_size=10)],
    )
    async def time_in_status(self, info: Info, from_date: From = None, to_date: To = None) -> list[StatusTime] | None:
        """Where tickets spend their time."""
        self.require_every_ticket("timeInStatus")
        period = self.created(from_date, to_date)
        found = await get_time_in_status(info.context, self.tenant_id, by_category=False, **period)
        return [StatusTime(**asdict(row)) for row in found]

    @strawberry.field(
        description="How long the tickets created in the period had statuses of each category.",
        directives=[Cost(weight=100), ListSize(assumed_size=3)],
    )
    async def time_in_status_category(
        self, info: Info, from_date: From = None, to_date: To = None
    ) -> list[StatusCategoryTime] | None:
        """Where tickets spend their time, in few words."""
        self.require_every_ticket("timeInStatusCategory")
        period = self.created(from_date, to_date)
        found = await get_time_in_status(info.context, self.tenant_id, by_category=True, **period)
        times = [{name: value for name, value in asdict(row).items() if name != "status"} for row in found]
        return [StatusCategoryTime(**time) for time in times]
