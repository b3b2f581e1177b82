"""What people say of tickets wins at once, survives runs as long as the text does, and leaves every figure exact."""

import asyncio
from typing import Any

import pytest

from documents.correction import Correction
from documents.database import Database, Row
from documents.notification import Notification
from documents.tenant_classifier import TenantClassifier
from documents.ticket import Sentiment, Ticket, Urgency
from documents.ticket_history import TicketHistory
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.errors import InvalidInputError, TicketNotFoundError
from services.ingestion.pages.commit import PageStore
from services.judging.corrections import ANNOUNCED_BECAUSE, MAX_NOTE_CHARACTERS, Corrections, PersonsWord
from services.kit.clock import SystemClock
from services.rollups.write import Rollups
from services.search.terms import search_fields
from services.tickets.choices import only
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets
from services.tickets.record import TicketRecord
from tests.fakes import FakeClock
from tests.integration.services.conftest import TENANT, Stage, counts, ids, later
from tests.integration.services.rollups.test_rollups import expect_consistent

URGENT = PersonsWord(urgency=Urgency.HIGH)
ANN = "ann"


@pytest.fixture
async def corrections(stage: Stage) -> Corrections:
    """Of one ticket, T-000, that the rules call low, neutral and worth an answer."""
    await stage.add("T-000")
    await stage.run()
    return Corrections(stage.db, SystemClock())


async def found(stage: Stage, external_id: str = "T-000") -> TicketRecord:
    return await Tickets(stage.db).get(TENANT, external_id)


async def say(
    corrections: Corrections, stage: Stage, word: PersonsWord = URGENT, external_id: str = "T-000", **more: Any
) -> TicketRecord:
    return await corrections.correct(TENANT, await found(stage, external_id), word, **{"by": ANN, **more})


async def history(database: Database, external_id: str = "T-000") -> list[Row]:
    rows = database.collection(TicketHistory).find({"ticket_id": external_id}).sort("recorded_at", 1)
    return await rows.to_list(None)


def verdict(ticket: TicketRecord) -> tuple[Any, ...]:
    return ticket.urgency, ticket.sentiment, ticket.requires_action, ticket.judged_by


BY_RULES = ("low", "neutral", True, "rules")
BY_ANN = ("high", "neutral", True, "person")


async def test_a_correction_decides_at_once_and_tells_who_said_what(corrections: Corrections, stage: Stage) -> None:
    assert verdict(await found(stage)) == BY_RULES
    word = PersonsWord(Urgency.HIGH, Sentiment.NEGATIVE, note="  our largest customer ")
    corrected = await say(corrections, stage, word)
    assert verdict(corrected) == ("high", "negative", True, "person")
    assert corrected == await found(stage)
    assert corrected.correction is not None
    told = corrected.correction
    assert (told.urgency, told.sentiment, told.requires_action) == ("high", "negative", None)
    assert (told.by, told.note) == (ANN, "our largest customer")
    assert (told.machine.urgency, told.machine.sentiment, told.machine.requires_action) == BY_RULES[:3]


async def test_the_history_tells_who_changed_what(corrections: Corrections, stage: Stage) -> None:
    await say(corrections, stage)
    _, row = await history(stage.db)
    assert (row["action"], row["actor"], row.get("job_id")) == ("updated", ANN, None)
    assert row["changes"] == {
        "urgency": {"old": "low", "new": "high"},
        "judged_by": {"old": "rules", "new": "person"},
    }


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (PersonsWord(urgency=Urgency.MEDIUM), ("medium", "neutral", True, "person")),
        (PersonsWord(requires_action=False), ("low", "neutral", False, "person")),
        (PersonsWord(Urgency.HIGH, requires_action=False), ("high", "neutral", False, "person")),
        (PersonsWord(sentiment=Sentiment.POSITIVE), ("low", "positive", True, "person")),
    ],
    ids=str,
)
async def test_only_what_is_said_changes(
    corrections: Corrections, stage: Stage, word: PersonsWord, expected: tuple[Any, ...]
) -> None:
    assert verdict(await say(corrections, stage, word)) == expected


async def test_who_calls_a_ticket_urgent_wants_somebody_to_act(corrections: Corrections, stage: Stage) -> None:
    await stage.add("T-001", subject="Thanks", message="Thank you, all is well.")
    await stage.run()
    assert (await found(stage, "T-001")).requires_action is False
    assert (await say(corrections, stage, URGENT, "T-001")).requires_action is True


async def test_the_same_again_changes_nothing(corrections: Corrections, stage: Stage) -> None:
    first = await say(corrections, stage)
    assert await say(corrections, stage, by="bob") == first
    assert len(await history(stage.db)) == 2
    row = await stage.db.collection(TenantClassifier).find_one({"_id": TENANT})
    assert row is not None
    assert (row["corrected"], row["revision"]) == (1, 0)


async def test_another_word_replaces_the_first_whole(corrections: Corrections, stage: Stage) -> None:
    await say(corrections, stage)
    replaced = await say(corrections, stage, PersonsWord(sentiment=Sentiment.NEGATIVE), by="bob")
    assert verdict(replaced) == ("low", "negative", True, "person")
    assert replaced.correction is not None
    assert (replaced.correction.urgency, replaced.correction.by) == (None, "bob")
    assert await stage.db.collection(Correction).count_documents({}) == 1


async def test_it_survives_runs_as_long_as_the_text_is_the_same(corrections: Corrections, stage: Stage) -> None:
    corrected = await say(corrections, stage)
    assert counts(await stage.run()) == {"unchanged": 1}
    await stage.edit("T-000", status="pending", updated_at=later(1))
    assert counts(await stage.run()) == {"updated": 1}
    ticket = await found(stage)
    assert ticket.status == "pending"
    assert verdict(ticket) == BY_ANN
    assert ticket.correction == corrected.correction
    assert (await history(stage.db))[-1]["changes"] == {"status": {"old": "open", "new": "pending"}}
    await stage.edit("T-000", subject=" QUESTION ", updated_at=later(2))
    await stage.run()
    assert verdict(await found(stage)) == BY_ANN


async def test_another_text_is_judged_anew_and_the_correction_stays_to_learn_from(
    corrections: Corrections, stage: Stage
) -> None:
    await say(corrections, stage)
    await stage.edit("T-000", message="Thank you, I have found the manual.", updated_at=later(1))
    assert counts(await stage.run()) == {"updated": 1}
    ticket = await found(stage)
    assert (ticket.urgency, ticket.judged_by, ticket.correction) == ("low", "rules", None)
    assert (await history(stage.db))[-1]["changes"]["urgency"] == {"old": "high", "new": "low"}
    kept = await stage.db.collection(Correction).find().to_list(None)
    assert [(row["ticket_id"], row["urgency"], row["by"]) for row in kept] == [("T-000", "high", ANN)]
    assert "manual" not in str(kept), "the text is in the ticket alone"


async def test_it_survives_the_tickets_deletion_and_return(corrections: Corrections, stage: Stage) -> None:
    await stage.add(*ids(4)[1:])
    await say(corrections, stage)
    await stage.delete("T-000")
    await stage.run()
    with pytest.raises(TicketNotFoundError):
        await found(stage)
    await stage.control("tickets/restore", {"ids": ["T-000"]})
    await stage.run()
    assert verdict(await found(stage)) == BY_ANN


async def test_taken_back_the_rules_answer_returns(corrections: Corrections, stage: Stage) -> None:
    await say(corrections, stage)
    withdrawn = await corrections.withdraw(TENANT, await found(stage), by="bob")
    assert verdict(withdrawn) == BY_RULES
    assert withdrawn == await found(stage)
    assert withdrawn.correction is None
    last = (await history(stage.db))[-1]
    assert (last["actor"], last["changes"]["urgency"]) == ("bob", {"old": "high", "new": "low"})
    assert await stage.db.collection(Correction).count_documents({}) == 0
    assert await corrections.withdraw(TENANT, withdrawn, by="bob") == withdrawn
    assert len(await history(stage.db)) == 3


@pytest.mark.parametrize("announce", [True, False])
async def test_nobody_is_told_unless_asked_for(corrections: Corrections, stage: Stage, announce: bool) -> None:
    await say(corrections, stage, announce=announce)
    rows = await stage.db.collection(Notification).find().to_list(None)
    assert [(row["ticket_id"], row["reason"]) for row in rows] == [("T-000", ANNOUNCED_BECAUSE)] * announce
    await say(corrections, stage, PersonsWord(Urgency.HIGH, note="still"), announce=True)
    assert await stage.db.collection(Notification).count_documents({}) == announce, "it was urgent before"


@pytest.mark.parametrize(
    "word",
    [PersonsWord(), PersonsWord(note="why?"), PersonsWord(Urgency.LOW, note="x" * (MAX_NOTE_CHARACTERS + 1))],
    ids=["nothing", "a note alone", "a long note"],
)
async def test_what_makes_no_sense_is_refused(corrections: Corrections, stage: Stage, word: PersonsWord) -> None:
    with pytest.raises(InvalidInputError):
        await say(corrections, stage, word)
    assert await stage.db.collection(Correction).count_documents({}) == 0


async def test_a_ticket_that_is_gone_meanwhile_is_not_found(corrections: Corrections, stage: Stage) -> None:
    ticket = await found(stage)
    await stage.add(*ids(4)[1:])
    await stage.delete("T-000")
    await stage.run()
    with pytest.raises(TicketNotFoundError):
        await corrections.correct(TENANT, ticket, URGENT, by=ANN)
    with pytest.raises(TicketNotFoundError):
        await corrections.withdraw(TENANT, ticket, by=ANN)


async def test_another_tenants_ticket_is_not_found(corrections: Corrections, stage: Stage) -> None:
    ticket = await found(stage)
    with pytest.raises(TicketNotFoundError):
        await corrections.correct("another", ticket, URGENT, by=ANN)
    assert verdict(await found(stage)) == BY_RULES
    assert await stage.db.collection(TenantClassifier).count_documents({}) == 0


async def test_halves_of_characters_can_be_stored(corrections: Corrections, stage: Stage) -> None:
    corrected = await say(corrections, stage, PersonsWord(Urgency.HIGH, note="half \ud800"), by="\udfff")
    assert corrected.correction is not None
    assert (await found(stage)).correction == corrected.correction


async def test_a_ticket_of_another_program_can_be_corrected(db: Database, stage: Stage) -> None:
    await db.collection(Ticket).insert_one({"tenant_id": TENANT, "external_id": "raw", "subject": 5})
    ticket = await Tickets(db).get(TENANT, "raw")
    corrected = await Corrections(db, SystemClock()).correct(TENANT, ticket, URGENT, by=None)
    assert verdict(corrected) == ("high", "neutral", True, "person")
    assert await Tickets(db).count(TENANT, TicketFilter(urgency=only(Urgency.HIGH))) == 1


async def test_statistics_searches_and_lists_are_exact_at_once(corrections: Corrections, stage: Stage) -> None:
    await stage.add(*ids(9)[1:], subject="Refund please", message="I want my money back.")
    await stage.run()
    rollups = Rollups(stage.db)
    assert await rollups.roll_up(TENANT) == 9
    await say(corrections, stage)
    await say(corrections, stage, PersonsWord(Urgency.LOW, requires_action=False), "T-001")
    for _ in range(2):
        stats = await Stats(stage.db, FakeClock(), Questions()).compute(TENANT)
        assert stats.by_urgency == {"high": 8, "low": 1} | dict.fromkeys(stats.by_urgency.keys() - {"high", "low"}, 0)
        assert await Tickets(stage.db).count(TENANT, TicketFilter(urgency=only(Urgency.LOW))) == 1
        await expect_consistent(stage.db)
        await rollups.roll_up(TENANT)
    for row in await stage.tickets():
        assert {name: row[name] for name in ("search_terms", "search_version")} == search_fields(row)


async def test_a_correction_between_a_pages_comparison_and_its_storing_is_not_lost(
    corrections: Corrections, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.edit("T-000", status="pending", updated_at=later(1))
    write = PageStore._write

    async def corrected_first(self: PageStore, run: Any, page: Any) -> None:
        if page.changes.recounted:
            await say(corrections, stage)
        await write(self, run, page)

    monkeypatch.setattr(PageStore, "_write", corrected_first)
    assert counts(await stage.run()) == {"updated": 1}
    ticket = await found(stage)
    assert (ticket.status, *verdict(ticket)) == ("pending", *BY_ANN)
    assert [row["changes"].keys() for row in (await history(stage.db))[1:]] == [{"urgency", "judged_by"}, {"status"}]


async def test_corrections_while_runs_change_the_same_tickets_all_hold(corrections: Corrections, stage: Stage) -> None:
    names = ids(10)
    await stage.add(*names[1:])
    await stage.run()

    async def correct(external_id: str) -> None:
        for urgency in (Urgency.HIGH, Urgency.LOW, Urgency.MEDIUM):
            await say(corrections, stage, PersonsWord(urgency), external_id)

    async def edit_and_run() -> None:
        for hour in range(1, 5):
            await stage.edit(*names, status=f"state {hour}", updated_at=later(hour))
            assert counts(await stage.run()) == {"updated": 10}

    await asyncio.gather(edit_and_run(), *map(correct, names))
    for name in names:
        ticket = await found(stage, name)
        assert (ticket.status, *verdict(ticket)) == ("state 4", "medium", "neutral", True, "person")
        changes = [row["changes"] for row in await history(stage.db, name)]
        for field in ("urgency", "status"):
            steps = [(each[field]["old"], each[field]["new"]) for each in changes if field in each]
            assert [new for _, new in steps[:-1]] == [old for old, _ in steps[1:]], "each goes on where the last ended"
    stats = await Stats(stage.db, FakeClock(), Questions()).compute(TENANT)
    assert stats.by_urgency["medium"] == 10
    await expect_consistent(stage.db)
