"""Indexes at start: each collection is asked once which it has, and only what differs is changed."""

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

PURGE_DELETED_INDEX = "purge_deleted"
"""Purges soft-deleted tickets; sparse, on `deleted_at` alone: a live ticket has no such field and is never purged."""
PURGE_QUARANTINED_INDEX = "purge_quarantined"
"""Purges quarantined records, counted from when a run met them last."""
_ALWAYS_SAID = ("key", "ns", "v")
"""What MongoDB says of an index beside its options."""


async def bring_in_step(rows: Any, settings: Any) -> None:
    """Make the indexes of a collection (Motor's or pymongo's) those that its document declares.

    Dropped are those whose keys have changed, as MongoDB refuses to create one under the name of another, and the
    `retired_indexes` of the document's settings. Others that are not declared are somebody else's, and stay.
    """
    existing = await rows.index_information()
    declared: list[IndexModel] = getattr(settings, "indexes", [])
    keys = {index.document["name"]: list(index.document["key"].items()) for index in declared}
    for name, known in list(existing.items()):
        is_changed = name in keys and [tuple(key) for key in known["key"]] != keys[name]
        if is_changed or name in getattr(settings, "retired_indexes", []):
            await rows.drop_index(name)
            del existing[name]
    # One that is there with other options is asked for as well: MongoDB refuses it, which the operator has to learn.
    if missing := [index for index in declared if not _is_there(index.document, existing)]:
        await rows.create_indexes(missing)


def _is_there(declared: Mapping[str, Any], existing: Mapping[str, Mapping[str, Any]]) -> bool:
    known = existing.get(declared["name"], {})
    options = {option: value for option, value in declared.items() if option not in ("name", "key")}
    return bool(known) and options == {option: value for option, value in known.items() if option not in _ALWAYS_SAID}


async def keep_deleted_for(tickets: Any, days: int) -> None:
    """Create the index that purges soft-deleted tickets, or give the existing one its new retention."""
    await _keep_for(tickets, PURGE_DELETED_INDEX, "deleted_at", days)


async def keep_quarantined_for(records: Any, days: int) -> None:
    """Create the index that purges records which no run has met for so long, or give it its new retention."""
    await _keep_for(records, PURGE_QUARANTINED_INDEX, "recorded_at", days)


async def _keep_for(rows: Any, name: str, field: str, days: int) -> None:
    seconds = days * 24 * 3600
    existing = (await rows.index_information()).get(name)
    if existing is None:
        await rows.create_index([(field, ASCENDING)], name=name, expireAfterSeconds=seconds, sparse=True)
    elif existing["expireAfterSeconds"] != seconds:  # not without need: it waits for every open transaction
        await rows.database.command("collMod", rows.name, index={"name": name, "expireAfterSeconds": seconds})
