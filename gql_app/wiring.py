"""Builds the services from the settings: the one place that knows who needs what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from documents.database import Database, connect
from gql_app.settings import Settings
from resolvers.context import Services
from services.analytics.figures import Analytics
from services.analytics.stats import Stats
from services.coordination.change_streams import Changes
from services.coordination.leases import Leases
from services.health import Health
from services.ingestion.commit import PageStore
from services.ingestion.jobs import Jobs
from services.ingestion.reading import Runs
from services.ingestion.sweep import Deletions
from services.ingestion.walk import Ingestion
from services.ingestion.worker import Worker
from services.kit.clock import Clock, SystemClock
from services.kit.retry import RetryPolicy
from services.notifications.breaker import CircuitBreaker
from services.notifications.delivery import RETRIES, Delivery
from services.notifications.outbox import Notifications
from services.notifications.queue import NotificationQueue
from services.notifications.receivers import Notifier
from services.rollups.keeper import LONGEST_LEASE_SECONDS, RollupKeeper
from services.rollups.write import Rollups
from services.sources.budget import RateLimiter
from services.sources.standard.client import REQUEST_SECONDS, ExternalApi
from services.tickets.batches import TicketBatches
from services.tickets.export import Exports
from services.tickets.reading import Tickets
from services.tickets.search import Search
from services.tickets.tenants import Tenants

CONNECT_SECONDS = 5.0
NOTIFIER = "notify"
"""The name of the notifier's circuit breaker."""
SETTLE_SECONDS = 20.0
"""How long after a notification's request the database may take until others may claim it."""


@asynccontextmanager
async def open_services(settings: Settings, *, mongo_url: str, external_api_url: str) -> AsyncIterator[Services]:
    """Connect to MongoDB and the external API and build every service; closes both at the end.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    database = await connect(
        mongo_url,
        settings.mongo_db,
        deleted_retention_days=settings.deleted_retention_days,
        quarantine_retention_days=settings.quarantine_retention_days,
    )
    timeouts = httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS)
    # A pool of its own: a notifier that hangs must not take connections from ingestion.
    limits = httpx.Limits(max_connections=settings.notify_concurrency)
    try:
        async with (
            httpx.AsyncClient(timeout=timeouts, follow_redirects=False) as http,
            httpx.AsyncClient(timeout=settings.notify_timeout_seconds, follow_redirects=False, limits=limits) as aside,
        ):
            services = build_services(settings, database, http, external_api_url, notify_http=aside)
            try:
                yield services
            finally:
                await services.changes.close()
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
    retries: RetryPolicy | None = None,
) -> Services:
    """Every service on an open database and HTTP clients; the notifier's is `http` unless it has one of its own.

    `clock` and `retries` are for tests.
    """
    clock = clock or SystemClock()
    leases = Leases(database, ttl_seconds=settings.lock_ttl_seconds)
    limiter = RateLimiter(database, clock, limit=settings.rate_limit_per_minute, request_seconds=REQUEST_SECONDS)
    api = ExternalApi(http, external_api_url, limiter, clock, retries=retries)
    jobs = Jobs(database, leases, clock)
    services = Services(
        tenants=Tenants(database),
        tickets=Tickets(database),
        search=Search(database),
        exports=Exports(database),
        ticket_batches=TicketBatches(database),
        stats=Stats(database, clock),
        analytics=Analytics(database, clock),
        jobs=jobs,
        runs=Runs(database, jobs),
        changes=Changes(database, clock),
        locks=leases,
        rate_limiter=limiter,
        health=Health({"mongodb": database.ping, "external_api": api.ping}),
        notifications=Notifications(database),
        circuits={NOTIFIER: _notify_circuit(settings, database)},
    )
    if not settings.run_worker:
        return services
    delivery = _delivery(settings, database, services, notify_http or http, external_api_url, clock)
    return _with_workers(services, settings, database, api, delivery, clock)


def _with_workers(
    services: Services, settings: Settings, database: Database, api: ExternalApi, delivery: Delivery, clock: Clock
) -> Services:
    """The same services with what works beside the requests."""
    jobs, leases, rollups = services.jobs, services.locks, Rollups(database)
    pages = PageStore(database, leases, rollups, clock, page_size=settings.page_size, on_urgent=delivery.wake)
    ingestion = Ingestion(jobs, api, pages, Deletions(database, leases, clock), clock, page_size=settings.page_size)
    short_leases = Leases(database, ttl_seconds=min(settings.lock_ttl_seconds, LONGEST_LEASE_SECONDS))
    return replace(
        services,
        worker=Worker(jobs, ingestion, concurrency=settings.worker_concurrency),
        delivery=delivery,
        rollup_keeper=RollupKeeper(database, rollups, short_leases, clock),
    )


def _notify_circuit(settings: Settings, database: Database) -> CircuitBreaker:
    return CircuitBreaker(
        database,
        NOTIFIER,
        open_seconds=settings.circuit_open_seconds,
        permit_seconds=settings.notify_timeout_seconds + CONNECT_SECONDS,
    )


def _delivery(
    settings: Settings,
    database: Database,
    services: Services,
    http: httpx.AsyncClient,
    base_url: str,
    clock: Clock,
) -> Delivery:
    url = settings.notify_url or base_url.rstrip("/") + "/notify"
    return Delivery(
        NotificationQueue(database, claim_seconds=settings.notify_timeout_seconds + SETTLE_SECONDS),
        services.circuits[NOTIFIER],
        Notifier(http, url, request_seconds=settings.notify_timeout_seconds),
        clock,
        concurrency=settings.notify_concurrency,
        retries=replace(RETRIES, attempts=settings.notify_attempts),
    )
