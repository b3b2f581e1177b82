"""Loaders: nested fields of many objects are read together, in one command for all of them.

Of our own because strawberry's loads all of strawberry, which commands and workers have no other use for.
"""

import asyncio
from asyncio import Future
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from documents.database import Row
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.notification import Notification, NotificationState
from documents.ticket import CountedField
from services.analytics.figures import Analytics
from services.analytics.several import TrendQuestion, trends_of_each
from services.analytics.stats import Stats, StatsQuestion, TenantStats
from services.analytics.trends import TrendBucket
from services.ingestion.reading import Runs
from services.lists.keyset import Slice, Window
from services.notifications.reading import Notifications
from services.notifications.waiting import Surroundings, Waiting
from services.search.indexing import SearchIndex
from services.tickets.batches import TicketBatches
from services.tickets.filter import TicketFilter
from services.tickets.ordering import Ordering
from services.tickets.record import TicketRecord
from services.tickets.tenants import Tenants

S = TypeVar("S", bound=Hashable)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_BATCH = 100
"""Keys read by one command; more are spread over several."""


class GroupLoader(Generic[S, K, V]):
    """Loads values by a shared part (tenant, page size ...) and an own key: one read for each shared part.

    Nothing is remembered: in a subscription the context outlives an event, and the next event must read anew.
    """

    def __init__(self, read: Callable[[S, Sequence[K]], Awaitable[Mapping[K, V]]], missing: Callable[[], V]) -> None:
        self._read = read
        self._missing = missing
        self._wanted: list[tuple[S, K, Future[V]]] = []
        self._reading: set[asyncio.Task[None]] = set()

    async def load(self, shared: S, key: K) -> V:
        """The value, read together with those that are asked for at the same time."""
        loop = asyncio.get_running_loop()
        if not self._wanted:
            # Two rounds of the loop later: what has to be awaited on the way to a field may take one.
            loop.call_soon(loop.call_soon, self._begin)
        value: Future[V] = loop.create_future()
        self._wanted.append((shared, key, value))
        return await value

    def _begin(self) -> None:
        groups: defaultdict[S, list[tuple[K, Future[V]]]] = defaultdict(list)
        for shared, key, value in self._wanted:
            if not value.done():  # others were cancelled
                groups[shared].append((key, value))
        self._wanted = []
        for shared, wanted in groups.items():
            for start in range(0, len(wanted), MAX_BATCH):
                reading = asyncio.create_task(self._answer(shared, wanted[start : start + MAX_BATCH]))
                self._reading.add(reading)  # the loop itself would not keep it
                reading.add_done_callback(self._reading.discard)

    async def _answer(self, shared: S, wanted: Sequence[tuple[K, Future[V]]]) -> None:
        try:
            found = await self._read(shared, list(dict.fromkeys(key for key, _ in wanted)))
        except Exception as error:  # noqa: BLE001  (it is raised where the values are waited for)
            for _, value in wanted:
                if not value.done():
                    value.set_exception(error)
            return
        for key, value in wanted:
            if not value.done():
                value.set_result(found[key] if key in found else self._missing())


class Loaders:
    """The loaders of one request."""

    def __init__(
        self, batches: TicketBatches, analytics: Analytics, runs: Runs, notifications: Notifications, waiting: Waiting
    ) -> None:
        self.histories: GroupLoader[tuple[str, int], str, list[Row]] = GroupLoader(
            lambda shared, ids: batches.histories(shared[0], ids, limit=shared[1]), list
        )
        """Of (tenant, limit) and ticket."""
        self.ticket_lists: GroupLoader[tuple[str, Window, Ordering], TicketFilter, Slice[TicketRecord]] = GroupLoader(
            lambda shared, lists: batches.slices(shared[0], lists, *shared[1:]), lambda: Slice([], has_more=False)
        )
        """Of (tenant, window, order) and filter."""
        self.ticket_list_counts: GroupLoader[str, TicketFilter, int] = GroupLoader(batches.counts, int)
        """Of tenant and filter."""
        self.trends: GroupLoader[TrendQuestion, CountedField | None, list[TrendBucket]] = GroupLoader(
            partial(trends_of_each, analytics), list
        )
        """Of a question and breakdown."""
        self.notifications: GroupLoader[str, str, list[Notification]] = GroupLoader(notifications.of_tickets, list)
        """Of tenant and ticket."""
        self.surroundings: GroupLoader[None, str, Surroundings | None] = GroupLoader(
            lambda _, ids: waiting.around(ids), lambda: None
        )
        """Of nothing and destination; there is one for each."""
        self.jobs: GroupLoader[str, str, IngestionJob | None] = GroupLoader(
            lambda tenant_id, ids: runs.by_id(IngestionJob, tenant_id, ids), lambda: None
        )
        """Of tenant and job."""
        self.logs: GroupLoader[str, str, IngestionLog | None] = GroupLoader(
            lambda tenant_id, ids: runs.by_id(IngestionLog, tenant_id, ids), lambda: None
        )
        """Of tenant and job."""


class TenantLoaders:
    """The loaders of one request for what a list of tenants shows of each."""

    def __init__(self, tenants: Tenants, stats: Stats, search_index: SearchIndex, notifications: Notifications) -> None:
        self.ticket_counts: GroupLoader[None, str, int] = GroupLoader(
            lambda _, names: tenants.ticket_counts(names), int
        )
        """Of nothing and tenant."""
        self.search_backlogs: GroupLoader[None, str, int] = GroupLoader(
            lambda _, names: search_index.backlogs(names), int
        )
        """Of nothing and tenant."""
        self.last_jobs: GroupLoader[None, str, IngestionJob | None] = GroupLoader(
            lambda _, names: tenants.last_jobs(names), lambda: None
        )
        """Of nothing and tenant."""
        self.notification_counts: GroupLoader[None, str, dict[NotificationState, int]] = GroupLoader(
            lambda _, names: notifications.counts(names), dict
        )
        """Of nothing and tenant."""
        self.stats: GroupLoader[StatsQuestion, str, TenantStats | None] = GroupLoader(
            lambda question, names: stats.compute_each(names, question), lambda: None
        )
        """Of a question and tenant; there are some for each."""
