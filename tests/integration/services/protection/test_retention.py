"""What is older than a tenant keeps its tickets is erased, and stays out; nothing else is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.audit_entry import AuditAction
from documents.database import Row
from documents.erasure import Erasure, ErasureState
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.errors import InvalidInputError
from services.kit.clock import SystemClock
from services.lists.keyset import Window
from services.protection.ages.retentions import Retentions
from services.protection.erasures import Erasures
from services.protection.shields import Retention
from services.protection.trail import AuditTrail
from services.rollups.write import Rollups
from tests.erasing import an_eraser, places_of
from tests.fakes import running
from tests.integration.services.conftest import TENANT, Stage, counts
from tests.waiting import until

WORD = "zyxmarkerword"
A_YEAR = Retention(365, closed_only=True)


def aged_days(days: int, **changes: Any) -> Row:
    moment = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    return {"created_at": moment, "updated_at": moment, **changes}


async def applied(stage: Stage, wanted: Retention | None) -> Erasure | None:
    """The setting, and what it has erased once it was looked for."""
    clock = SystemClock()
    retentions = Retentions(stage.db, AuditTrail(stage.db, clock, keep_days=30), clock)
    await retentions.save(TENANT, wanted)

    async def is_looked_for() -> bool:
        if await retentions.due():  # asked first: a look that ends in between has left an erasure
            return False
        found = await Erasures(stage.db, clock).slice(TENANT, Window(limit=20))
        return all(each.state is ErasureState.DONE for each in found.items)

    async with running(an_eraser(stage.db, retentions=retentions)):
        await until(is_looked_for, "the look")
    found = (await Erasures(stage.db, clock).slice(TENANT, Window(limit=1))).items
    return found[0] if found else None


async def test_what_is_too_old_goes_and_stays_out(stage: Stage) -> None:
    await stage.add("old-closed", "old-deleted", "old-purged", **aged_days(400, status="closed", subject=WORD))
    await stage.add("old-open", **aged_days(400))
    await stage.add("new-closed", **aged_days(300, status="closed"))
    await stage.run()
    await stage.delete("old-deleted", "old-purged")
    await stage.run()
    await stage.db.collection(Ticket).delete_one({"tenant_id": TENANT, "external_id": "old-purged"})
    long_ago = datetime.now(UTC) - timedelta(days=370)
    of_purged = {"tenant_id": TENANT, "ticket_id": "old-purged"}
    await stage.db.collection(TicketHistory).update_many(of_purged, {"$set": {"recorded_at": long_ago}})
    await Rollups(stage.db).roll_up(TENANT)
    clock = SystemClock()
    trail = AuditTrail(stage.db, clock, keep_days=30)
    assert await Retentions(stage.db, trail, clock).preview(TENANT, A_YEAR) == 2

    erasure = await applied(stage, A_YEAR)
    assert erasure is not None
    assert (erasure.scope, erasure.counts["tickets"]) == ("age", 2)
    assert await places_of(stage.db, WORD) == []
    assert await stage.live() == {"old-open", "new-closed"}
    (entry,) = (await trail.slice(TENANT, Window(limit=5))).items
    assert (entry.action, entry.actor, entry.target) == (AuditAction.RETENTION_APPLIED, "retention", erasure.id)

    assert counts(await stage.run()) == {"unchanged": 2, "skipped": 1}
    await stage.edit("old-open", status="closed")
    assert counts(await stage.run()) == {"updated": 1, "unchanged": 1, "skipped": 1}
    again = await applied(stage, A_YEAR)
    assert again is not None
    assert again.id != erasure.id
    assert await stage.live() == {"new-closed"}
    await stage.run()
    assert await stage.live() == {"new-closed"}
    await applied(stage, None)
    await stage.run()
    assert await stage.live() == {"new-closed", "old-closed", "old-open"}


async def test_nothing_is_asked_for_where_nothing_is_too_old(stage: Stage) -> None:
    await stage.add("new", **aged_days(100, status="closed"))
    await stage.run()
    assert await applied(stage, A_YEAR) is None
    assert await stage.live() == {"new"}


async def test_a_ticket_that_was_deleted_long_ago_and_came_back_asks_for_nothing(stage: Stage) -> None:
    """Else there would be an erasure of nothing, with its entry in the trail, every day."""
    await stage.add("back", **aged_days(400))
    await stage.add("other")
    await stage.run()
    await stage.delete("back")
    await stage.run()
    long_ago = datetime.now(UTC) - timedelta(days=370)
    await stage.db.collection(TicketHistory).update_many({"tenant_id": TENANT}, {"$set": {"recorded_at": long_ago}})
    await stage.db.collection(Ticket).update_one({"external_id": "back"}, {"$unset": {"deleted_at": ""}})
    assert await applied(stage, A_YEAR) is None
    await stage.db.collection(Ticket).delete_one({"external_id": "back"})
    erasure = await applied(stage, A_YEAR)
    assert erasure is not None
    assert erasure.counts["ticket_history"] == 2


async def test_the_age_of_a_purged_ticket_counts_from_its_last_deletion(stage: Stage) -> None:
    history, long_ago = stage.db.collection(TicketHistory), datetime.now(UTC) - timedelta(days=370)
    await stage.add("back", "gone", **aged_days(400))
    await stage.add("other")
    await stage.run()
    await stage.delete("back", "gone")
    await stage.run()
    await history.update_many({"tenant_id": TENANT}, {"$set": {"recorded_at": long_ago}})
    await stage.control("tickets/restore", {"ids": ["back"]})
    await stage.run()
    await stage.delete("back")
    await stage.run()
    assert (await stage.history("back"))[-2:] == ["restored", "deleted"]
    await stage.db.collection(Ticket).delete_many({"external_id": {"$in": ["back", "gone"]}})
    erasure = await applied(stage, A_YEAR)
    assert erasure is not None
    assert erasure.counts["ticket_history"] == 2
    assert set(await history.distinct("ticket_id")) == {"back", "other"}
    assert (await applied(stage, A_YEAR) or erasure).id == erasure.id
    await history.update_many({"ticket_id": "back"}, {"$set": {"recorded_at": long_ago}})
    await applied(stage, A_YEAR)
    assert await history.distinct("ticket_id") == ["other"]


@pytest.mark.parametrize("days", [29, 0, -1, 36_501])
async def test_a_time_that_nobody_can_mean_is_refused(stage: Stage, days: int) -> None:
    clock = SystemClock()
    retentions = Retentions(stage.db, AuditTrail(stage.db, clock, keep_days=30), clock)
    with pytest.raises(InvalidInputError):
        await retentions.save(TENANT, Retention(days, closed_only=True))
    assert await retentions.of(TENANT) is None
