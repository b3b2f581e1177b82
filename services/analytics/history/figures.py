"""Figures that the history of tickets tells: each is one command, computed by MongoDB."""

from datetime import datetime

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_indexes import COUNTED_INDEX
from services.analytics.answering import FIGURE_MILLISECONDS, AnswersQuestions
from services.analytics.history.ageing import Ageing, past_ageing_pipeline, present_ageing_pipeline, to_ageing
from services.analytics.history.flow import BacklogPoint, FlowQuestion, FlowStep
from services.analytics.history.past import PastQuestion, to_past_stats
from services.analytics.history.status_times import StatusTime, TimesQuestion, to_status_times
from services.analytics.history.units import units_of
from services.analytics.periods import require_past, require_period
from services.analytics.stats import TenantStats
from services.coordination.sharing import Questions, shared
from services.kit.civil_time import TrendUnit
from services.kit.clock import Clock
from services.lists.cursors import time_limited


class HistoryFigures(AnswersQuestions):
    """Computes figures of one database's tickets and their history; each raises `QueryTimeoutError` after 5 s."""

    def __init__(self, database: Database, clock: Clock, questions: Questions) -> None:
        super().__init__(database, clock, questions)
        self._database = database

    @shared
    async def flow(
        self, tenant_id: str, *, unit: TrendUnit, start: datetime | None, end: datetime | None, time_zone: str
    ) -> list[FlowStep]:
        """What happened to tickets in each unit of the period, oldest first, quiet units included.

        The period and its units are those of `Analytics.trend`.

        Raises:
            InvalidInputError: the period makes no sense or has more than 1,000 units, or the time zone is unknown.
        """
        require_period(start, end)
        units = units_of(start, end or self._clock.now(), unit, time_zone)
        asked = FlowQuestion(tenant_id, units, self._has_rollups)
        return asked.flow(await self._run(asked.pipeline(), index=COUNTED_INDEX))

    @shared
    async def backlog(
        self, tenant_id: str, *, unit: TrendUnit, start: datetime | None, end: datetime | None, time_zone: str
    ) -> list[BacklogPoint]:
        """How many tickets were not closed when the period began, at the beginning of each unit in it, and at its end.

        A period that reaches into the future ends now; one that begins there has no points.

        Raises:
            InvalidInputError: as for `flow`.
        """
        require_period(start, end)
        now = self._clock.now()
        if start is not None and start > now:
            return []
        units = units_of(start, min(end or now, now), unit, time_zone)
        asked = FlowQuestion(tenant_id, units, self._has_rollups)
        return asked.backlog(await self._run(asked.backlog_pipeline(), index=COUNTED_INDEX))

    @shared
    async def ageing(self, tenant_id: str, at: datetime | None) -> Ageing:
        """The tickets that were not closed at the moment, or are not closed now, by age.

        Raises:
            InvalidInputError: the moment makes no sense, or is still to come.
        """
        now = self._clock.now()
        if at is not None:
            require_past("at", at, now)
            pipeline = past_ageing_pipeline(tenant_id, at, rolled_up=self._has_rollups)
        else:
            pipeline = present_ageing_pipeline(tenant_id, now, rolled_up=self._has_rollups)
        return to_ageing(await self._run(pipeline, index=COUNTED_INDEX), at or now)

    @shared
    async def time_in_status(
        self, tenant_id: str, *, created_from: datetime | None, created_to: datetime | None, by_category: bool
    ) -> list[StatusTime]:
        """How long the live tickets created in the period were in each status, or category; at most 50 of them.

        Median and 90th percentile are exact, by nearest rank.

        Raises:
            InvalidInputError: the period makes no sense.
        """
        require_period(created_from, created_to)
        asked = TimesQuestion(tenant_id, created_from, created_to, self._clock.now(), by_category=by_category)
        async with time_limited(), self._database.at_this_moment() as session:
            options: Row = {"session": session, "maxTimeMS": FIGURE_MILLISECONDS}
            outdated: list[str] = []
            if self._has_rollups:
                found = self._database.collection(Ticket).aggregate(asked.outdated(), hint=COUNTED_INDEX, **options)
                outdated = [row["ticket"] for row in await found.to_list(None)]
            times = self._database.collection(Ticket).aggregate(
                asked.pipeline(outdated, rolled_up=self._has_rollups), hint=COUNTED_INDEX, **options
            )
            return to_status_times(await times.to_list(None), by_category=by_category)

    @shared
    async def stats_as_of(
        self, tenant_id: str, as_of: datetime, *, created_from: datetime | None, created_to: datetime | None
    ) -> TenantStats:
        """The counts and ratios that the statistics of the period had at a past moment; its other parts are empty.

        Raises:
            InvalidInputError: the moment or the period makes no sense, or the moment is still to come.
        """
        require_past("as_of", as_of, self._clock.now())
        require_period(created_from, created_to)
        asked = PastQuestion(tenant_id, as_of, created_from, created_to, self._has_rollups)
        found = await self._run(asked.pipeline(), index=COUNTED_INDEX)
        return to_past_stats(found, tenant_id, created_from, created_to)
