"""How far judging stored tickets anew has come, and asking for it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from documents.database import Database, Row
from documents.reclassification import Reclassification, ReclassificationState
from services.classification.judging import is_later
from services.judging.judges import Judges


@dataclass(frozen=True, slots=True)
class ReclassificationProgress:
    """How far a tenant's tickets have been judged anew."""

    tenant_id: str
    version: str
    """By which they are to be judged: that of the tenant's present judge."""
    state: ReclassificationState
    total: int = 0
    """Tickets that were judged by another version when it began."""
    done: int = 0
    changed: int = 0
    """Those of them that got another label, or other reasons for it."""
    raised: int = 0
    """Those of them that became urgent."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    announce: bool = False
    """Whether those that became urgent are still to be announced."""
    announced: int = 0
    """How many were announced the last time that somebody asked for it."""


_SHARED = [each.name for each in fields(ReclassificationProgress) if each.name not in ("tenant_id", "version")]


class Reclassifications:
    """Tells how far it has come; the work is done by `Reclassifier`."""

    def __init__(self, database: Database, judges: Judges) -> None:
        self._rows = database.collection(Reclassification)
        self._judges = judges

    async def progress(self, tenant_id: str) -> ReclassificationProgress:
        """How far it has come."""
        row = await self._rows.find_one({"_id": tenant_id})
        version = (await self._judges.of(tenant_id)).version
        if row is None or (row.get("version") != version and not is_later(row.get("version"))):
            announce = bool(row and row.get("announce"))
            return ReclassificationProgress(tenant_id, version, ReclassificationState.PENDING, announce=announce)
        return _progress(tenant_id, Reclassification.model_validate(row))

    async def request(self, tenant_id: str, *, announce: bool) -> ReclassificationProgress:
        """Have every ticket looked at again, and judged anew if its version is another one than the judge's.

        `announce`: announce the open tickets that have become urgent since the last time that somebody asked for it,
        or for this; otherwise nobody is told of any.
        """
        asked: Row = {"state": ReclassificationState.PENDING.value} | ({"announce": True} if announce else {})
        await self._rows.update_one({"_id": tenant_id}, {"$set": asked}, upsert=True)
        return await self.progress(tenant_id)


def _progress(tenant_id: str, row: Reclassification) -> ReclassificationProgress:
    shared: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "state",
            "total",
            "done",
            "changed",
            "raised",
            "started_at",
            "finished_at",
            "announce",
            "announced",
        )
    }
    return ReclassificationProgress(tenant_id, row.version or "", **shared)
