"""The state of the whole service as its operators see it: what waits, how long, and who has had no success for long.

All of it is read along indexes, and each question is given so long; how often it is asked is for the caller to bound.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.connection import Connection
from documents.database import Database, Row
from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import SUCCESSES, IngestionLog
from documents.ticket import Ticket
from documents.vocabulary import ConnectionState, SourceKind
from services.kit.clock import Clock
from services.notifications.backlog import Backlog, Backlogs
from services.rollups.write import Rollups
from services.search.indexing import SearchIndex
from services.sources.budget import RateLimiter, RateLimitState
from services.tenancy import owned_by_any

SURVEY_MILLISECONDS = 2_000
"""The longest that a question may take of the server."""
COUNTED_UP_TO = 100_000
"""Tickets that wait for something are counted so far: to count a million takes longer than anybody should wait."""
GONE_AFTER = timedelta(days=30)
"""A tenant that nobody has tried to ingest for so long is one no more."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is at one moment, of all tenants."""

    backlog: Backlog
    jobs: dict[JobStatus, int]
    """Those that wait, and those that are run."""
    queued_since: datetime | None
    """When the one that has waited longest was queued; None: none waits."""
    limit: RateLimitState
    """The outbound limit of the contract's API."""
    connections: dict[tuple[SourceKind, ConnectionState], int]
    not_rolled_up: int
    not_searchable: int
    no_success_since: dict[str, datetime]
    """By tenant: when its last run with success began; of one that had none, its first run that is logged."""


class Surveys:
    """Looks over one database."""

    def __init__(self, database: Database, backlogs: Backlogs, limiter: RateLimiter, clock: Clock) -> None:
        self._backlogs = backlogs
        self._limiter = limiter
        self._clock = clock
        self._rollups = Rollups(database)
        self._search = SearchIndex(database)
        self._jobs = database.collection(IngestionJob)
        self._logs = database.collection(IngestionLog)
        self._connections = database.collection(Connection)
        self._tickets = database.collection(Ticket)

    async def now(self) -> Survey:
        """The state at this moment."""
        backlog, (jobs, since), limit, connections, (not_rolled_up, not_searchable), tenants = await asyncio.gather(
            self._backlogs.now(),
            self._queue(),
            self._limiter.state(),
            self._connected(),
            self._to_be_worked_on(),
            self._successes(),
        )
        return Survey(backlog, jobs, since, limit, connections, not_rolled_up, not_searchable, tenants)

    async def _queue(self) -> tuple[dict[JobStatus, int], datetime | None]:
        groups = await self._jobs.aggregate(_BY_STATUS, maxTimeMS=SURVEY_MILLISECONDS).to_list(None)
        found = {JobStatus(group["_id"]): group for group in groups}
        counts = {status: found.get(status, {}).get("count", 0) for status in (JobStatus.QUEUED, JobStatus.RUNNING)}
        return counts, found.get(JobStatus.QUEUED, {}).get("since")

    async def _connected(self) -> dict[tuple[SourceKind, ConnectionState], int]:
        groups = await self._connections.aggregate(_BY_STATE, maxTimeMS=SURVEY_MILLISECONDS).to_list(None)
        return {
            (SourceKind(group["_id"]["source"]), ConnectionState(group["_id"]["state"])): group["count"]
            for group in groups
        }

    async def _to_be_worked_on(self) -> tuple[int, int]:
        """How many tickets are not rolled up, and how many no search finds."""
        tenants = await self._tickets.distinct("tenant_id", maxTimeMS=SURVEY_MILLISECONDS)
        names = [name for name in tenants if isinstance(name, str) and name]  # other programs may have written anything
        limits = {"at_most": COUNTED_UP_TO, "milliseconds": SURVEY_MILLISECONDS}
        return await asyncio.gather(
            self._rollups.total_backlog(names, **limits), self._search.total_backlog(names, **limits)
        )

    async def _successes(self) -> dict[str, datetime]:
        since = self._clock.now() - GONE_AFTER
        last = await self._logs.aggregate(_last_runs(since), maxTimeMS=SURVEY_MILLISECONDS).to_list(None)
        named = [row for row in last if isinstance(row["_id"], str) and row["_id"]]  # others may have written any
        found = {row["_id"]: row["at"] for row in named if row["status"] in _SUCCESSES}
        if failing := [row["_id"] for row in named if row["_id"] not in found]:
            rows = self._logs.aggregate(_without_success(failing), maxTimeMS=SURVEY_MILLISECONDS)
            found |= {row["_id"]: row["at"] for row in await rows.to_list(None)}
        return found


_BY_STATUS: list[Row] = [
    {"$match": {"active": True, "status": {"$in": [JobStatus.QUEUED.value, JobStatus.RUNNING.value]}}},
    {"$group": {"_id": "$status", "count": {"$sum": 1}, "since": {"$min": "$queued_at"}}},
]
_BY_STATE: list[Row] = [
    {"$match": {"removed_at": None}},
    {"$group": {"_id": {"source": "$source", "state": "$state"}, "count": {"$sum": 1}}},
]


_SUCCESSES = [each.value for each in SUCCESSES]


_NEWEST = {"started_at": -1, "_id": -1}
_OLDEST = {"started_at": 1, "_id": 1}


def _last_runs(since: datetime) -> list[Row]:
    """Stages from the logs to `{_id: tenant, at: moment, status: outcome}` of each tenant's last run, if it began since
    then: one step along the index for each tenant.
    """
    return [
        {"$sort": {"tenant_id": 1, **_NEWEST}},
        {"$group": {"_id": "$tenant_id", "at": {"$first": "$started_at"}, "status": {"$first": "$status"}}},
        {"$match": {"at": {"$gte": since}}},
    ]


def _without_success(tenant_ids: Sequence[str]) -> list[Row]:
    """Stages from the logs of tenants whose last run failed to `{_id: tenant, at: moment}` of the last one that did
    not, or of the first one of all: two steps along indexes for each tenant, however many have failed since.
    """
    return [
        {"$match": owned_by_any(tenant_ids)},
        {"$sort": {"tenant_id": 1, **_NEWEST}},
        {"$group": {"_id": "$tenant_id"}},
        _one_of("success", {"status": {"$in": _SUCCESSES}}, _NEWEST),
        _one_of("first", {"started_at": {"$type": "date"}}, _OLDEST),
        {"$project": {"at": {"$ifNull": [{"$first": "$success.started_at"}, {"$first": "$first.started_at"}]}}},
    ]


def _one_of(name: str, condition: Row, order: Row) -> Row:
    """A stage that finds one of the tenant's rows in the log, the first in this order under a condition."""
    return {
        "$lookup": {
            "from": str(IngestionLog.Settings.name),
            "localField": "_id",
            "foreignField": "tenant_id",
            "as": name,
            "pipeline": [{"$match": condition}, {"$sort": order}, {"$limit": 1}],
        }
    }
