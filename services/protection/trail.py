"""The audit trail: rows are added here, and nowhere changed or removed; MongoDB purges them when their time is over.

An act is written down before it is done, and what came of it in a row of its own: what cannot be written down is not
done, and an act whose end is missing says so (`unknown`).
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from documents.audit_entry import AuditAction, AuditEntry, AuditOutcome
from documents.database import Database, Row
from services.errors import ErrorCode
from services.kit.clock import Clock
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, read_slice
from services.lists.numbered import Page, read_newest
from services.tenancy import Filter, owned

_END = ":end"
_IS_ACT = {"action": {"$type": "string"}}


class AuditTrail:
    """Keeps one database's trail; who may read it is for others to know."""

    def __init__(self, database: Database, clock: Clock, *, keep_days: int) -> None:
        self._rows = database.collection(AuditEntry)
        self._clock = clock
        self._kept_for = timedelta(days=keep_days)

    async def begin(
        self,
        action: AuditAction,
        tenant_id: str | None,
        *,
        actor: str | None,
        target: str | None = None,
        request_id: str | None = None,
    ) -> str:
        """Write down that somebody is about to do something; returns the act's id."""
        act_id, now = f"act_{uuid4().hex}", self._clock.now()
        await self._rows.insert_one(
            {
                "_id": act_id,
                "at": now,
                "expires_at": now + self._kept_for,
                "action": action.value,
                "tenant_id": tenant_id,
                "actor": actor,
                "target": target,
                "request_id": request_id,
            }
        )
        return act_id

    async def end(
        self, act_id: str, outcome: AuditOutcome, *, code: ErrorCode | None = None, target: str | None = None
    ) -> None:
        """Write down what came of an act. `target`: what it is about, where that was not known before."""
        now = self._clock.now()
        row = {"_id": act_id + _END, "at": now, "expires_at": now + self._kept_for, "outcome": outcome.value}
        await self._rows.insert_one(row | {"code": code and code.value, "target": target})

    async def slice(self, tenant_id: str | None, window: Window) -> Slice[AuditEntry]:
        """A stretch of the acts, newest first, with what came of them: a tenant's, or all (None).

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        found = await read_slice(self._rows, _acts_of(tenant_id), "at", window)
        return Slice(await self._with_ends(found.items), found.has_more)

    async def page(self, tenant_id: str | None, *, page: int, page_size: int) -> Page[AuditEntry]:
        """A numbered page of the same."""
        found = await read_newest(self._rows, _acts_of(tenant_id), "at", page=page, page_size=page_size)
        return Page(await self._with_ends(found.items), page, page_size, found.total_count)

    async def count(self, tenant_id: str | None) -> int:
        """How many acts there are."""
        async with time_limited():
            return await self._rows.count_documents(_acts_of(tenant_id), maxTimeMS=LIST_MILLISECONDS)

    async def _with_ends(self, acts: Sequence[Row]) -> list[AuditEntry]:
        ends = self._rows.find({"_id": {"$in": [row["_id"] + _END for row in acts]}})
        by_act = {row["_id"].removesuffix(_END): row for row in await ends.to_list(None)}
        return [_entry(row, by_act.get(row["_id"])) for row in acts]


def _acts_of(tenant_id: str | None) -> Filter:
    return dict(_IS_ACT) if tenant_id is None else owned(tenant_id, **_IS_ACT)


def _entry(act: Row, end: Row | None) -> AuditEntry:
    """An act with what came of it."""
    came: Row = {"outcome": AuditOutcome.UNKNOWN} if end is None else {name: end[name] for name in ("outcome", "code")}
    target = act.get("target") or (end or {}).get("target")
    entry: AuditEntry = AuditEntry.model_validate({**act, **came, "target": target})
    return entry
