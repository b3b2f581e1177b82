"""Records that could not be stored: one row for each, however many runs meet it, until it is mended or forgotten."""

import hashlib
import json
from collections.abc import Collection, Iterable

from pymongo import UpdateMany, UpdateOne

from documents.database import Collection as Rows
from documents.quarantined_record import QuarantineState
from services.ingestion.pages.history import Position
from services.sources.records.records import Rejected
from services.tenancy import owned

_JOBS_KEPT = 20
"""So many runs are remembered that met a record."""


def quarantine_writes(
    at: Position, rejected: Iterable[Rejected], mended: Collection[str]
) -> list[UpdateOne | UpdateMany]:
    """The writes that keep these records, and that say of the rows `mended` that upstream has mended the record.

    A replay of the page changes nothing.
    """
    stored = {"state": QuarantineState.STORED.value, "stored_at": at.now}
    among = owned(at.tenant_id, _id={"$in": list(mended)})
    are_stored = [UpdateMany(among, {"$set": stored})] if mended else []
    return [*(_seen(at, record) for record in rejected), *are_stored]


def find_mended(rows: Rows, tenant_id: str, external_ids: Iterable[str]) -> list[str]:
    """Which rows are about tickets with these ids, which can be stored now; `_id`s. One of pymongo's calls."""
    ids = [_row_id(tenant_id, external_id, is_attributed=True) for external_id in external_ids]
    if not ids:
        return []
    waiting = owned(tenant_id, _id={"$in": ids}, state=QuarantineState.WAITING.value)
    return [row["_id"] for row in rows.delegate.find(waiting, {"_id": 1})]


def _seen(at: Position, record: Rejected) -> UpdateOne:
    row_id = _row_id(at.tenant_id, record.identity, is_attributed=record.is_attributed)
    job_ids, times_seen = {"$ifNull": ["$job_ids", []]}, {"$ifNull": ["$times_seen", 0]}
    is_replay = {"$in": [at.job_id, job_ids]}
    said = {
        "job_id": at.job_id,
        "page": at.page,
        "position": record.position,
        "external_id": record.external_id,
        "reason": record.reason,
        "raw": record.raw,
        "is_attributed": record.is_attributed,
        "state": QuarantineState.WAITING.value,
        "recorded_at": at.now,
    }
    update = {name: {"$literal": value} for name, value in said.items()}
    update["first_seen_at"] = {"$ifNull": ["$first_seen_at", at.now]}
    others = {"$filter": {"input": job_ids, "cond": {"$ne": ["$$this", at.job_id]}}}
    update["job_ids"] = {"$slice": [{"$concatArrays": [others, [at.job_id]]}, -_JOBS_KEPT]}
    update["times_seen"] = {"$cond": [is_replay, times_seen, {"$add": [times_seen, 1]}]}
    return UpdateOne(owned(at.tenant_id, _id=row_id), [{"$set": update}], upsert=True)


def _row_id(tenant_id: str, identity: str, *, is_attributed: bool) -> str:
    """The same for the same record in every run; what may be another tenant's never takes the place of the tenant's."""
    named = json.dumps([tenant_id, is_attributed, identity]).encode()
    return hashlib.blake2b(named, digest_size=16).hexdigest()
