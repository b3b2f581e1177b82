"""Builds what works beside the requests, on services that are there already."""

from dataclasses import replace

from documents.database import Database
from gql_app.protecting import build_eraser
from gql_app.settings import Settings
from resolvers.context import Services
from services.coordination.keepers import LONGEST_LEASE_SECONDS
from services.coordination.leases import Leases
from services.ingestion.legs import Legs
from services.ingestion.pages.commit import PageStore
from services.ingestion.schedule import Schedule
from services.ingestion.sweep import Deletions
from services.ingestion.walk import Ingestion
from services.ingestion.worker import Worker
from services.judging.judges import Judges
from services.judging.reclassifier import Reclassifier
from services.judging.rejudging import Rejudging
from services.judging.training import Trainer
from services.kit.clock import Clock
from services.migration.migrator import Migrator
from services.notifications.delivery import Delivery
from services.notifications.judging import RetryRules
from services.notifications.lanes import Lanes
from services.notifications.outbox import AnnouncementPolicy
from services.notifications.queue import NotificationQueue
from services.rollups.keeper import RollupKeeper
from services.rollups.write import Rollups
from services.search.keeper import SearchKeeper
from services.spikes.watcher import SpikeWatcher

SETTLE_SECONDS = 20.0
"""How long after a notification's request the database may take until others may claim it."""


def with_workers(services: Services, settings: Settings, database: Database, clock: Clock) -> Services:
    """The same services with what works beside the requests."""
    delivery = _delivery(settings, database, services, clock)
    jobs, leases, rollups = services.jobs, services.locks, Rollups(database)
    connections, sources, observer = services.connections, services.sources, services.observation
    legs = Legs(database, leases, connections, sources, clock, announce=announced(settings))
    pages = PageStore(database, leases, rollups, clock, on_urgent=delivery.wake, observer=observer)
    deletions = Deletions(database, leases, clock)
    ingestion = Ingestion(jobs, legs, pages, deletions, clock, max_pages=settings.upstream_max_pages)
    ttl_seconds = min(settings.lock_ttl_seconds, LONGEST_LEASE_SECONDS)
    short_leases = Leases(database, ttl_seconds=ttl_seconds, observer=observer)
    return replace(
        services,
        worker=Worker(jobs, ingestion, concurrency=settings.worker_concurrency, observer=observer),
        delivery=delivery,
        rollup_keeper=RollupKeeper(database, rollups, short_leases, clock),
        search_keeper=SearchKeeper(database, services.search_index, short_leases, clock),
        reclassifier=Reclassifier(
            database,
            Rejudging(database, Judges(database, observer=observer), rollups, clock),
            short_leases,
            clock,
            on_urgent=delivery.wake,
        ),
        trainer=Trainer(database, leases, clock),
        eraser=build_eraser(database, short_leases, services.retentions, clock),
        migrator=Migrator(database, short_leases, clock),
        spike_watcher=SpikeWatcher(database, short_leases, clock, on_announced=delivery.wake),
        schedule=Schedule(database, jobs, clock),
    )


def announced(settings: Settings) -> AnnouncementPolicy:
    """What is announced of the contract's API, and of files."""
    return AnnouncementPolicy(open_only=settings.announce == "open")


def _delivery(settings: Settings, database: Database, services: Services, clock: Clock) -> Delivery:
    return Delivery(
        Lanes(database),
        NotificationQueue(database, claim_seconds=settings.notify_timeout_seconds + SETTLE_SECONDS),
        services.circuits,
        services.targets,
        services.destinations,
        clock,
        concurrency=settings.notify_concurrency,
        patience=RetryRules().with_attempts(settings.notify_attempts),
        observer=services.observation,
    )
