"""Watches what the application asks MongoDB for: on a tenant's rows, every command names the tenant.

On a sharded cluster a command that names its tenant goes to the one shard that holds it, and any other one to all of
them. What has to look at all tenants is listed here, with the reason. Watched is what runs in the tests' own process;
the commands of child processes are those of the same code.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pymongo.monitoring

from documents import driver
from documents.sharding import SHARDING, ShardKey

ROOT = Path(__file__).parents[1]
APPLICATION = ("services/", "resolvers/", "schema/", "gql_app/")
OURS = (*APPLICATION, "tests/", "soak/", "benchmarks/", "mock_external_api/")
TENANTS = {
    str(document.Settings.name): declared.fields[0]  # type: ignore[attr-defined]
    for document, declared in SHARDING.items()
    if isinstance(declared, ShardKey)
}
"""By collection, the field that names the tenant."""

BY_ITS_ID = "whoever knows its id alone asks for it; what follows names the tenant that it has"
KEEPERS = "keeps what is made of all tenants' tickets; one process at a time does it"
CHANGED = "told of changes by `_id` alone, of tickets of whatever tenants"
OUTBOX = "serves the destinations of all tenants in turn; reads along an index of what is pending"
FIGURES = "figures for operators, of all tenants together"
OVER_ALL_TENANTS = {
    "services/connections/connections.py:Connections.get": BY_ITS_ID,
    "services/ingestion/jobs.py:Jobs.get": BY_ITS_ID,
    "services/notifications/reading.py:Notifications.get": BY_ITS_ID,
    "services/notifications/receivers/destinations.py:Destinations.get": BY_ITS_ID,
    "services/notifications/receivers/destinations.py:Destinations.by_ids": BY_ITS_ID,
    "services/notifications/reading.py:Notifications._existing": "of the destinations that notifications name",
    "services/notifications/reading.py:Notifications.redrive_many": "an operator may redrive all tenants' at once",
    "services/ingestion/jobs.py:Jobs.claim": "a worker takes the next job of whatever tenant",
    "services/ingestion/schedule.py:Schedule._round": "the next connection that is due, of whatever tenant",
    "services/tickets/tenants.py:Tenants._names_in": "which tenants there are",
    "services/notifications/backlog.py:Backlogs.now": FIGURES,
    "services/survey.py:Surveys._queue": FIGURES,
    "services/survey.py:Surveys._connected": FIGURES,
    "services/survey.py:Surveys._successes": FIGURES,
    "services/survey.py:Surveys._to_be_worked_on": FIGURES,
    "services/notifications/lanes.py:Lanes.due_destinations": OUTBOX,
    "services/notifications/lanes.py:Lanes.due_tenants": OUTBOX,
    "services/notifications/queue.py:NotificationQueue.adopt": OUTBOX,
    "services/notifications/queue.py:NotificationQueue.expire": OUTBOX,
    "services/notifications/receivers/destinations.py:Destinations.abandon": "whose it was is gone with it",
    "services/coordination/keepers.py:Keeper._in_batches": KEEPERS,
    "services/coordination/keepers.py:Keeper._work_off_all": KEEPERS,
    "services/spikes/watcher.py:SpikeWatcher._look_at_all": KEEPERS,
    "services/rollups/keeper.py:RollupKeeper._remove.<locals>.work": KEEPERS,
    "services/rollups/keeper.py:RollupKeeper._touched": CHANGED,
    "services/rollups/lives.py:Lives.forget": CHANGED,
    "services/rollups/write.py:Rollups.check.<locals>.work": CHANGED,
    "services/search/indexing.py:SearchIndex.check": CHANGED,
    "services/judging/reclassifier.py:Reclassifier._due": "which tenants have tickets to be judged anew",
    "services/migration/m0001_runs_of_quarantined.py:name_runs": "brings the rows of all tenants to a version",
    "services/protection/ages/retentions.py:Retentions.due": "which tenants keep their tickets for a time only",
    "services/judging/training.py:Trainer._due": "which tenants have corrections to learn from",
}
"""By `module:function`, why it looks at the rows of every tenant, or at rows whose tenant it cannot know yet."""

_place: ContextVar[str | None] = ContextVar("place", default=None)


def is_scoped(where: Any, field: str) -> bool:
    """Whether a filter admits the rows of named tenants only."""
    if not isinstance(where, Mapping):
        return False
    named = where.get(field)
    if isinstance(named, str) or (isinstance(named, Mapping) and bool({"$eq", "$in"} & named.keys())):
        return True
    any_of = where.get("$or")
    return any(is_scoped(part, field) for part in where.get("$and", ())) or (
        bool(any_of) and all(is_scoped(part, field) for part in any_of)
    )


def unscoped(command: Mapping[str, Any]) -> Iterator[str]:
    """What of a command does not name its tenant."""
    name = next(iter(command))
    rows = command[name]
    match name:
        case "find":
            filters = [command.get("filter")]
        case "count" | "distinct" | "findAndModify":
            filters = [command.get("query")]
        case "update" | "delete":
            filters = [each["q"] for each in command[f"{name}s"]]
        case "aggregate":
            yield from _unscoped_stages(rows, command["pipeline"])
            return
        case _:
            return
    if rows in TENANTS and not all(is_scoped(each, TENANTS[rows]) for each in filters):
        yield f"{name} in {rows}"


def _unscoped_stages(rows: Any, pipeline: list[Mapping[str, Any]]) -> Iterator[str]:
    first = pipeline[0] if pipeline else {}
    is_stream = "$changeStream" in first  # asks every shard in any case
    if rows in TENANTS and not is_stream and not is_scoped(first.get("$match"), TENANTS[rows]):
        yield f"aggregate in {rows}"
    yield from _unscoped_joins(pipeline)


def _unscoped_joins(pipeline: list[Mapping[str, Any]]) -> Iterator[str]:
    for stage in pipeline:
        for name, told in stage.items():
            match name:
                case "$lookup" if told.get("foreignField") == TENANTS.get(told.get("from"), ""):
                    yield from _unscoped_joins(told.get("pipeline", []))
                case "$lookup":
                    yield from _unscoped_stages(told.get("from"), told.get("pipeline", []))
                case "$unionWith" if isinstance(told, Mapping):
                    yield from _unscoped_stages(told.get("coll"), told.get("pipeline", []))
                case "$unionWith":
                    yield from _unscoped_stages(told, [])
                case "$facet":
                    for part in told.values():
                        yield from _unscoped_joins(part)


def place_of(frame: FrameType | None) -> str | None:
    """Who in this repository makes a call, as `module:function`; None: nobody of the application.

    What lies below the services only carries calls out. Whoever waits for a coroutine is on its stack.
    """
    while frame is not None:
        if (module := _module_of_ours(frame.f_code.co_filename)) is not None:
            return f"{module}:{frame.f_code.co_qualname}" if module.startswith(APPLICATION) else None
        frame = frame.f_back
    return None


@cache
def _module_of_ours(path: str) -> str | None:
    """The file's path in this repository if it is in one of the folders that calls come from."""
    module = path.removeprefix(f"{ROOT}/")
    return module if module != path and module.startswith(OURS) else None


class Watch(pymongo.monitoring.CommandListener):
    """Collects what does not name its tenant, and should."""

    def __init__(self) -> None:
        self.offences: list[str] = []

    def started(self, event: pymongo.monitoring.CommandStartedEvent) -> None:
        place = _place.get()
        if place is None or place in OVER_ALL_TENANTS or not event.command:  # of what signs in, nothing is told
            return
        try:
            self.offences += [f"{place}: {each}" for each in unscoped(event.command)]
        except Exception as error:  # noqa: BLE001  (the driver would keep it to itself)
            self.offences.append(f"{place}: {error!r}")

    def succeeded(self, event: pymongo.monitoring.CommandSucceededEvent) -> None:
        """Nothing to do."""

    def failed(self, event: pymongo.monitoring.CommandFailedEvent) -> None:
        """Nothing to do."""


def watching() -> Watch:
    """Watch every client of this process that is made from now on."""
    watch = Watch()
    pymongo.monitoring.register(watch)
    calls: Any = driver._Calls
    run: Callable[..., Any] = calls.run_on_executor

    def noting_the_place(self: Any, *args: Any, **kwargs: Any) -> Any:
        token = _place.set(place_of(sys._getframe(1)))
        try:
            return run(self, *args, **kwargs)  # hands its thread a copy of the context
        finally:
            _place.reset(token)

    calls.run_on_executor = noting_the_place
    return watch
