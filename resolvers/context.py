"""What every resolver is given: who asks, and the services that answer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from resolvers.loaders import Loaders, TenantLoaders
from services.access import Caller
from services.analytics.figures import Analytics
from services.analytics.forecasts.forecasts import Forecasts
from services.analytics.history.figures import HistoryFigures
from services.analytics.stats import Stats
from services.connections.connections import Connections
from services.connections.opening import Sources
from services.coordination.change_streams import Changes
from services.coordination.leases import Leases
from services.health import Health
from services.ingestion.batches.storing import Batches
from services.ingestion.jobs import Jobs
from services.ingestion.reading import Runs
from services.ingestion.schedule import Schedule
from services.ingestion.worker import Worker
from services.judging.corrections import Corrections
from services.judging.learnings import Learnings
from services.judging.own_words import OwnWordsBooks
from services.judging.progress import Reclassifications
from services.judging.reclassifier import Reclassifier
from services.judging.training import Trainer
from services.kit.background import Background
from services.migration.migrator import Migrator
from services.notifications.backlog import Backlogs
from services.notifications.circuits import Circuits
from services.notifications.delivery import Delivery
from services.notifications.reading import Notifications
from services.notifications.receivers.destinations import Destinations
from services.notifications.receivers.targets import Targets
from services.notifications.waiting import Waiting
from services.observing import Observation
from services.protection.ages.retentions import Retentions
from services.protection.eraser import Eraser
from services.protection.erasures import Erasures
from services.protection.portability import CustomerExports
from services.protection.shields import Shields
from services.protection.trail import AuditTrail
from services.rollups.keeper import RollupKeeper
from services.search.indexing import SearchIndex
from services.search.keeper import SearchKeeper
from services.sources.budget import RateLimiter
from services.spikes.spikes import Spikes
from services.spikes.watcher import SpikeWatcher
from services.survey import Surveys
from services.tickets.batches import TicketBatches
from services.tickets.export import Exports
from services.tickets.following import FollowedTickets
from services.tickets.reading import Tickets
from services.tickets.search import Search
from services.tickets.tenants import Tenants


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that decides, built once a process."""

    tenants: Tenants
    tickets: Tickets
    followed_tickets: FollowedTickets
    search: Search
    search_index: SearchIndex
    exports: Exports
    ticket_batches: TicketBatches
    stats: Stats
    analytics: Analytics
    history: HistoryFigures
    forecasts: Forecasts
    spikes: Spikes
    jobs: Jobs
    runs: Runs
    batches: Batches
    corrections: Corrections
    learnings: Learnings
    erasures: Erasures
    customer_exports: CustomerExports
    retentions: Retentions
    shields: Shields
    trail: AuditTrail
    changes: Changes
    locks: Leases
    rate_limiter: RateLimiter
    health: Health
    notifications: Notifications
    destinations: Destinations
    targets: Targets
    circuits: Circuits
    waiting: Waiting
    backlogs: Backlogs
    connections: Connections
    sources: Sources
    surveys: Surveys
    observation: Observation
    """Hands on what all of them do to whoever is attached."""
    own_words: OwnWordsBooks
    reclassifications: Reclassifications
    worker: Worker | None = None
    """The worker of this process, if it has one."""
    delivery: Delivery | None = None
    """What delivers notifications in this process, if it has a worker."""
    rollup_keeper: RollupKeeper | None = None
    """What rolls tickets up in this process, if it has a worker and no other process does."""
    schedule: Schedule | None = None
    """What starts the runs of connections that are due; likewise."""
    search_keeper: SearchKeeper | None = None
    """What keeps tickets ready for searches; likewise."""
    reclassifier: Reclassifier | None = None
    """What judges stored tickets anew; likewise."""

    trainer: Trainer | None = None
    """What learns from corrections; likewise."""
    eraser: Eraser | None = None
    """What carries erasures out; likewise."""
    migrator: Migrator | None = None
    """What brings stored data to the present version; likewise."""
    spike_watcher: SpikeWatcher | None = None
    """What looks for spikes; likewise."""

    @property
    def background(self) -> list[Background]:
        """What works beside the requests, and has to be shut down."""
        keepers = (self.rollup_keeper, self.search_keeper, self.reclassifier, self.trainer, self.spike_watcher)
        all_there_are = (self.worker, self.delivery, self.schedule, *keepers, self.eraser, self.migrator)
        return [each for each in all_there_are if each is not None]


@dataclass(frozen=True, slots=True)
class RequestBudget:
    """What a client may still ask of us."""

    limit: int
    """Requests in a minute."""
    remaining: int
    """Those of them that it may make at once."""
    reset_seconds: int
    """Until all of them are there again."""


@dataclass
class Context:
    """One request, or one command."""

    services: Services
    caller: Caller
    request_id: str = "-"
    max_page_size: int = 100
    """The most nodes that a GraphQL connection shows at once."""
    client: str = "-"
    """Whose budget is used by what this context follows."""
    budget_of: Callable[[str], RequestBudget | None] = lambda client: None
    """How a client stands; None: it may ask as often as it likes."""

    @cached_property
    def loaders(self) -> Loaders:
        """Batch reads for nested fields."""
        services = self.services
        return Loaders(
            services.ticket_batches, services.analytics, services.runs, services.notifications, services.waiting
        )

    @cached_property
    def tenant_loaders(self) -> TenantLoaders:
        """Batch reads for fields of tenants."""
        services = self.services
        return TenantLoaders(services.tenants, services.stats, services.search_index, services.notifications)
