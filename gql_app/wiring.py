"""Builds the services from the settings: the one place that knows who needs what."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from documents.database import connect
from gql_app.settings import Settings
from schema.context import Services
from services.clock import SystemClock
from services.deletions import Deletions
from services.external_api import REQUEST_SECONDS, ExternalApi
from services.health import Health
from services.ingestion import Ingestion
from services.jobs import Jobs
from services.locks import Locks
from services.page_commit import PageStore
from services.rate_limiter import RateLimiter
from services.runs import Runs
from services.stats import Stats
from services.tickets import Tickets
from services.worker import Worker

CONNECT_SECONDS = 5.0


@asynccontextmanager
async def open_services(settings: Settings, *, mongo_url: str, external_api_url: str) -> AsyncIterator[Services]:
    """Connect to MongoDB and the external API and build every service; closes both at the end.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    clock = SystemClock()
    database = await connect(mongo_url, settings.mongo_db, deleted_retention_days=settings.deleted_retention_days)
    timeouts = httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS)
    async with httpx.AsyncClient(timeout=timeouts, follow_redirects=False) as http:
        locks = Locks(database, ttl_seconds=settings.lock_ttl_seconds)
        limiter = RateLimiter(database, clock, limit=settings.rate_limit_per_minute, request_seconds=REQUEST_SECONDS)
        api = ExternalApi(http, external_api_url, limiter, clock)
        jobs = Jobs(database, locks, clock)
        pages = PageStore(database, locks, clock, page_size=settings.page_size)
        deletions = Deletions(database, locks, clock)
        ingestion = Ingestion(jobs, locks, api, pages, deletions, clock, page_size=settings.page_size)
        try:
            yield Services(
                tickets=Tickets(database),
                stats=Stats(database, clock),
                jobs=jobs,
                runs=Runs(jobs),
                locks=locks,
                rate_limiter=limiter,
                health=Health({"mongodb": database.ping, "external_api": api.ping}),
                worker=Worker(jobs, ingestion, clock, concurrency=settings.worker_concurrency)
                if settings.run_worker
                else None,
            )
        finally:
            database.close()
