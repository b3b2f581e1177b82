"""What every resolver is given: who asks, and the services that answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from strawberry.fastapi import BaseContext
from strawberry.types.info import Info as StrawberryInfo

from schema.loaders import Loaders
from services.access import Caller
from services.analytics import Analytics
from services.changes import Changes
from services.circuit_breaker import CircuitBreaker
from services.export import Exports
from services.health import Health
from services.jobs import Jobs
from services.locks import Locks
from services.notification_delivery import Delivery
from services.notifications import Notifications
from services.rate_limiter import RateLimiter
from services.rollup_keeper import RollupKeeper
from services.run_lists import RunLists
from services.runs import Runs
from services.search import Search
from services.stats import Stats
from services.tenants import Tenants
from services.ticket_batches import TicketBatches
from services.tickets import Tickets
from services.worker import Worker


class Background(Protocol):
    """Something that works until it is told to stop."""

    async def work(self) -> None:
        """Work until `shut_down`."""

    def shut_down(self) -> None:
        """Finish what is at hand, and return from `work`."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that decides, built once a process."""

    tenants: Tenants
    tickets: Tickets
    search: Search
    exports: Exports
    ticket_batches: TicketBatches
    stats: Stats
    analytics: Analytics
    jobs: Jobs
    runs: Runs
    run_lists: RunLists
    changes: Changes
    locks: Locks
    rate_limiter: RateLimiter
    health: Health
    notifications: Notifications
    circuits: Mapping[str, CircuitBreaker]
    """By name: one for each destination that has one."""
    worker: Worker | None
    """The worker of this process, if it has one."""
    delivery: Delivery | None
    """What delivers notifications in this process, if it has a worker."""
    rollup_keeper: RollupKeeper | None
    """What rolls tickets up in this process, if it has a worker and no other process does."""

    @property
    def background(self) -> "list[Background]":
        """What works beside the requests, and has to be shut down."""
        return [each for each in (self.worker, self.delivery, self.rollup_keeper) if each is not None]


@dataclass
class Context(BaseContext):
    """One request: REST or GraphQL."""

    services: Services
    caller: Caller
    request_id: str = field(default="-")
    max_page_size: int = 100
    """The most nodes that a GraphQL connection shows at once."""

    def __post_init__(self) -> None:
        BaseContext.__init__(self)

    @cached_property
    def loaders(self) -> Loaders:
        """Batch reads for nested fields."""
        services = self.services
        return Loaders(services.ticket_batches, services.run_lists, services.tenants, services.notifications)


Info = StrawberryInfo[Context, None]
