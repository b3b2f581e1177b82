"""The outbound request budget: at most `limit` requests in any rolling window, over all processes.

A request takes a slot before it is sent and settles it when it is answered. Upstream counts a request
somewhere between the two, so a slot counts from before sending until a whole window after the answer; a
request that is never answered (time-out, crash) keeps its slot for the longest that upstream may still have
counted it. All times are the database server's.
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.database import Database, Row
from documents.rate_limit import RateLimit
from services.kit.clock import EPOCH, Clock
from services.observing import UNOBSERVED, Observer, SlotTaken, SourceThrottled

OnWait = Callable[[datetime], Awaitable[None]]
"""Told until when (at least) a request has to wait."""

WINDOW_SECONDS = 60.0
SETTLE_MARGIN_SECONDS = 0.5
"""How much later than the answer's arrival upstream may have counted a request: the clocks' granularity."""
LOST_REQUEST_MARGIN_SECONDS = 5.0
MAX_NAP_SECONDS = 1.0
"""A waiter looks again at least this often: a slot that is settled frees earlier than it seemed."""
WAITER_TTL_SECONDS = 3.0
"""A waiter that has not asked for this long is gone and holds nobody up."""


@dataclass(frozen=True, slots=True)
class RateLimitState:
    """The budget at this moment."""

    limit: int
    """Requests in a window; 0 means no limit."""
    window_seconds: float
    used: int
    remaining: int
    blocked_until: datetime | None
    """Upstream said that nothing may be sent before."""


class RateLimiter:
    """Hands out slots of one budget; tenants that wait take turns, the one served longest ago first."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        limit: int,
        request_seconds: float,
        name: str = "external_api",
        window_seconds: float = WINDOW_SECONDS,
        observer: Observer = UNOBSERVED,
    ) -> None:
        """`request_seconds` is the longest that a request may take before its client gives it up."""
        self._budgets = database.collection(RateLimit)
        self._clock = clock
        self._name = name
        self._window = window_seconds
        self._lost_after = window_seconds + request_seconds + LOST_REQUEST_MARGIN_SECONDS
        self._paused_until = 0.0
        self.limit = limit
        self.observer = observer
        """Who is told of the requests."""
        self.source = name.partition(":")[0]
        """The kind of source, for figures: the rest of a budget's name is a tenant's account."""

    async def acquire(self, tenant_id: str, on_wait: OnWait) -> str:
        """Wait for a slot and take it; returns its id for `settle`."""
        began = self._clock.monotonic()
        slot_id = await self._acquire(tenant_id, on_wait)
        self.observer.note(SlotTaken(self.source, self._clock.monotonic() - began))
        return slot_id

    async def _acquire(self, tenant_id: str, on_wait: OnWait) -> str:
        slot_id = uuid4().hex
        while True:
            if self.limit == 0:
                await self._sit_out_pause(on_wait)
                return slot_id
            row = await self._update(self._taking(slot_id, tenant_id))
            if any(slot["id"] == slot_id for slot in row["slots"]):
                return slot_id
            until = self._next_chance(row)
            nap = (until - row["now"]).total_seconds()
            if nap > MAX_NAP_SECONDS:
                await on_wait(until)
            await self._clock.sleep(min(max(nap, 0.05), MAX_NAP_SECONDS))

    async def _sit_out_pause(self, on_wait: OnWait) -> None:
        """Without a limit of ours, only upstream's 429 holds a request up."""
        while (pause := self._paused_until - self._clock.monotonic()) > 0:
            if pause > MAX_NAP_SECONDS:
                await on_wait(self._clock.now() + timedelta(seconds=pause))
            await self._clock.sleep(min(pause, MAX_NAP_SECONDS))

    async def settle(self, slot_id: str) -> None:
        """Upstream has answered: the slot frees a window from now. Not called for a lost request."""
        if self.limit:
            end = {"$add": ["$$NOW", _ms(self._window + SETTLE_MARGIN_SECONDS)]}
            settled = {"$mergeObjects": ["$$slot", {"expires_at": end}]}
            mine = {"$cond": [{"$eq": ["$$slot.id", slot_id]}, settled, "$$slot"]}
            await self._update([{"$set": {"slots": {"$map": {"input": "$slots", "as": "slot", "in": mine}}}}])

    async def pause(self, seconds: float) -> None:
        """Upstream has said 429: send nothing for so long. A pause is never shortened."""
        self.observer.note(SourceThrottled(self.source))
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)
        if self.limit:
            until = {"$add": ["$$NOW", _ms(seconds)]}
            await self._update([{"$set": {"blocked_until": {"$max": ["$blocked_until", until]}}}])

    async def state(self) -> RateLimitState:
        """The budget at this moment, without taking from it."""
        rows = await self._budgets.aggregate(
            [
                {"$match": {"_id": self._name}},
                {"$set": {"slots": _current("slots", "expires_at"), "now": "$$NOW"}},
            ]
        ).to_list(1)
        row = rows[0] if rows else {"slots": [], "blocked_until": None, "now": EPOCH}
        blocked_until = row.get("blocked_until")
        if blocked_until is not None and blocked_until <= row["now"]:
            blocked_until = None
        used = len(row["slots"])
        return RateLimitState(self.limit, self._window, used, max(0, self.limit - used), blocked_until)

    def _taking(self, slot_id: str, tenant_id: str) -> list[Row]:
        """The update that takes a slot if one is free and no tenant served longer ago waits for it."""
        me = {"$literal": tenant_id}
        new_slot = {
            "id": slot_id,
            "tenant_id": me,
            "granted_at": "$$NOW",
            "expires_at": {"$add": ["$$NOW", _ms(self._lost_after)]},
        }
        me_waiting = {"tenant_id": me, "until": {"$add": ["$$NOW", _ms(WAITER_TTL_SECONDS)]}}
        others = {"$filter": {"input": "$waiters", "cond": {"$ne": ["$$this.tenant_id", me]}}}
        waits_longer = {"$lt": [_last_grant("$$waiter.tenant_id"), "$mine"]}
        ahead = {"$filter": {"input": "$waiters", "as": "waiter", "cond": waits_longer}}
        is_open = {"$lte": [{"$ifNull": ["$blocked_until", EPOCH]}, "$$NOW"]}
        has_room = {"$gt": [{"$subtract": [self.limit, {"$size": "$slots"}]}, {"$size": "$ahead"}]}
        return [
            {
                "$set": {
                    "slots": _current("slots", "expires_at"),
                    "waiters": _current("waiters", "until"),
                    "now": "$$NOW",
                }
            },
            {"$set": {"waiters": others, "mine": _last_grant(me)}},
            {"$set": {"ahead": ahead}},
            {"$set": {"granted": {"$and": [is_open, has_room]}}},
            {
                "$set": {
                    "slots": {"$cond": ["$granted", {"$concatArrays": ["$slots", [new_slot]]}, "$slots"]},
                    "waiters": {"$cond": ["$granted", "$waiters", {"$concatArrays": ["$waiters", [me_waiting]]}]},
                }
            },
            {"$unset": ["ahead", "granted", "mine"]},
        ]

    def _next_chance(self, row: Row) -> datetime:
        """When a refused waiter should look again."""
        now: datetime = row["now"]
        blocked_until: datetime = row.get("blocked_until") or EPOCH
        if len(row["slots"]) < self.limit:
            return max(blocked_until, now)  # paused, or it is another tenant's turn
        first_free: datetime = min(slot["expires_at"] for slot in row["slots"])
        return max(blocked_until, first_free)

    async def _update(self, pipeline: list[Row]) -> Row:
        while True:
            try:
                return await self._budgets.find_one_and_update(
                    {"_id": self._name}, pipeline, upsert=True, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                continue  # another process created the budget at the same moment


def _current(field: str, end: str) -> Row:
    """The elements of an array field whose end has not come."""
    kept = {"$gt": [f"$$this.{end}", "$$NOW"]}
    return {"$filter": {"input": {"$ifNull": [f"${field}", []]}, "cond": kept}}


def _last_grant(tenant: Any) -> Row:
    """When a tenant last got one of the present slots; the epoch if it has none."""
    mine = {"$filter": {"input": "$slots", "as": "slot", "cond": {"$eq": ["$$slot.tenant_id", tenant]}}}
    return {"$ifNull": [{"$max": {"$map": {"input": mine, "as": "slot", "in": "$$slot.granted_at"}}}, EPOCH]}


def _ms(seconds: float) -> int:
    return math.ceil(seconds * 1000)
