"""Spikes as clients see them: each of their figures leads to the tickets behind it."""

from datetime import datetime, timedelta

import strawberry

from documents.spike import Spike as StoredSpike
from documents.spike import SpikeKeyword as StoredKeyword
from resolvers.spikes import count_spikes, slice_spikes
from schema.base.arguments import TenantId
from schema.base.connections import After, Before, Connection, First, Last, Pager
from schema.base.cost import CONNECTION, ListSize
from schema.base.ids import Node, global_id
from schema.base.info import Info
from schema.tickets.opened import Opened
from services.lists.cursors import Cursor
from services.tickets.choices import only
from services.tickets.filter import TicketFilter

_PEAK = timedelta(hours=1)


@strawberry.type(description="The hour of a spike with the most customers beyond what was expected.")
class SpikePeak(Opened):
    """An hour."""

    start: datetime = strawberry.field(description="When it begins.")
    end: datetime = strawberry.field(description="When it ends.")
    customers: int = strawberry.field(description="How many different customers wrote in it.")
    expected: float = strawberry.field(description="How many the same hours of earlier weeks let expect.")
    chance: float = strawberry.field(description="How often so many come by chance: 0 to 1.")


@strawberry.type(description="A keyword that has more of the tickets of a spike than of those before.")
class SpikeKeyword(Opened):
    """A keyword."""

    keyword: str = strawberry.field(description="The keyword, as statistics count it.")
    count: int = strawberry.field(description="How many tickets of the spike have it.")
    usual_share: float = strawberry.field(
        description="The share of the tickets of the four weeks before that had it: 0 to 1."
    )


@strawberry.type(
    description="Hours in which significantly more customers wrote than the same hours of earlier weeks let expect. "
    "Its figures are those that were found, and stay from six hours after its end, whatever tickets come or go later."
)
class Spike(Node, Opened):
    """A spike."""

    spike_id: str = strawberry.field(description="Its id, as announcements name it.")
    started_at: datetime = strawberry.field(description="When the first of the hours begins.")
    until: datetime = strawberry.field(description="When the last of them ends, so far.")
    is_over: bool = strawberry.field(description="Whether all has been as usual again for an hour.")
    detected_at: datetime = strawberry.field(description="When it was found.")
    count: int = strawberry.field(description="How many tickets were created from `startedAt` to before `until`.")
    customers: int = strawberry.field(description="How many different customers wrote them.")
    peak: SpikePeak = strawberry.field(description="Its worst hour.")
    keywords: list[SpikeKeyword] = strawberry.field(
        description="The keywords whose share of the tickets rose most; at most five.",
        directives=[ListSize(assumed_size=5)],
    )


@strawberry.type
class SpikeQueries:
    """The root field about spikes."""

    @strawberry.field(
        description="Hours in which too many customers of a tenant wrote, newest first.", directives=[CONNECTION]
    )
    async def spikes(
        self,
        info: Info,
        tenant_id: TenantId,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Spike] | None:
        """A page of spikes."""
        pager: Pager[StoredSpike] = Pager(
            info, f"Spike:{tenant_id}", place=lambda spike: Cursor(spike.started_at, spike.id)
        )
        window = pager.window(first, last, after, before)
        found = await slice_spikes(info.context, tenant_id, window)
        return pager.connection(found, window, to_spike, lambda: count_spikes(info.context, tenant_id))


def to_spike(stored: StoredSpike) -> Spike:
    """A stored spike as clients see it."""
    wanted = TicketFilter(created_from=stored.started_at, created_to=stored.until)
    return Spike(
        id=global_id("Spike", stored.tenant_id, stored.id),
        wanted=wanted,
        spike_id=stored.id,
        count=stored.tickets,
        peak=to_peak(stored),
        keywords=[to_spike_keyword(stored.tenant_id, wanted, each) for each in stored.keywords],
        **{
            name: getattr(stored, name)
            for name in ("tenant_id", "started_at", "until", "is_over", "detected_at", "customers")
        },
    )


def to_peak(stored: StoredSpike) -> SpikePeak:
    """The worst hour of a spike as clients see it."""
    start, end = stored.peak_from, stored.peak_from + _PEAK
    return SpikePeak(
        tenant_id=stored.tenant_id,
        wanted=TicketFilter(created_from=start, created_to=end),
        start=start,
        end=end,
        customers=stored.peak_customers,
        expected=stored.peak_expected,
        chance=stored.peak_chance,
    )


def to_spike_keyword(tenant_id: str, spike: TicketFilter, stored: StoredKeyword) -> SpikeKeyword:
    """A keyword of a spike as clients see it."""
    return SpikeKeyword(
        tenant_id=tenant_id,
        wanted=TicketFilter(created_from=spike.created_from, created_to=spike.created_to, keyword=only(stored.keyword)),
        keyword=stored.keyword,
        count=stored.tickets,
        usual_share=stored.usual_share,
    )
