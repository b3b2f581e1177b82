"""Loaders: nested fields of many objects are read together, in one command for all of them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from strawberry.dataloader import DataLoader

from documents.database import Row
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.notification import Notification
from services.ingestion.reading import Runs
from services.lists.keyset import Slice, Window
from services.notifications.reading import Notifications
from services.notifications.waiting import Surroundings, Waiting
from services.search.indexing import SearchIndex
from services.tickets.batches import TicketBatches
from services.tickets.record import TicketRecord
from services.tickets.tenants import Tenants

S = TypeVar("S", bound=Hashable)
V = TypeVar("V")

MAX_BATCH = 100
"""Keys read by one command; more are spread over several."""


class GroupLoader(Generic[S, V]):
    """Loads values by a shared part (tenant, page size ...) and an own key: one read for each shared part."""

    def __init__(
        self, read: Callable[[S, Sequence[str]], Awaitable[Mapping[str, V]]], missing: Callable[[], V]
    ) -> None:
        self._read = read
        self._missing = missing
        # No cache: in a subscription the context outlives an event, and the next event must read anew.
        self._loader: DataLoader[tuple[S, str], V] = DataLoader(self._load, max_batch_size=MAX_BATCH, cache=False)

    async def load(self, shared: S, key: str) -> V:
        """The value, read together with those that are asked for at the same time."""
        return await self._loader.load((shared, key))

    async def _load(self, wanted: list[tuple[S, str]]) -> list[V]:
        groups: defaultdict[S, dict[str, None]] = defaultdict(dict)
        for shared, key in wanted:
            groups[shared][key] = None
        found = {shared: await self._read(shared, list(keys)) for shared, keys in groups.items()}
        return [found[shared][key] if key in found[shared] else self._missing() for shared, key in wanted]


class Loaders:
    """The loaders of one request."""

    def __init__(
        self,
        batches: TicketBatches,
        runs: Runs,
        tenants: Tenants,
        search_index: SearchIndex,
        notifications: Notifications,
        waiting: Waiting,
    ) -> None:
        self.histories: GroupLoader[tuple[str, int], list[Row]] = GroupLoader(
            lambda shared, ids: batches.histories(shared[0], ids, limit=shared[1]), list
        )
        """Of (tenant, limit) and ticket."""
        self.customer_tickets: GroupLoader[tuple[str, Window], Slice[TicketRecord]] = GroupLoader(
            lambda shared, ids: batches.of_customers(shared[0], ids, shared[1]), lambda: Slice([], has_more=False)
        )
        """Of (tenant, window) and customer."""
        self.customer_counts: GroupLoader[str, int] = GroupLoader(batches.count_of_customers, int)
        """Of tenant and customer."""
        self.notifications: GroupLoader[str, list[Notification]] = GroupLoader(notifications.of_tickets, list)
        """Of tenant and ticket."""
        self.surroundings: GroupLoader[None, Surroundings | None] = GroupLoader(
            lambda _, ids: waiting.around(ids), lambda: None
        )
        """Of nothing and destination; there is one for each."""
        self.jobs: GroupLoader[str, IngestionJob | None] = GroupLoader(
            lambda tenant_id, ids: runs.by_id(IngestionJob, tenant_id, ids), lambda: None
        )
        """Of tenant and job."""
        self.logs: GroupLoader[str, IngestionLog | None] = GroupLoader(
            lambda tenant_id, ids: runs.by_id(IngestionLog, tenant_id, ids), lambda: None
        )
        """Of tenant and job."""
        self.ticket_counts: GroupLoader[None, int] = GroupLoader(lambda _, names: tenants.ticket_counts(names), int)
        """Of nothing and tenant."""
        self.search_backlogs: GroupLoader[None, int] = GroupLoader(lambda _, names: search_index.backlogs(names), int)
        self.last_jobs: GroupLoader[None, IngestionJob | None] = GroupLoader(
            lambda _, names: tenants.last_jobs(names), lambda: None
        )
        """Of nothing and tenant."""
