"""Erasing in tests: an eraser at work, and a look at every byte that the database holds."""

from typing import Any

from documents.database import Database, Row
from documents.erasure import Erasure, ErasureState
from services.coordination.leases import Leases
from services.judging.reclassifier import RECLASSIFICATION_RESOURCE
from services.kit.clock import SystemClock
from services.protection.eraser import Eraser
from services.protection.erasures import Erasures
from services.rollups.write import Rollups
from tests.fakes import running
from tests.waiting import PATIENCE_SECONDS, until


def an_eraser(database: Database, **changes: Any) -> Eraser:
    """One that does not wait for requests that are under way."""
    return Eraser(
        database,
        Rollups(database),
        Leases(database, ttl_seconds=PATIENCE_SECONDS),
        SystemClock(),
        **{"ordered_with": [RECLASSIFICATION_RESOURCE], "settled_after_seconds": 0, **changes},
    )


async def done(database: Database, erasure: Erasure) -> Erasure:
    """The erasure when it is done; somebody has to be at work."""
    erasures = Erasures(database, SystemClock())

    async def is_done() -> Erasure | None:
        found = await erasures.get(erasure.id)
        return found if found.state is ErasureState.DONE else None

    return await until(is_done, "the end of the erasure")


async def carried_out(database: Database, erasure: Erasure) -> Erasure:
    """The erasure, carried out here."""
    async with running(an_eraser(database)):
        return await done(database, erasure)


async def everything(database: Database) -> dict[str, list[Row]]:
    """Every row of every collection that the server has, whoever has made it."""
    some = database.collection(Erasure)
    names = await some.database.list_collection_names()
    return {name: await some.database[name].find().to_list(None) for name in sorted(names)}


async def places_of(database: Database, *texts: str) -> list[tuple[str, str]]:
    """Where these texts stand, as they are or in other cases: collection and text."""
    return [
        (name, text)
        for name, rows in (await everything(database)).items()
        for text in texts
        if any(text.lower() in repr(row).lower() for row in rows)
    ]
