"""Watching for spikes in the background, one process at a time: each is stored and announced, once.

A spike and its announcements are written in one transaction, under the watcher's lease, which has looked in the same
transaction whether the spike is known. So a watcher that dies has written both or neither, and the next one finds the
same spike, or it known.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import structlog
from pymongo.errors import PyMongoError

from documents.database import Database, Row, Session
from documents.destination import Destination
from documents.notification import Notification
from documents.spike import Spike
from documents.ticket import Ticket
from documents.writes import new_rows
from services.coordination.leases import Lease, LeaseLostError, Leases
from services.kit.background import Background
from services.kit.clock import Clock
from services.kit.faults import outline
from services.notifications.outbox import SpikeNotice, spike_rows
from services.protection.shields import Shield, ShieldedMeanwhileError, Shields
from services.spikes.arrivals import SPIKES_COMMENT, quarter_begin
from services.spikes.detection import QUARTERS_AN_HOUR, FoundSpike
from services.spikes.search import SpikeFigures, SpikeSearch
from services.tenancy import owned

SPIKES_RESOURCE = "spikes"
"""The resource whose lease makes its holder the one who watches."""
LOOK_SECONDS = 60.0
"""So often at most each tenant is looked at."""
OVER_AFTER = timedelta(hours=1)
"""A spike that was calm for so long is over; what comes within this time belongs to it."""
_LARGEST_SHARE = 0.1
"""Looking takes at most so much of the time."""


class SpikeWatcher(Background):
    """Watches the tenants of one database."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        clock: Clock,
        *,
        on_announced: Callable[[], None] = lambda: None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """`on_announced` is told when there is something to deliver."""
        super().__init__(structlog.get_logger("services.spike_watcher"))
        self._database = database
        self._leases = leases
        self._clock = clock
        self._on_announced = on_announced
        self._look_seconds = look_seconds
        self._search = SpikeSearch(database)
        self._shields = Shields(database)
        self._tickets = database.collection(Ticket)
        self._spikes = database.collection(Spike)
        self._destinations = database.collection(Destination)

    async def _round(self) -> None:
        try:
            lease = await self._leases.acquire(SPIKES_RESOURCE, uuid4().hex)
            async with self._leases.held(lease) as held:
                while held is not None and not (self.is_shut_down or held.is_lost):
                    began = self._clock.monotonic()
                    await self._look_at_all(held)
                    took = self._clock.monotonic() - began
                    await self.rest(max(self._look_seconds, took / _LARGEST_SHARE))
        except (PyMongoError, LeaseLostError) as error:
            self._log.warning("spikes_interrupted", error=str(error)[:200])
        await self.rest(self._look_seconds)

    async def _look_at_all(self, lease: Lease) -> None:
        for tenant_id in await self._tickets.distinct("tenant_id", comment=SPIKES_COMMENT):
            if self.is_shut_down or lease.is_lost:
                return
            if isinstance(tenant_id, str) and tenant_id:
                try:
                    await self.look_at(lease, tenant_id)
                except LeaseLostError:
                    raise
                except Exception as error:  # noqa: BLE001  (one tenant's tickets must not keep others from being watched)
                    self._log.warning("spikes_not_looked_for", tenant_id=tenant_id, error=outline(error))

    async def look_at(self, lease: Lease, tenant_id: str) -> None:
        """Look for spikes of one tenant, and store and announce what is new; nothing of one that is erased meanwhile.

        Raises:
            LeaseLostError: somebody else watches; nothing was written.
        """
        now, shield = self._clock.now(), await self._shields.of(tenant_id)
        if shield.is_erased:
            return
        for spike in await self._search.find(tenant_id, now):
            with suppress(ShieldedMeanwhileError):  # it is found again
                await self._store(lease, tenant_id, spike, now, shield)
        over = {"$set": {"is_over": True}}
        calm = owned(tenant_id, is_over=False, until={"$lte": now - OVER_AFTER})
        if await self._spikes.count_documents(calm, limit=1, comment=SPIKES_COMMENT):

            async def work(session: Session) -> None:
                await self._spikes.update_many(calm, over, session=session)

            await self._leases.write(lease, work)

    async def _store(self, lease: Lease, tenant_id: str, found: FoundSpike, now: datetime, shield: Shield) -> None:
        known = await self._known(tenant_id, found, None)
        row = _row(tenant_id, found, known, now)
        period = row["started_at"], row["until"]
        if known is not None and known["until"] == row["until"]:
            totals = await self._search.totals(tenant_id, *period)
            if totals == (known["tickets"], known["customers"]):
                return
        row |= _counted(await self._search.figures(tenant_id, *period))
        notice = SpikeNotice(tenant_id, row["_id"], in_words(row), _told(row))
        destinations = [
            Destination.model_validate(each) for each in await self._destinations.find(owned(tenant_id)).to_list(None)
        ]

        async def work(session: Session) -> bool:
            await self._database.in_one_call(partial(self._shields.demand_same, tenant_id, shield), session)
            meanwhile = await self._known(tenant_id, found, session)
            if meanwhile is not None:
                mine = owned(tenant_id, _id=meanwhile["_id"])
                await self._spikes.update_one(mine, {"$set": {**row, "_id": meanwhile["_id"]}}, session=session)
                return False
            # The announcements first: without transactions, a crash in between repeats them, which their ids prevent.
            rows = spike_rows(notice, destinations, now)
            writes = (new_rows(Notification, rows), new_rows(Spike, [row]))
            await self._database.write(*writes, session=session)
            return True

        if await self._leases.write(lease, work):
            self._log.info("spike_found", tenant_id=tenant_id, spike_id=row["_id"], customers=row["peak_customers"])
            self._on_announced()

    async def _known(self, tenant_id: str, found: FoundSpike, session: Session) -> Row | None:
        """The stored spike that one which was found belongs to."""
        begin, end = quarter_begin(found.begin), quarter_begin(found.end)
        near = owned(tenant_id, started_at={"$lt": end}, until={"$gte": begin - OVER_AFTER})
        row: Row | None = await self._spikes.find_one(
            near, sort=[("started_at", -1)], session=session, comment=SPIKES_COMMENT
        )
        return row


def in_words(spike: Row) -> str:
    """What is told of a spike, in a sentence."""
    start = spike["peak_from"]
    end = start + timedelta(hours=1)
    text = (
        f"{spike['peak_customers']} customers wrote from {start:%H:%M} to {end:%H:%M} UTC, "
        f"where {spike['peak_expected']:.1f} are usual"
    )
    words = ", ".join(f"{each['keyword']} ({each['tickets']})" for each in spike["keywords"])
    return f"{text}; above all: {words}" if words else text


def _row(tenant_id: str, found: FoundSpike, known: Row | None, now: datetime) -> Row:
    """A spike as it is stored, without what is counted of its tickets; one that is `known` goes on."""
    start, end, peak = quarter_begin(found.begin), quarter_begin(found.end), found.peak
    row: Row = {
        "_id": spike_id_of(tenant_id, start),
        "tenant_id": tenant_id,
        "started_at": start,
        "until": end,
        "is_over": now - end >= OVER_AFTER,
        "detected_at": now,
        "peak_from": quarter_begin(peak.quarter),
        "peak_customers": peak.customers,
        "peak_expected": round(peak.expected, 2),
        "peak_chance": peak.chance,
    }
    if known is None:
        return row
    row |= {"_id": known["_id"], "detected_at": known["detected_at"]}
    row |= {"started_at": min(start, known["started_at"]), "until": max(end, known["until"])}
    row["is_over"] = now - row["until"] >= OVER_AFTER
    if known["peak_customers"] - known["peak_expected"] > peak.customers - peak.expected:
        row |= {name: value for name, value in known.items() if name.startswith("peak_")}
    return row


def _counted(figures: SpikeFigures) -> Row:
    keywords = [each.model_dump() for each in figures.keywords]
    return {"tickets": figures.tickets, "customers": figures.customers, "keywords": keywords}


def _told(row: Row) -> dict[str, Any]:
    """What programs are told of a spike."""
    names = ("started_at", "until", "tickets", "customers", "keywords")
    peak = {"from": row["peak_from"], "to": row["peak_from"] + QUARTERS_AN_HOUR * timedelta(minutes=15)}
    peak |= {"customers": row["peak_customers"], "expected": row["peak_expected"]}
    return {**{name: row[name] for name in names}, "peak": peak}


def spike_id_of(tenant_id: str, start: datetime) -> str:
    """The id of a spike that was found to begin at a moment."""
    digest = hashlib.blake2b(json.dumps([tenant_id, start.isoformat()]).encode(), digest_size=12).hexdigest()
    return f"spk_{digest}"
