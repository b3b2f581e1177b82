"""Builds the services from the settings: the one place that knows who needs what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from documents.database import Database, connect
from gql_app.settings import Settings
from schema.context import Services
from services.clock import Clock, SystemClock
from services.deletions import Deletions
from services.external_api import REQUEST_SECONDS, ExternalApi
from services.health import Health
from services.ingestion import Ingestion
from services.jobs import Jobs
from services.locks import Locks
from services.page_commit import PageStore
from services.rate_limiter import RateLimiter
from services.retry import RetryPolicy
from services.run_lists import RunLists
from services.runs import Runs
from services.stats import Stats
from services.tenants import Tenants
from services.ticket_batches import TicketBatches
from services.tickets import Tickets
from services.worker import Worker

CONNECT_SECONDS = 5.0


@asynccontextmanager
async def open_services(settings: Settings, *, mongo_url: str, external_api_url: str) -> AsyncIterator[Services]:
    """Connect to MongoDB and the external API and build every service; closes both at the end.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    database = await connect(mongo_url, settings.mongo_db, deleted_retention_days=settings.deleted_retention_days)
    timeouts = httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS)
    try:
        async with httpx.AsyncClient(timeout=timeouts, follow_redirects=False) as http:
            yield build_services(settings, database, http, external_api_url)
    finally:
        database.close()


def build_services(
    settings: Settings,
    database: Database,
    http: httpx.AsyncClient,
    external_api_url: str,
    *,
    clock: Clock | None = None,
    retries: RetryPolicy | None = None,
) -> Services:
    """Every service on an open database and an HTTP client; `clock` and `retries` are for tests."""
    clock = clock or SystemClock()
    locks = Locks(database, ttl_seconds=settings.lock_ttl_seconds)
    limiter = RateLimiter(database, clock, limit=settings.rate_limit_per_minute, request_seconds=REQUEST_SECONDS)
    api = ExternalApi(http, external_api_url, limiter, clock, retries=retries)
    jobs = Jobs(database, locks, clock)
    pages = PageStore(database, locks, clock, page_size=settings.page_size)
    deletions = Deletions(database, locks, clock)
    ingestion = Ingestion(jobs, locks, api, pages, deletions, clock, page_size=settings.page_size)
    worker = Worker(jobs, ingestion, clock, concurrency=settings.worker_concurrency)
    return Services(
        tenants=Tenants(database),
        tickets=Tickets(database),
        ticket_batches=TicketBatches(database),
        stats=Stats(database, clock),
        jobs=jobs,
        runs=Runs(jobs),
        run_lists=RunLists(database),
        locks=locks,
        rate_limiter=limiter,
        health=Health({"mongodb": database.ping, "external_api": api.ping}),
        worker=worker if settings.run_worker else None,
    )
