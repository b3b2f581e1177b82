"""Own words in use: what a preview says is what judging anew then does, beside whatever else writes tickets."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.notification import Notification
from documents.reclassification import Reclassification, ReclassificationState
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from resolvers.context import Services
from services.classification.judging import RULES_ALONE, version_of
from services.classification.own.faults import OwnWordsFault
from services.classification.own.words import OwnWords
from services.coordination.leases import Lease, Leases
from services.ingestion.worker import Worker
from services.judging.judges import JudgedMeanwhileError, Judges
from services.judging.preview import MAX_SAMPLES, Previews
from services.judging.reclassifier import Reclassifier
from services.judging.refusals import OwnWordsRefusedError, RevisionConflictError
from services.judging.rejudging import Rejudging
from services.judging.verdicts import judged
from services.kit.clock import SystemClock
from services.rollups.write import Rollups
from services.search.terms import rule_term, search_fields
from tests.fakes import MockApi, ingest, running
from tests.properties import tried_on
from tests.waiting import until

TENANT = "acme"
WORDS = ["printer", "invoice", "login", "refund", "broken", "board", "deck", "please", "urgent", "down", "vip"]
WORDS += ["thanks", "question", "slow", "export", "cannot", "not"]


@pytest.fixture
def mock_api() -> MockApi:
    """Of 40 tickets of tenant_a."""
    return MockApi(ticket_count=100)


def ticket(number: int, message: str, **fields: Any) -> Row:
    """A stored ticket of ours, as the rules alone have judged it."""
    texts = {"subject": f"Ticket {number}", "message": message, "replies": ""}
    row = {
        "tenant_id": TENANT,
        "external_id": f"t{number:05}",
        **texts,
        "status": "open",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        "customer_id": "c1",
        "first_ingested_at": datetime(2026, 1, 2, tzinfo=UTC),
        **judged(RULES_ALONE, *texts.values()),
        **fields,
    }
    return row | search_fields(row)


def some_tickets(count: int, seed: int = 1) -> list[Row]:
    chance = random.Random(seed)
    return [ticket(number, " ".join(chance.choices(WORDS, k=chance.randint(1, 12)))) for number in range(count)]


async def store(db: Database, rows: list[Row]) -> None:
    await db.collection(Ticket).insert_many(rows)


def reclassifier(db: Database, **changes: Any) -> Reclassifier:
    rejudging = Rejudging(db, Judges(db), Rollups(db), SystemClock())
    return Reclassifier(db, rejudging, Leases(db, ttl_seconds=60), SystemClock(), **changes)


async def done(services: Services, tenant_id: str = TENANT) -> None:
    async def is_done() -> bool:
        progress = await services.reclassifications.progress(tenant_id)
        return progress.state is ReclassificationState.DONE and not progress.announce

    await until(is_done, "the end of the reclassification")


async def save(services: Services, *high: str, harmless: tuple[str, ...] = (), revision: int = 0) -> int:
    saved = await services.own_words.save(
        TENANT, OwnWords(high, harmless), expected_revision=revision, editor="somebody"
    )
    return saved.revision


async def stored(db: Database, tenant_id: str = TENANT) -> dict[str, Row]:
    rows = await db.collection(Ticket).find({"tenant_id": tenant_id}).to_list(None)
    return {row["external_id"]: row for row in rows}


@tried_on(12)
@given(
    high=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join), max_size=3, unique=True),
    harmless=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join), max_size=3, unique=True),
    seed=st.integers(0, 1000),
)
async def test_a_preview_is_what_judging_anew_does(
    db: Database, services: Services, high: list[str], harmless: list[str], seed: int
) -> None:
    for document in (Ticket, TicketHistory, Reclassification):
        await db.collection(document).delete_many({})
    await db.collection(Ticket).database.tenant_classifiers.delete_many({})
    await store(db, some_tickets(60, seed))
    before, words = await stored(db), OwnWords(tuple(high), tuple(harmless))
    try:
        preview = await services.own_words.preview(TENANT, words)
        revision = await save(services, *words.high, harmless=words.harmless)
    except OwnWordsRefusedError:
        return
    async with running(reclassifier(db, batch=16)):
        await done(services)
    after = await stored(db)

    assert preview.is_complete
    assert preview.looked_at == preview.total == 60
    assert {row["rules_version"] for row in after.values()} == {version_of(revision)}
    assert preview.version == version_of(revision) or revision == 0
    for label in ("urgency", "sentiment", "requires_action"):
        counted = Counter((_text(before[name][label]), _text(row[label])) for name, row in after.items())
        assert {
            (each.before, each.after): each.tickets for each in preview.transitions if each.label == label
        } == counted
    for each in preview.transitions:
        assert len(each.samples) == (0 if each.before == each.after else min(MAX_SAMPLES, each.tickets))
        for sample in each.samples:
            row = after[sample.external_id]
            assert (_text(before[sample.external_id][each.label]), _text(row[each.label])) == (each.before, each.after)
            assert [reason.keyword for reason in sample.reasons_after] == [one["keyword"] for one in row["matched"]]
    judge = await Judges(db).of(TENANT)
    for row in after.values():
        right = judged(judge, row["subject"], row["message"], row["replies"])
        assert {name: row[name] for name in right} == right
        assert row["search_terms"] == search_fields(row)["search_terms"]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def test_statistics_history_and_searches_follow_and_nobody_is_told(db: Database, services: Services) -> None:
    await store(
        db, [*some_tickets(60), ticket(900, "about the warehouse"), ticket(901, "the warehouse is fine, thanks")]
    )
    rollups = Rollups(db)
    while await rollups.roll_up(TENANT):
        pass
    await save(services, "warehouse")
    async with running(reclassifier(db)):
        await done(services)

    rows = (await stored(db)).values()
    stats = await services.stats.compute(TENANT)
    assert {name: count for name, count in stats.by_urgency.items() if count} == Counter(row["urgency"] for row in rows)
    assert stats.total_tickets == len(rows)
    history = await db.collection(TicketHistory).find({"tenant_id": TENANT, "ticket_id": "t00900"}).to_list(None)
    assert [(row["action"], row["changes"]["urgency"], row["rules_version"]) for row in history] == [
        ("updated", {"old": "low", "new": "high"}, version_of(1))
    ]
    found = await db.collection(Ticket).count_documents({"tenant_id": TENANT, "search_terms": rule_term("own_words")})
    assert found == 2
    assert await db.collection(Notification).count_documents({}) == 0


async def test_who_asks_has_the_open_ones_announced_once(db: Database, services: Services) -> None:
    await store(
        db,
        [
            ticket(1, "about the warehouse"),
            ticket(2, "about the warehouse", status="closed"),
            ticket(3, "something else"),
        ],
    )
    await save(services, "warehouse")
    async with running(reclassifier(db)):
        await done(services)
        for _ in range(2):
            await services.reclassifications.request(TENANT, announce=True)
            await done(services)

    told = await db.collection(Notification).find({}).to_list(None)
    assert [row["ticket_id"] for row in told] == ["t00001"]
    assert told[0]["reason"] == "own words: warehouse"


class _Overtaken(Reclassifier):
    """One whose first walk ends at the very moment at which its tenant's words are saved anew."""

    save_anew: list[Callable[[], Awaitable[object]]]

    async def _end(self, lease: Lease, tenant_id: str, version: str, row: Row) -> None:
        if self.save_anew:
            await self.save_anew.pop()()
        await super()._end(lease, tenant_id, version, row)


async def test_what_is_to_be_announced_is_not_lost_to_words_that_are_saved_meanwhile(
    db: Database, services: Services
) -> None:
    await store(db, [ticket(1, "about the warehouse"), ticket(2, "about the cellar")])
    revision = await save(services, "warehouse")
    await services.reclassifications.request(TENANT, announce=True)
    rejudging = Rejudging(db, Judges(db), Rollups(db), SystemClock())
    overtaken = _Overtaken(db, rejudging, Leases(db, ttl_seconds=60), SystemClock())

    async def save_anew() -> None:
        await save(services, "warehouse", "cellar", revision=revision)
        await services.reclassifications.request(TENANT, announce=True)

    overtaken.save_anew = [save_anew]
    async with running(overtaken):
        await until(lambda: _all_are(db, TENANT, version_of(revision + 1)))
        await done(services)

    told = await db.collection(Notification).find({}).sort("ticket_id").to_list(None)
    assert [row["ticket_id"] for row in told] == ["t00001", "t00002"]


async def test_a_persons_word_stays(db: Database, services: Services) -> None:
    row = ticket(1, "about the warehouse")
    said = {"urgency": "low", "sentiment": "positive", "requires_action": False, "judged_by": "person"}
    correction = {"id": "x", "text_key": "k", "urgency": "low", "sentiment": "positive", "requires_action": False}
    await store(db, [row | said | {"correction": correction}])
    await save(services, "warehouse")
    async with running(reclassifier(db)):
        await done(services)

    (found,) = (await stored(db)).values()
    assert {name: found[name] for name in said} == said
    assert found["rules_version"] == version_of(1)
    assert found["correction"]["machine"]["urgency"] == "high"


async def test_what_other_programs_and_later_rules_have_judged_stays(db: Database, services: Services) -> None:
    foreign = {"tenant_id": TENANT, "external_id": "foreign", "message": "about the warehouse", "urgency": "low"}
    later = ticket(1, "about the warehouse", rules_version="999.1")
    gone = ticket(2, "about the warehouse", deleted_at=datetime.now(UTC))
    await store(db, [foreign, later, gone, ticket(3, "about the warehouse")])
    await save(services, "warehouse")
    async with running(reclassifier(db)):
        await done(services)

    assert {name: row["urgency"] for name, row in (await stored(db)).items()} == {
        "foreign": "low",
        "t00001": "low",
        "t00002": "low",
        "t00003": "high",
    }


async def test_a_ticket_that_was_stored_behind_the_walk_is_found_by_another_look(
    db: Database, services: Services
) -> None:
    await store(db, [ticket(5, "about the warehouse")])
    await save(services, "warehouse")
    async with running(reclassifier(db, settled_after=timedelta(seconds=0.5))):
        await done(services)
        await store(db, [ticket(1, "about the warehouse")])

        async def is_found() -> bool:
            return (await stored(db))["t00001"]["urgency"] == "high"

        await until(is_found)


async def test_tenants_know_nothing_of_each_other(db: Database, services: Services) -> None:
    await store(db, [ticket(1, "about the warehouse"), ticket(1, "about the warehouse", tenant_id="other")])
    await save(services, "warehouse")
    async with running(reclassifier(db)):
        await done(services)
        await done(services, "other")

    assert (await stored(db))["t00001"]["urgency"] == "high"
    assert (await stored(db, "other"))["t00001"]["urgency"] == "low"
    assert (await services.own_words.of("other"))[0].high == []


async def test_of_two_editors_the_second_is_told_of_the_first(db: Database, services: Services) -> None:
    await save(services, "warehouse")
    for high, revision in (("other words", 0), ("warehouse", 0)):
        with pytest.raises(RevisionConflictError) as refused:
            await save(services, high, revision=revision)
        assert refused.value.present == 1
    assert await save(services, "warehouse", revision=1) == 1
    assert await save(services, "depot", revision=1) == 2

    kept = await services.own_words.of(TENANT)
    assert [(each.revision, each.high, each.changed_by) for each in kept] == [
        (2, ["depot"], "somebody"),
        (1, ["warehouse"], "somebody"),
    ]


async def test_words_that_would_make_everything_urgent_are_refused(db: Database, services: Services) -> None:
    await store(db, [ticket(number, "about the warehouse") for number in range(30)])

    preview = await services.own_words.preview(TENANT, OwnWords(("warehouse",)))
    with pytest.raises(OwnWordsRefusedError) as refused:
        await save(services, "warehouse")

    assert preview.raised == 30
    assert preview.refusal == refused.value.faults[0].reason
    assert refused.value.faults[0].fault is OwnWordsFault.TOO_BROAD
    assert (await services.own_words.of(TENANT))[0].revision == 0


async def test_runs_that_write_at_the_same_time_leave_nothing_behind(
    db: Database, services: Services, worker: Worker
) -> None:
    """A run stores pages while the walk goes on, and the words change in between."""
    await ingest(services, "tenant_a")
    revision = 0

    @asynccontextmanager
    async def busy() -> AsyncIterator[None]:
        async with running(reclassifier(db, batch=7, settled_after=timedelta(seconds=1))):
            yield

    async with busy():
        for words in (("invoice",), ("invoice", "password"), ("password",)):
            saved = await services.own_words.save(
                "tenant_a", OwnWords(words), expected_revision=revision, editor="somebody"
            )
            revision = saved.revision
            await ingest(services, "tenant_a")
        await until(lambda: _all_are(db, "tenant_a", version_of(revision)))

    judge = await Judges(db).of("tenant_a")
    for row in (await stored(db, "tenant_a")).values():
        if row.get("deleted_at") is None:
            right = judged(judge, row["subject"], row["message"], row.get("replies"))
            assert {name: row[name] for name in right} == right


async def _all_are(db: Database, tenant_id: str, version: str) -> bool:
    others = {"tenant_id": tenant_id, "deleted_at": None, "rules_version": {"$ne": version}}
    return await db.collection(Ticket).count_documents(others) == 0


async def test_what_was_judged_before_a_change_cannot_be_stored_after_it(db: Database, services: Services) -> None:
    await store(db, [ticket(1, "about the warehouse")])
    judges, tickets = Judges(db), db.collection(Ticket)
    judge, (row,) = await judges.of(TENANT), (await stored(db)).values()
    seen = {row["_id"]: row["rules_version"]}
    judges.demand_present(seen, tickets, TENANT, judge, None)

    await save(services, "warehouse")
    with pytest.raises(JudgedMeanwhileError):
        judges.demand_present({}, tickets, TENANT, judge, None)
    judge = await judges.of(TENANT)
    judges.demand_present(seen, tickets, TENANT, judge, None)
    async with running(reclassifier(db)):
        await done(services)
    with pytest.raises(JudgedMeanwhileError):
        judges.demand_present(seen, tickets, TENANT, judge, None)


async def test_a_preview_looks_at_the_newest_and_says_how_many(db: Database) -> None:
    await store(db, some_tickets(250))
    preview = await Previews(db, SystemClock()).preview(TENANT, RULES_ALONE, at_most=100)

    assert (preview.looked_at, preview.total, preview.is_complete, preview.changed) == (100, 250, False, 0)
