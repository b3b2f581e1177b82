"""Learning in the background: what a tenant's people say again and again, its tickets are classified as."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from documents.correction import Correction
from documents.database import Database, Row
from documents.notification import Notification
from documents.tenant_classifier import TenantClassifier
from documents.ticket import Ticket, Urgency
from services.classification.judging import version_of
from services.coordination.leases import Leases
from services.judging.corrections import Corrections, PersonsWord
from services.judging.judges import Judges
from services.judging.learnings import Learnings, LearningState
from services.judging.reclassifier import Reclassifier
from services.judging.rejudging import Rejudging
from services.judging.training import LEARN_ANEW_AFTER, LEARNING_RESOURCE, Trainer
from services.kit.clock import SystemClock
from services.rollups.write import Rollups
from services.search.terms import search_fields
from services.tickets.reading import Tickets
from tests.fakes import running
from tests.integration.services.conftest import TENANT, Stage, at_stage, later
from tests.waiting import PATIENCE_SECONDS, until

SCANNER = "Where is the manual of the warehouse scanner?"
PRINTER = "Where is the manual of the printer?"
OFF = [("urgency", False), ("sentiment", False), ("requires_action", False)]
ON = [("urgency", True), ("sentiment", False), ("requires_action", False)]


@pytest.fixture
async def stage(db: Database) -> AsyncIterator[Stage]:
    """All tickets come on one page: what is shown here does not depend on how they come."""
    async with at_stage(db, page_size=100) as stage, running(stage.worker):
        yield stage


def a_trainer(database: Database) -> Trainer:
    return Trainer(database, Leases(database, ttl_seconds=PATIENCE_SECONDS), SystemClock(), quiet_seconds=0)


async def trained(database: Database, tenant_id: str = TENANT) -> LearningState:
    """Until everything is learned from that there is."""
    learnings = Learnings(database)

    async def state() -> LearningState | None:
        found = await learnings.of(tenant_id)
        return found if found.is_up_to_date else None

    async with running(a_trainer(database)):
        return await until(state, "learning")


def labels(state: LearningState) -> list[tuple[str, bool]]:
    assert state.last is not None
    return [(each.label, each.is_on) for each in state.last.labels]


def names(count: int, kind: str = "S") -> list[str]:
    return [f"{kind}-{number:03}" for number in range(count)]


async def correct(stage: Stage, *external_ids: str, **said: Any) -> None:
    corrections, tickets = Corrections(stage.db, SystemClock()), Tickets(stage.db)
    for external_id in external_ids:
        word = PersonsWord(**(said or {"urgency": Urgency.HIGH}))
        await corrections.correct(TENANT, await tickets.get(TENANT, external_id), word, by="ann")


async def with_habit(stage: Stage) -> LearningState:
    """30 tickets about scanners that somebody has called urgent, and 30 that nobody has corrected, are learned from."""
    await stage.add(*names(30), message=SCANNER)
    await stage.add(*names(30, "P"), message=PRINTER)
    await stage.run()
    await correct(stage, *names(30))
    return await trained(stage.db)


async def row_of(database: Database, tenant_id: str = TENANT) -> Row:
    row = await database.collection(TenantClassifier).find_one({"_id": tenant_id})
    assert row is not None
    return row


async def test_a_habit_decides_about_new_tickets_and_tells_why(stage: Stage) -> None:
    state = await with_habit(stage)
    assert state.corrections == 30
    assert state.last is not None
    assert (state.last.corrections, state.last.unreadable) == (30, 0)
    assert (state.last.uncorrected, state.last.uncorrected_changed) == (30, 0)
    assert labels(state) == ON
    urgency = state.last.labels[0]
    assert (urgency.tried, urgency.rules_right, urgency.learned_right) == (30, 0, 30)
    await stage.add("new", message=SCANNER)
    await stage.add("other", message=PRINTER)
    await stage.run()
    new, other = await Tickets(stage.db).get(TENANT, "new"), await Tickets(stage.db).get(TENANT, "other")
    assert (new.urgency, new.requires_action, new.judged_by, new.rules_version) == (
        "high",
        True,
        "learned",
        version_of(1),
    )
    assert (other.urgency, other.judged_by, other.rules_version) == ("low", "rules", version_of(1))
    learned = [match for match in new.matched if match.rule == "learned"]
    assert 1 <= len(learned) <= 5
    assert "warehouse scanner" in {match.text for match in learned}
    assert all(match.weight and match.weight > 0 and match.label == "urgency" for match in learned)
    (announced,) = await stage.db.collection(Notification).find({"ticket_id": "new"}).to_list(None)
    assert announced["reason"].startswith("learned: ")
    row = await stage.db.collection(Ticket).find_one({"external_id": "new"})
    assert row is not None
    assert {name: row[name] for name in ("search_terms", "search_version")} == search_fields(row)


async def test_a_correction_wins_over_what_was_learned(stage: Stage) -> None:
    await with_habit(stage)
    await stage.add("new", message=SCANNER)
    await stage.run()
    await correct(stage, "new", urgency=Urgency.LOW)
    found = await Tickets(stage.db).get(TENANT, "new")
    assert (found.urgency, found.judged_by) == ("low", "person")
    assert found.correction is not None
    assert found.correction.machine.urgency == "high"


async def test_what_was_learned_comes_to_stored_tickets_and_leaves_corrections_alone(stage: Stage) -> None:
    await stage.add(*names(10, "old"), message=SCANNER)
    await with_habit(stage)
    await correct(stage, "old-000", urgency=Urgency.LOW)
    rejudging = Rejudging(stage.db, Judges(stage.db), Rollups(stage.db), SystemClock())
    leases = Leases(stage.db, ttl_seconds=PATIENCE_SECONDS)

    async def are_judged_anew() -> bool:
        return not await stage.tickets(rules_version={"$ne": version_of(1)})

    async with running(Reclassifier(stage.db, rejudging, leases, SystemClock())):
        await until(are_judged_anew, "every ticket's turn")
    found = {row["external_id"]: (row["urgency"], row["judged_by"]) for row in await stage.tickets()}
    assert found == {
        **dict.fromkeys(names(30), ("high", "person")),
        **dict.fromkeys(names(30, "P"), ("low", "rules")),
        **dict.fromkeys(names(10, "old"), ("high", "learned")),
        "old-000": ("low", "person"),
    }


async def test_the_revision_grows_only_with_what_decides(stage: Stage) -> None:
    await stage.add(*names(30), message=SCANNER)
    await stage.run()
    await correct(stage, *names(5))
    assert labels(await trained(stage.db)) == OFF
    assert (await row_of(stage.db))["revision"] == 0
    await correct(stage, *names(30)[5:])
    assert labels(await trained(stage.db)) == ON
    assert (await row_of(stage.db))["revision"] == 1
    await stage.db.collection(TenantClassifier).update_one({"_id": TENANT}, {"$inc": {"corrected": 1}})
    assert labels(await trained(stage.db)) == ON
    assert (await row_of(stage.db))["revision"] == 1, "the same corrections teach the same"


async def test_corrections_that_are_taken_back_are_unlearned(stage: Stage) -> None:
    await with_habit(stage)
    corrections, tickets = Corrections(stage.db, SystemClock()), Tickets(stage.db)
    for name in names(30)[15:]:
        await corrections.withdraw(TENANT, await tickets.get(TENANT, name), by="ann")
    state = await trained(stage.db)
    assert (state.corrections, labels(state)) == (15, OFF)
    row = await row_of(stage.db)
    assert (row["layers"], row["revision"]) == ({}, 2)
    assert (await Judges(stage.db).of(TENANT)).judge(subject="", message=SCANNER).urgency is Urgency.LOW


async def test_only_texts_that_are_still_there_are_learned_from(stage: Stage) -> None:
    await stage.add(*names(4), message=SCANNER)
    await stage.add(*names(9, "P"), message=PRINTER)
    await stage.run()
    await correct(stage, *names(4))
    await stage.edit("S-000", message="Thanks", updated_at=later(1))
    await stage.delete("S-001")
    await stage.run()
    await stage.db.collection(Ticket).delete_one({"external_id": "S-002"})
    state = await trained(stage.db)
    assert state.last is not None
    assert (state.last.corrections, state.last.unreadable) == (1, 3)
    kept = await stage.db.collection(Correction).distinct("ticket_id")
    assert kept == ["S-000", "S-001", "S-003"], "what is said of a ticket goes with the ticket"


async def test_what_came_later_is_not_what_was_judged(stage: Stage) -> None:
    await stage.add("S-000", message=SCANNER)
    await stage.run()
    await correct(stage, "S-000")
    later_text = {"$set": {"replies": "Thanks, I have found it."}}
    await stage.db.collection(Ticket).update_one({"external_id": "S-000"}, later_text)
    state = await trained(stage.db)
    assert state.last is not None
    assert (state.last.corrections, state.last.unreadable) == (1, 0)


async def test_words_of_tickets_that_are_gone_are_unlearned_within_a_day(stage: Stage) -> None:
    await with_habit(stage)
    await stage.db.collection(Ticket).delete_many({"external_id": {"$in": names(30)}})
    assert (await Learnings(stage.db).of(TENANT)).is_up_to_date
    long_ago = SystemClock().now() - LEARN_ANEW_AFTER
    rows = stage.db.collection(TenantClassifier)
    await rows.update_one({"_id": TENANT}, {"$set": {"learning.trained_at": long_ago}})

    async def is_forgotten() -> bool:
        return "scanner" not in str(await row_of(stage.db))

    assert not await is_forgotten()
    async with running(a_trainer(stage.db)):
        await until(is_forgotten, "forgetting")
    assert await stage.db.collection(Correction).count_documents({}) == 0


async def test_one_tenants_corrections_teach_nothing_about_another(stage: Stage) -> None:
    await with_habit(stage)
    assert (await Judges(stage.db).of("another")).version == version_of(0)
    await stage.db.collection(TenantClassifier).insert_one({"_id": "another", "revision": 0, "corrected": 1})
    state = await Learnings(stage.db).of("another")
    assert (state.corrections, state.is_up_to_date, state.last) == (0, False, None)


async def test_a_tenant_that_cannot_be_learned_from_keeps_no_other_waiting(stage: Stage) -> None:
    spoilt = {"_id": "aaa", "revision": 1, "own_words": 5, "corrected": 1, "corrected_at": datetime.now(UTC)}
    await stage.db.collection(TenantClassifier).insert_one(spoilt)
    await stage.add(*names(2), message=SCANNER)
    await stage.run()
    await correct(stage, "S-000")

    assert (await trained(stage.db)).last is not None


async def test_one_process_at_a_time_learns_and_another_takes_over(stage: Stage) -> None:
    await stage.add(*names(3), message=SCANNER)
    await stage.run()
    async with running(a_trainer(stage.db)), running(a_trainer(stage.db)) as second:
        await correct(stage, *names(2))
        await until(lambda: _is_up_to_date(stage.db), "learning")
        assert await Leases(stage.db, ttl_seconds=1).acquire(LEARNING_RESOURCE, "a third") is None
    await correct(stage, *names(3)[2:])
    assert not await _is_up_to_date(stage.db)
    assert second.is_shut_down
    state = await trained(stage.db)
    assert state.last is not None
    assert state.last.corrections == 3


async def _is_up_to_date(database: Database) -> bool:
    return (await Learnings(database).of(TENANT)).is_up_to_date
