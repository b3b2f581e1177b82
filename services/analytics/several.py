"""Trends that one request asks for together: of the same tickets, by several fields."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from documents.ticket import CountedField
from services.analytics.figures import Analytics
from services.analytics.trends import TrendBucket
from services.kit.civil_time import TrendUnit
from services.tickets.filter import EVERY_TICKET, TicketFilter


@dataclass(frozen=True, slots=True)
class TrendQuestion:
    """Which trends are asked for, whatever they are broken down by; as for `Analytics.trends`."""

    tenant_id: str
    unit: TrendUnit
    created_from: datetime | None
    created_to: datetime | None
    time_zone: str
    wanted: TicketFilter


async def trends_of_each(
    analytics: Analytics, question: TrendQuestion, breakdowns: Sequence[CountedField | None]
) -> dict[CountedField | None, list[TrendBucket]]:
    """The trend with each breakdown. Of a part of the tickets, each is a question of its own: they take long together.

    Raises:
        InvalidInputError, QueryTimeoutError: as `Analytics.trends`.
    """

    async def ask(*some: CountedField | None) -> dict[CountedField | None, list[TrendBucket]]:
        return await analytics.trends(
            question.tenant_id,
            frozenset(some),
            unit=question.unit,
            created_from=question.created_from,
            created_to=question.created_to,
            time_zone=question.time_zone,
            wanted=question.wanted,
        )

    if question.wanted == EVERY_TICKET:
        return await ask(*breakdowns)
    each = await asyncio.gather(*map(ask, breakdowns))
    return {breakdown: trend for found in each for breakdown, trend in found.items()}
