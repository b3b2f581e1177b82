"""Indexes that Beanie cannot bring in step by itself: those whose keys changed, and the one with a setting."""

from typing import Any

from pymongo import ASCENDING, IndexModel

PURGE_DELETED_INDEX = "purge_deleted"
"""Purges soft-deleted tickets; sparse, on `deleted_at` alone: a live ticket has no such field and is never purged."""
PURGE_QUARANTINED_INDEX = "purge_quarantined"
"""Purges quarantined records, counted from when a run met them last."""


async def drop_changed(rows: Any, declared: list[IndexModel]) -> None:
    """Drop the indexes of a collection (Motor's or pymongo's) that stand there with other keys than declared.

    MongoDB refuses to create an index under the name of another one. Indexes that are not declared are somebody
    else's, and stay.
    """
    existing = await rows.index_information()
    for index in declared:
        name, keys = index.document["name"], list(index.document["key"].items())
        known = existing.get(name)
        if known is not None and not _is_text(known) and [tuple(key) for key in known["key"]] != keys:
            await rows.drop_index(name)


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


def _is_text(index: dict[str, Any]) -> bool:
    """The server shows a text index with keys of its own making."""
    return "textIndexVersion" in index
