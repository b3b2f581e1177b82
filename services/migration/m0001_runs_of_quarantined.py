"""Records that could not be stored name all runs that met them.

The first versions wrote a row for each run, with that run as `job_id` alone; a run's records are looked for in
`job_ids`.
"""

from typing import Any

from documents.database import Database, Row, Session
from documents.quarantined_record import QuarantinedRecord
from services.migration.migrations import STEP_ROWS, Migration, MigrationStep
from services.tenancy import BY_ID, owned_by_any

_NAMED: list[Row] = [
    {
        "$set": {
            "job_ids": {"$cond": [{"$eq": [{"$type": "$job_id"}, "string"]}, ["$job_id"], []]},
            "first_seen_at": {"$ifNull": ["$first_seen_at", "$recorded_at"]},
        }
    }
]


async def name_runs(database: Database, place: Any, session: Session) -> MigrationStep:
    """Name the runs of those of the next rows that have no `job_ids`. No more than these are read: a step that looked
    for as many would read all of a large collection in one transaction, and the lease would be over before that."""
    rows, where = database.collection(QuarantinedRecord), {"job_ids": {"$exists": False}}
    # Not as a condition on `_id`, which would pass over ids of another type.
    following = {} if place is None else {"$expr": {"$gt": ["$_id", {"$literal": place}]}}
    next_ones = rows.find(following, {"tenant_id": 1}, session=session, hint=BY_ID).sort("_id").limit(STEP_ROWS)
    found = await next_ones.to_list(None)
    tenants = {row["tenant_id"] for row in found if isinstance(row.get("tenant_id"), str) and row["tenant_id"]}
    among = owned_by_any(tenants, _id={"$in": [row["_id"] for row in found]}, **where)
    changed = await rows.update_many(among, _NAMED, session=session, hint=BY_ID)
    return MigrationStep(found[-1]["_id"] if len(found) == STEP_ROWS else None, changed.modified_count)


MIGRATION = Migration(1, "records that could not be stored name all runs that met them", name_runs)
