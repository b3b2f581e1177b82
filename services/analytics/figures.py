"""Analytics beyond the fixed statistics: trends, customers, patterns, and how long tickets take to be closed.

Each is one command, computed by MongoDB; counts and trends are answered from covering indexes. Those of the tickets
that are `wanted`, by a filter without a period of creation, are counted one by one. What the history tells is in
`services/analytics/history/figures.py`.
"""

from datetime import datetime

from documents.database import Database, Row
from documents.ticket import CountedField
from documents.ticket_indexes import CUSTOMER_INDEX
from services.analytics.answering import FIGURE_MILLISECONDS, AnswersQuestions
from services.analytics.closing_times import ClosingTimes, TimeToClose
from services.analytics.customers import CustomerCount, CustomerOrder, Ranking, ranked_customers
from services.analytics.filtered import chosen, index_for
from services.analytics.partition import partition_of
from services.analytics.patterns.heat_map import HeatMap, HeatMapCell
from services.analytics.patterns.repeat_contacts import RepeatContacts, RepeatQuestion, to_repeat_contacts
from services.analytics.periods import require_period
from services.analytics.trends import Trend, TrendBucket, counted_for, usual_start
from services.coordination.sharing import Questions, shared
from services.kit.civil_time import TrendUnit
from services.kit.clock import Clock
from services.kit.hours_of_week import offsets_of
from services.tickets.filter import EVERY_TICKET, TicketFilter, created_in_period


class Analytics(AnswersQuestions):
    """Computes analytics of one database's tickets."""

    def __init__(self, database: Database, clock: Clock, questions: Questions) -> None:
        super().__init__(database, clock, questions)
        self._closing_times = ClosingTimes(database, max_milliseconds=FIGURE_MILLISECONDS)

    @shared
    async def trends(
        self,
        tenant_id: str,
        breakdowns: frozenset[CountedField | None],
        *,
        unit: TrendUnit,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        time_zone: str = "UTC",
        wanted: TicketFilter = EVERY_TICKET,
    ) -> dict[CountedField | None, list[TrendBucket]]:
        """Tickets created per unit, oldest first, empty units included, once for each of the `breakdowns`.

        Units begin by the clock of `time_zone`. The period ends now and has 24 hours, 30 days, 12 weeks or a year
        unless told otherwise; its first and last unit count only what lies in the period. Weeks begin on Monday.

        Raises:
            InvalidInputError: the period makes no sense or has more than 1,000 units, or the time zone is unknown.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        created_in_period(created_from, created_to)
        end = created_to or self._clock.now()
        trend = Trend(tenant_id, created_from or usual_start(end, unit), end, unit, time_zone)
        begins = trend.boundaries()
        if not begins:
            return {breakdown: [] for breakdown in breakdowns}
        where = await chosen(self._tickets, tenant_id, wanted, trend.start, trend.end)
        tickets = trend.tickets(begins, breakdowns, rolled_up=self._has_rollups, where=where)
        found: dict[str, list[Row]] = {}
        for fields, pipeline in tickets.pipelines():
            found |= dict.fromkeys(fields, await self._run(pipeline, index=index_for(wanted)))
        units = {field: tickets.by_unit(rows, begins, field) for field, rows in found.items()}
        return {each: trend.buckets(begins, units[counted_for(each)], each) for each in breakdowns}

    @shared
    async def customers(
        self,
        tenant_id: str,
        *,
        order: CustomerOrder,
        first: int,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        wanted: TicketFilter = EVERY_TICKET,
    ) -> list[CustomerCount]:
        """The `first` customers by one of their counts, highest first.

        Raises:
            InvalidInputError: the period makes no sense, or `first` is not from 1 to 100.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        ranking = Ranking(tenant_id, order, first, created_from, created_to)
        where = await chosen(self._tickets, tenant_id, wanted, created_from, created_to)
        pipeline = ranking.pipeline(self._clock.now(), rolled_up=self._has_rollups, where=where)
        return ranked_customers(await self._run(pipeline, index=index_for(wanted)))

    @shared
    async def time_to_close(
        self,
        tenant_id: str,
        *,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        wanted: TicketFilter = EVERY_TICKET,
    ) -> TimeToClose:
        """Median and 90th percentile over the tickets created in the period, exact, by nearest rank.

        A ticket was closed when its source says, or else when a run saw it. One that was closed already when it was
        first ingested does not count; of one that was closed several times the last time counts.

        Raises:
            InvalidInputError: the period makes no sense.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        where = await chosen(self._tickets, tenant_id, wanted, created_from, created_to)
        return await self._closing_times.time_to_close(tenant_id, created_from, created_to, where)

    @shared
    async def heat_map(
        self,
        tenant_id: str,
        *,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        time_zone: str = "UTC",
        wanted: TicketFilter = EVERY_TICKET,
    ) -> list[HeatMapCell]:
        """Tickets created in the period by weekday and hour of the zone's clock: 168 cells, from Monday 0:00 on.

        Raises:
            InvalidInputError: the period makes no sense, or the time zone is unknown.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        require_period(created_from, created_to)
        offsets = offsets_of(time_zone, created_from, created_to or self._clock.now())
        where = await chosen(self._tickets, tenant_id, wanted, created_from, created_to)
        partition = partition_of(tenant_id, created_from, created_to, rolled_up=self._has_rollups, where=where)
        heat_map = HeatMap(partition, offsets)
        index = heat_map.index if where is None else index_for(wanted)
        return heat_map.cells(await self._run(heat_map.pipeline(), index=index))

    @shared
    async def repeat_contacts(
        self,
        tenant_id: str,
        *,
        days: int,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
    ) -> RepeatContacts:
        """The tickets created in the period by customers who had written within so many days before.

        Raises:
            InvalidInputError: the period makes no sense, or `days` is not from 1 to 365.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        require_period(created_from, created_to)
        question = RepeatQuestion(tenant_id, days, created_from, created_to)
        return to_repeat_contacts(await self._run(question.pipeline(), index=CUSTOMER_INDEX))
