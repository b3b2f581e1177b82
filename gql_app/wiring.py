"""Builds the services from the settings: the one place that knows who needs what."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx

from documents.database import Database, connect
from documents.driver import Listener
from gql_app.background import announced, with_workers
from gql_app.parties import build_connections, build_destinations
from gql_app.protecting import build_protection
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
from services.coordination.sharing import Questions
from services.health import Health
from services.ingestion.batches.storing import Batches
from services.ingestion.jobs import Jobs
from services.ingestion.pages.commit import PageStore
from services.ingestion.reading import Runs
from services.judging.corrections import Corrections
from services.judging.judges import Judges
from services.judging.learnings import Learnings
from services.judging.own_words import OwnWordsBooks
from services.judging.preview import Previews
from services.judging.progress import Reclassifications
from services.kit.addresses import known_authorities
from services.kit.clock import Clock, SystemClock
from services.kit.retry import Patience
from services.migration.migrator import Migrator
from services.notifications.backlog import Backlogs
from services.notifications.reading import Notifications
from services.observing import Observation
from services.rollups.write import Rollups
from services.search.indexing import SearchIndex
from services.sources.budget import RateLimiter
from services.sources.http.transport import REQUEST_SECONDS
from services.sources.standard.client import ExternalApi
from services.spikes.spikes import Spikes
from services.survey import Surveys
from services.tickets.batches import TicketBatches
from services.tickets.export import Exports
from services.tickets.following import FollowedTickets
from services.tickets.reading import Tickets
from services.tickets.search import Search
from services.tickets.tenants import Tenants

_TIMEOUTS = httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS)


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

    `lack_of_room` says so if MongoDB has no room on its disk, as far as known; `listeners` are told of its commands.

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
    # A pool of its own: a notifier that hangs must not take connections from ingestion.
    limits = httpx.Limits(max_connections=settings.notify_concurrency)
    both = partial(httpx.AsyncClient, follow_redirects=False, verify=known_authorities())
    try:
        await Migrator(database, Leases(database, ttl_seconds=LONGEST_LEASE_SECONDS), SystemClock()).prepare()
        async with (
            both(timeout=_TIMEOUTS) as http,
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
        batches=Batches(jobs, pages, announced(settings), observer=observation),
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
    return with_workers(services, settings, database, clock)


def _reading(database: Database, clock: Clock) -> dict[str, Any]:
    """What reads tickets, and computes figures of them."""
    judges, questions = Judges(database), Questions()
    return {
        "tenants": Tenants(database),
        "tickets": Tickets(database),
        "followed_tickets": FollowedTickets(database),
        "search": Search(database),
        "search_index": SearchIndex(database),
        "exports": Exports(database),
        "ticket_batches": TicketBatches(database),
        "stats": Stats(database, clock, questions),
        "analytics": Analytics(database, clock, questions),
        "history": HistoryFigures(database, clock, questions),
        "forecasts": Forecasts(database, clock, questions),
        "spikes": Spikes(database),
        "own_words": OwnWordsBooks(database, judges, Previews(database, clock), clock),
        "reclassifications": Reclassifications(database, judges),
    }


def _terms(settings: Settings, patience: Patience | None) -> ReadingTerms:
    """How sources are read."""
    patience = patience or Patience(seconds=settings.upstream_patience_seconds)
    return ReadingTerms(patience, settings.page_size, settings.rate_limit_per_minute)
