"""Loaders: nested fields of many objects are read together, in one command for all of them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from strawberry.dataloader import DataLoader

from documents.database import Row
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.notification import Notification, NotificationState
from services.analytics.several import StatsQuestion, stats_of_each
from services.analytics.stats import Stats, TenantStats
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
    """Loads values by a shared part (tenant, page size ...) and an own key: one read for each shared part."""

    def __init__(self, read: Callable[[S, Sequence[K]], Awaitable[Mapping[K, V]]], missing: Callable[[], V]) -> None:
        self._read = read
        self._missing = missing
        # No cache: in a subscription the context outlives an event, and the next event must read anew.
        self._loader: DataLoader[tuple[S, K], V] = DataLoader(self._load, max_batch_size=MAX_BATCH, cache=False)

    async def load(self, shared: S, key: K) -> V:
        """The value, read together with those that are asked for at the same time."""
        return await self._loader.load((shared, key))

    async def _load(self, wanted: list[tuple[S, K]]) -> list[V]:
        groups: defaultdict[S, dict[K, None]] = defaultdict(dict)
        for shared, key in wanted:
            groups[shared][key] = None
        found = {shared: await self._read(shared, list(keys)) for shared, keys in groups.items()}
        return [found[shared][key] if key in found[shared] else self._missing() for shared, key in wanted]


class Loaders:
    """The loaders of one request."""

    def __init__(self, batches: TicketBatches, runs: Runs, notifications: Notifications, waiting: Waiting) -> None:
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
            lambda question, names: stats_of_each(stats, question, names), lambda: None
        )
        """Of a question and tenant; there are some for each."""
