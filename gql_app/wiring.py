"""Builds the services from the settings: the one place that knows who needs what."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import httpx

from documents.database import Database, connect
from documents.driver import Listener
from gql_app.parties import build_connections, build_destinations
from gql_app.protecting import build_eraser, build_protection
from gql_app.settings import Settings
from resolvers.context import Services
from services.analytics.figures import Analytics
from services.analytics.forecasts.forecasts import Forecasts
from services.analytics.history.figures import HistoryFigures
from services.analytics.stats import Stats
from services.connections.opening import CONNECT_SECONDS, ReadingTerms
from services.coordination.change_streams import Changes
from services.coordination.keepers import LONGEST_LEASE_SECONDS
from services.coordination.leases import Leases
from services.health import Health
from services.ingestion.batches.storing import Batches
from services.ingestion.jobs import Jobs
from services.ingestion.legs import Legs
from services.ingestion.pages.commit import PageStore
from services.ingestion.reading import Runs
from services.ingestion.schedule import Schedule
from services.ingestion.sweep import Deletions
from services.ingestion.walk import Ingestion
from services.ingestion.worker import Worker
from services.judging.corrections import Corrections
from services.judging.judges import Judges
from services.judging.learnings import Learnings
from services.judging.own_words import OwnWordsBooks
from services.judging.preview import Previews
from services.judging.progress import Reclassifications
from services.judging.reclassifier import Reclassifier
from services.judging.rejudging import Rejudging
from services.judging.training import Trainer
from services.kit.clock import Clock, SystemClock
from services.kit.retry import Patience
from services.migration.migrator import Migrator
from services.notifications.backlog import Backlogs
from services.notifications.delivery import Delivery
from services.notifications.judging import RetryRules
from services.notifications.lanes import Lanes
from services.notifications.outbox import AnnouncementPolicy
from services.notifications.queue import NotificationQueue
from services.notifications.reading import Notifications
from services.observing import Observation
from services.rollups.keeper import RollupKeeper
from services.rollups.write import Rollups
from services.search.indexing import SearchIndex
from services.search.keeper import SearchKeeper
from services.sources.budget import RateLimiter
from services.sources.http.transport import REQUEST_SECONDS
from services.sources.standard.client import ExternalApi
from services.survey import Surveys
from services.tickets.batches import TicketBatches
from services.tickets.export import Exports
from services.tickets.following import FollowedTickets
from services.tickets.reading import Tickets
from services.tickets.search import Search
from services.tickets.tenants import Tenants

SETTLE_SECONDS = 20.0
"""How long after a notification's request the database may take until others may claim it."""


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    mongo_url: str,
    external_api_url: str,
    lack_of_room: Callable[[], str | None] = lambda: None,
    listeners: Sequence[Listener] = (),
) -> AsyncIterator[Services]:
    """Connect to MongoDB and the external API and build every service; closes both at the end.

    `lack_of_room` says so if MongoDB has no room on its disk, as far as that is known. `listeners` are told of
    connections to MongoDB, and of its commands.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    database = await connect(
        mongo_url,
        settings.mongo_db,
        deleted_retention_days=settings.deleted_retention_days,
        quarantine_retention_days=settings.quarantine_retention_days,
        lack_of_room=lack_of_room,
        listeners=listeners,
    )
    leases = Leases(database, ttl_seconds=LONGEST_LEASE_SECONDS)
    timeouts = httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS)
    # A pool of its own: a notifier that hangs must not take connections from ingestion.
    limits = httpx.Limits(max_connections=settings.notify_concurrency)
    both = partial(httpx.AsyncClient, follow_redirects=False, verify=httpx.create_ssl_context())
    try:
        await Migrator(database, leases, SystemClock()).prepare()
        async with (
            both(timeout=timeouts) as http,
            both(timeout=settings.notify_timeout_seconds, limits=limits) as aside,
        ):
            services = build_services(settings, database, http, external_api_url, notify_http=aside)
            try:
                yield services
            finally:
                await services.changes.close()
                await services.sources.close()
    finally:
        database.close()


def build_services(
    settings: Settings,
    database: Database,
    http: httpx.AsyncClient,
    external_api_url: str,
    *,
    notify_http: httpx.AsyncClient | None = None,
    clock: Clock | None = None,
    retries: Patience | None = None,
) -> Services:
    """Every service on an open database and HTTP clients; `clock` and `retries` are for tests."""
    clock, observation, terms = clock or SystemClock(), Observation(), _terms(settings, retries)
    leases = Leases(database, ttl_seconds=settings.lock_ttl_seconds, observer=observation)
    per_minute = settings.rate_limit_per_minute
    limiter = RateLimiter(database, clock, limit=per_minute, request_seconds=REQUEST_SECONDS, observer=observation)
    api = ExternalApi(http, external_api_url, limiter, clock, page_size=terms.page_size, patience=terms.patience)
    jobs = Jobs(database, leases, clock, observer=observation)
    pages, backlogs = PageStore(database, leases, Rollups(database), clock, observer=observation), Backlogs(database)
    services = Services(
        **_reading(database, clock),
        jobs=jobs,
        runs=Runs(database, jobs),
        batches=Batches(jobs, pages, _announced(settings), observer=observation),
        corrections=Corrections(database, clock),
        learnings=Learnings(database),
        **build_protection(settings, database, clock),
        changes=Changes(database, clock),
        locks=leases,
        rate_limiter=limiter,
        health=Health({"mongodb": database.ping, "external_api": api.ping}),
        notifications=Notifications(database),
        backlogs=backlogs,
        surveys=Surveys(database, backlogs, limiter, clock),
        observation=observation,
        **build_destinations(settings, database, notify_http or http, external_api_url, clock),
        **build_connections(settings, database, api, clock, terms, observation),
    )
    if not settings.run_worker:
        return services
    return _with_workers(services, settings, database, _delivery(settings, database, services, clock), clock)


def _reading(database: Database, clock: Clock) -> dict[str, Any]:
    """What reads tickets, and computes figures of them."""
    judges = Judges(database)
    return {
        "tenants": Tenants(database),
        "tickets": Tickets(database),
        "followed_tickets": FollowedTickets(database),
        "search": Search(database),
        "search_index": SearchIndex(database),
        "exports": Exports(database),
        "ticket_batches": TicketBatches(database),
        "stats": Stats(database, clock),
        "analytics": Analytics(database, clock),
        "history": HistoryFigures(database, clock),
        "forecasts": Forecasts(database, clock),
        "own_words": OwnWordsBooks(database, judges, Previews(database, clock), clock),
        "reclassifications": Reclassifications(database, judges),
    }


def _with_workers(
    services: Services, settings: Settings, database: Database, delivery: Delivery, clock: Clock
) -> Services:
    """The same services with what works beside the requests."""
    jobs, leases, rollups = services.jobs, services.locks, Rollups(database)
    connections, sources, observer = services.connections, services.sources, services.observation
    legs = Legs(database, leases, connections, sources, clock, announce=_announced(settings))
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
        schedule=Schedule(database, jobs, clock),
    )


def _announced(settings: Settings) -> AnnouncementPolicy:
    """What is announced of the contract's API, and of files."""
    return AnnouncementPolicy(open_only=settings.announce == "open")


def _terms(settings: Settings, patience: Patience | None) -> ReadingTerms:
    """How sources are read."""
    patience = patience or Patience(seconds=settings.upstream_patience_seconds)
    return ReadingTerms(patience, settings.page_size, settings.rate_limit_per_minute)


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
