"""Bringing stored tickets to the version of their tenant's judge, in the background.

One process at a time does it, under a lease. It walks over a tenant's tickets in the order of their ids, and keeps the
place in the transaction that judges a batch, so that it goes on there after a crash. A page that was judged before a
change and stored after the walk had passed by is found by another look, when no such transaction can be open any more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from pymongo.errors import PyMongoError

from documents.database import Database, Row, Session
from documents.reclassification import Reclassification, ReclassificationState
from documents.tenant_classifier import TenantClassifier
from documents.ticket import Ticket
from services.classification.judging import is_later, version_of
from services.coordination.leases import Lease, LeaseLostError, Leases
from services.judging.rejudging import REJUDGE_COMMENT, REJUDGED_BATCH, Rejudging, SupersededError
from services.kit.background import Background
from services.kit.clock import Clock

RECLASSIFICATION_RESOURCE = "reclassification"
"""The resource whose lease makes its holder the one who judges anew."""
SETTLED_AFTER = timedelta(seconds=90)
"""A run looks for the version of the judge in the transaction that stores a page; MongoDB ends one after 60 s."""
LOOK_AGAIN_AFTER = timedelta(days=1)
"""Whatever else has left a ticket behind, for instance an earlier version of this program that ran beside."""
_LOOK_SECONDS = 2.0
_STANDBY_SECONDS = 2.0
_LARGEST_SHARE = 0.05
"""Looking for something to do takes at most this share of the time."""
_BATCHES_A_TURN = 50
"""Then it is the next tenant's turn."""
_PROGRESS_SECONDS = 60.0
_DONE = ReclassificationState.DONE.value
_RUNNING = ReclassificationState.RUNNING.value
_PENDING = ReclassificationState.PENDING.value

log = structlog.get_logger("services.reclassifier")


class Reclassifier(Background):
    """Judges tickets anew until it is shut down; one for each process that has a worker."""

    def __init__(
        self,
        database: Database,
        rejudging: Rejudging,
        leases: Leases,
        clock: Clock,
        *,
        batch: int = REJUDGED_BATCH,
        settled_after: timedelta = SETTLED_AFTER,
        on_urgent: Callable[[], None] = lambda: None,
    ) -> None:
        """`batch`: how many tickets are judged in one transaction. `on_urgent` is told when some are announced."""
        super().__init__(log)
        self._rejudging = rejudging
        self._leases = leases
        self._clock = clock
        self._batch = batch
        self._settled_after = settled_after
        self._on_urgent = on_urgent
        self._tickets = database.collection(Ticket)
        self._classifiers = database.collection(TenantClassifier)
        self._rows = database.collection(Reclassification)
        self._told = clock.monotonic()

    async def _round(self) -> None:
        """Work until shut down, or see whether whoever does has ended."""
        try:
            async with self._leases.held(await self._leases.acquire(RECLASSIFICATION_RESOURCE, uuid4().hex)) as lease:
                while lease is not None and not self._must_end(lease):
                    await self._look(lease)
        except (PyMongoError, LeaseLostError) as error:
            log.warning("reclassification_interrupted", error=str(error)[:200])
        await self.rest(_STANDBY_SECONDS)

    def _must_end(self, lease: Lease) -> bool:
        return self.is_shut_down or lease.is_lost

    async def _look(self, lease: Lease) -> None:
        """Do what there is to do for each tenant, and rest if that was nothing."""
        began, has_more = self._clock.monotonic(), False
        for tenant_id, version in (await self._due()).items():
            if self._must_end(lease):
                return
            try:
                has_more |= await self._work_on(lease, tenant_id, version)
            except SupersededError:
                has_more = True
        if not has_more:
            await self.rest(max(_LOOK_SECONDS, (self._clock.monotonic() - began) / _LARGEST_SHARE))

    async def _due(self) -> dict[str, str]:
        """The tenants with something to do, those first whose tickets are known to be behind, and their versions."""
        found = await self._tickets.distinct("tenant_id", comment=REJUDGE_COMMENT)
        names = [name for name in found if isinstance(name, str) and name]
        own = self._classifiers.find({"revision": {"$gt": 0}}, {"revision": 1}, comment=REJUDGE_COMMENT)
        revisions: dict[str, int] = {row["_id"]: row["revision"] for row in await own.to_list(None)}
        rows: dict[str, Row] = {
            row["_id"]: row for row in await self._rows.find({}, comment=REJUDGE_COMMENT).to_list(None)
        }
        versions = {name: version_of(revisions.get(name, 0)) for name in names}
        behind = [name for name in names if _is_behind(rows.get(name), versions[name])]
        to_look = [name for name in names if name not in behind and self._is_look_due(rows[name])]
        return {name: versions[name] for name in (*behind, *to_look) if not is_later(_version(rows.get(name)))}

    def _is_look_due(self, row: Row) -> bool:
        looked_at: datetime | None = row.get("looked_at")
        rest = LOOK_AGAIN_AFTER if row.get("is_settled") else self._settled_after
        return looked_at is None or self._clock.now() - looked_at >= rest

    async def _work_on(self, lease: Lease, tenant_id: str, version: str) -> bool:
        """Judge some of the tenant's tickets; returns whether there are more."""
        row = await self._rows.find_one({"_id": tenant_id})
        if row is None or _version(row) != version or row.get("state") == _PENDING:
            row = await self._begin(lease, tenant_id, version, row)
        place: str | None = row.get("place")
        for _ in range(_BATCHES_A_TURN):
            began = self._clock.monotonic()
            tickets = await self._rejudging.next(tenant_id, version, place, self._batch)
            if not tickets:
                await self._end(lease, tenant_id, version, row)
                return False
            place = tickets[-1]["external_id"]
            await self._judge(lease, tenant_id, version, [ticket["_id"] for ticket in tickets], place)
            await self.rest(self._clock.monotonic() - began)
            if self._must_end(lease):
                return True
        if self._clock.monotonic() - self._told > _PROGRESS_SECONDS:
            self._told = self._clock.monotonic()
            log.info("reclassification_going_on", tenant_id=tenant_id, version=version, place=place)
        return True

    async def _begin(self, lease: Lease, tenant_id: str, version: str, row: Row | None) -> Row:
        total, now = await self._rejudging.count(tenant_id, version), self._clock.now()
        begun: Row = {
            "version": version,
            "state": _RUNNING,
            "place": None,
            "total": total,
            "started_at": now,
            **dict.fromkeys(("done", "changed", "raised"), 0),
            "finished_at": None,
            "looked_at": None,
            "is_settled": False,
        }
        # What became urgent before is announced, too, if somebody asks for it in time.
        if row is None or row.get("risen_since") is None or (row.get("state") == _DONE and not row.get("announce")):
            begun["risen_since"] = now
        await self._note(lease, tenant_id, {"$set": begun})
        log.info("reclassification_begun", tenant_id=tenant_id, version=version, tickets=total)
        return {**(row or {}), **begun}

    async def _judge(self, lease: Lease, tenant_id: str, version: str, ids: list[Any], place: str) -> None:
        async def work(session: Session) -> None:
            found = await self._rejudging.rejudge(tenant_id, version, ids, session)
            counts = {"done": found.done, "changed": found.changed, "raised": found.raised}
            progress: list[Row] = [
                {"$set": {name: {"$add": [f"${name}", count]} for name, count in counts.items()}},
                {"$set": {"place": {"$literal": place}, "total": {"$max": ["$total", "$done"]}}},
            ]
            await self._rows.update_one({"_id": tenant_id, "version": version}, progress, session=session)

        await self._leases.write(lease, work)

    async def _end(self, lease: Lease, tenant_id: str, version: str, row: Row) -> None:
        """Note that every ticket was looked at, and announce what is to be announced."""
        now, was_done = self._clock.now(), row.get("state") == _DONE
        end: Row = {"state": _DONE, "place": None, "looked_at": now, "is_settled": was_done}
        if not await self._note(lease, tenant_id, {"$set": end | ({} if was_done else {"finished_at": now})}, version):
            return  # it was asked for anew meanwhile, maybe with other words: what is to be announced is left to that
        stored = await self._rows.find_one({"_id": tenant_id}) or {}
        if not was_done:
            counts = {name: stored.get(name) for name in ("done", "changed", "raised")}
            log.info("reclassification_done", tenant_id=tenant_id, version=version, **counts)
        if stored.get("announce"):
            await self._announce(lease, tenant_id, version, stored)

    async def _announce(self, lease: Lease, tenant_id: str, version: str, row: Row) -> None:
        announced, now = 0, self._clock.now()
        async for rows in self._rejudging.raised_since(tenant_id, row["risen_since"], self._batch):

            async def work(session: Session, rows: list[Row] = rows) -> int:
                return await self._rejudging.announce(tenant_id, version, rows, session)

            announced += await self._leases.write(lease, work)
        await self._note(lease, tenant_id, {"$set": {"announce": False, "announced": announced, "risen_since": now}})
        log.info("reclassification_announced", tenant_id=tenant_id, version=version, tickets=announced)
        self._on_urgent()

    async def _note(self, lease: Lease, tenant_id: str, update: Row, version: str | None = None) -> bool:
        """Whether it was noted: not where another version has been asked for."""
        mine = {"_id": tenant_id} | ({} if version is None else {"version": version, "state": {"$ne": _PENDING}})

        async def work(session: Session) -> bool:
            noted = await self._rows.update_one(mine, update, upsert=version is None, session=session)
            return noted.matched_count > 0 or noted.upserted_id is not None

        return await self._leases.write(lease, work)


def _version(row: Row | None) -> object:
    return None if row is None else row.get("version")


def _is_behind(row: Row | None, version: str) -> bool:
    return row is None or row.get("version") != version or row.get("state") != _DONE
