"""A customer is erased: nothing of them is left anywhere, nothing comes back, and every figure is right."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.correction import Correction
from documents.database import Database, Row, patiently
from documents.erasure import Erasure
from documents.quarantined_record import QuarantinedRecord
from documents.staged_detail import StagedDetail
from documents.tenant_classifier import TenantClassifier
from documents.ticket import Ticket, Urgency
from documents.ticket_history import TicketHistory
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.ingestion.pages.commit import PageStore
from services.judging.corrections import Corrections, PersonsWord
from services.kit.clock import SystemClock
from services.protection import customers
from services.protection.erasures import Erasures
from services.protection.portability import CustomerExports
from services.protection.shields import Shields
from services.rollups.write import Rollups
from services.tickets.reading import Tickets
from tests.erasing import an_eraser, carried_out, done, places_of
from tests.fakes import running
from tests.integration.services.conftest import TENANT, Stage, counts, ids, ticket
from tests.waiting import PATIENCE_SECONDS, until

THEM = "cust-erased-77"
WORD = "zyxmarkerword"
KNOWN_IN = {"tickets", "ticket_history", "rolled_up_tickets", "ticket_rollups", "staged_details", "quarantined_records"}
URGENT = f"The server is down for everybody, {WORD}!"


async def erased(database: Database) -> Any:
    return await Erasures(database, SystemClock()).request_customer(TENANT, THEM, by="ann")


async def figures(database: Database) -> tuple[int, dict[str, int], set[str]]:
    stats = await Stats(database, SystemClock(), Questions()).compute(TENANT)
    return stats.total_tickets, dict(stats.by_urgency), {each.customer_id for each in stats.at_risk_customers}


async def counted(database: Database) -> tuple[int, dict[str, int], set[str]]:
    """The same, of all rows one by one."""
    rows = await database.collection(Ticket).find({"tenant_id": TENANT, "deleted_at": None}).to_list(None)
    urgencies = {each: sum(row["urgency"] == each for row in rows) for each in {row["urgency"] for row in rows}}
    high = [row["customer_id"] for row in rows if row["urgency"] == "high" and row["status"] != "closed"]
    return len(rows), urgencies, {each for each in high if high.count(each) > 1}


async def lived_in(stage: Stage) -> None:
    """A tenant in which the customer is wherever a customer can be."""
    await stage.add(*ids(12), message="Where is the manual?")
    await stage.add(*[f"E-{number}" for number in range(7)], customer_id=THEM, subject=WORD, message=URGENT)
    await stage.add("was-theirs", customer_id=THEM)
    await stage.run()
    await stage.edit("E-0", subject=f"{WORD} again")
    await stage.edit("was-theirs", customer_id="C-1")
    await stage.delete("E-5", "E-6")
    await stage.run()
    await stage.db.collection(Ticket).delete_one({"external_id": "E-6"})  # purged: its history stays
    corrections, tickets = Corrections(stage.db, SystemClock()), Tickets(stage.db)
    word = PersonsWord(urgency=Urgency.LOW, note=f"said by {THEM}")
    await corrections.correct(TENANT, await tickets.get(TENANT, "E-1"), word, by="ann")
    await stage.db.collection(TenantClassifier).update_one(
        {"_id": TENANT}, {"$set": {"layers": {"urgency": {WORD: [1.0, 0.0, 0.0]}}, "revision": 1}}
    )
    await store_leftovers(stage.db)
    assert await Rollups(stage.db).roll_up(TENANT) > 15


async def store_leftovers(database: Database) -> None:
    now = datetime.now(UTC)
    told: Row = {"kind": "comment", "serial": 1, "at": now, "said": WORD, "author": THEM}
    change = {"kind": "event", "serial": 2, "at": now, "changes": {"customer_id": {"old": THEM, "new": "C-1"}}}
    rows = [
        {"_id": f"staged-{name}", "tenant_id": TENANT, "connection_id": "con", "ticket_id": name, "staged_at": now}
        for name in ("E-2", "T-001")
    ]
    await database.collection(StagedDetail).insert_many([row | {"told": [told, change]} for row in rows])
    await database.collection(QuarantinedRecord).insert_many(
        {"_id": raw, "tenant_id": TENANT, "raw": raw, "recorded_at": now, "is_attributed": raw.startswith("{")}
        for raw in (f'{{"user": {{"id": "{THEM}"}}, "body": "{WORD}"}}', f"no JSON {THEM} {WORD}", '{"user": "C-1"}')
    )


async def test_nothing_of_a_customer_is_left_and_nothing_comes_back(stage: Stage) -> None:
    await lived_in(stage)
    assert {name for name, _ in await places_of(stage.db, THEM)} == KNOWN_IN
    certificate = await carried_out(stage.db, await erased(stage.db))
    assert await places_of(stage.db, THEM, WORD) == []
    assert await figures(stage.db) == await counted(stage.db)
    assert {row["external_id"] for row in await stage.tickets()} == {*ids(12), "was-theirs"}
    assert certificate.counts["tickets"] == 6
    assert (certificate.counts["corrections"], certificate.counts["quarantined_records"]) == (1, 2)
    assert (certificate.requested_by, certificate.customer_id) == ("ann", None)
    assert await stage.db.collection(QuarantinedRecord).count_documents({}) == 1

    run = await stage.run()
    assert counts(run)["skipped"] == 5  # of their seven tickets, two are deleted upstream
    assert await stage.store_file(ticket("E-3", customer_id="C-1", subject=WORD), ticket("E-9", customer_id=THEM))
    assert await stage.run()
    assert await places_of(stage.db, THEM, WORD) == []
    assert await figures(stage.db) == await counted(stage.db)


async def test_a_broken_record_of_theirs_is_not_kept_again(stage: Stage) -> None:
    await stage.add("broken", customer_id=THEM, created_at=None, message=WORD)
    await stage.add("fine")
    await stage.run()
    assert await places_of(stage.db, THEM) == [("quarantined_records", THEM)]
    await carried_out(stage.db, await erased(stage.db))
    assert counts(await stage.run()) == {"unchanged": 1, "skipped": 1}
    assert await places_of(stage.db, THEM, WORD) == []


async def test_however_many_names_a_page_holds_the_erased_one_is_found(stage: Stage) -> None:
    """A page of records that nobody can read may have more of them than one query takes: 16 MB."""
    await erased(stage.db)
    names = [THEM, *map(str, range(400_000))]
    found = await Shields(stage.db).erased(TENANT, names, [])
    assert found.customers.keys() == {THEM}


async def test_one_that_the_database_refuses_keeps_no_other_one_waiting(stage: Stage) -> None:
    await stage.add("first", customer_id="C-1")
    await stage.add("second", customer_id=THEM)
    await stage.run()
    before_all = await Erasures(stage.db, SystemClock()).request_customer(TENANT, "C-1", by=None)
    no_counts = {"$set": {"counts": "none"}}
    await stage.db.collection(Erasure).update_one({"_id": before_all.id}, no_counts)
    await carried_out(stage.db, await erased(stage.db))
    assert await stage.live() == {"first"}


async def test_what_they_write_later_is_new(stage: Stage) -> None:
    await stage.add("old", customer_id=THEM)
    await stage.run()
    await carried_out(stage.db, await erased(stage.db))
    now = datetime.now(UTC) + timedelta(seconds=1)
    await stage.add("new", customer_id=THEM, created_at=now.isoformat(), updated_at=now.isoformat())
    await stage.run()
    assert await stage.live() == {"new"}
    again = await carried_out(stage.db, await erased(stage.db))
    assert again.counts["tickets"] == 1
    await stage.run()
    assert await stage.live() == set()


async def test_a_ticket_that_becomes_theirs_after_the_erasure_goes(stage: Stage) -> None:
    """Somebody merges two customers at the help desk: it is theirs, and older than the request."""
    await stage.add("moved", customer_id="C-1", subject=WORD, message=URGENT)
    await stage.add("stays", customer_id="C-1")
    await stage.run()
    await Rollups(stage.db).roll_up(TENANT)
    await carried_out(stage.db, await erased(stage.db))
    await stage.edit("moved", customer_id=THEM)
    assert counts(await stage.run()) == {"unchanged": 1, "skipped": 1}
    assert await stage.live() == {"stays"}
    assert await places_of(stage.db, THEM, WORD) == []
    assert await figures(stage.db) == await counted(stage.db)


async def test_a_purged_ticket_of_theirs_does_not_come_back_under_another_name(stage: Stage) -> None:
    await stage.add("purged", "theirs", customer_id=THEM)
    await stage.run()
    await stage.delete("purged")
    await stage.run()
    await stage.db.collection(Ticket).delete_one({"external_id": "purged"})
    await carried_out(stage.db, await erased(stage.db))
    await stage.store_file(ticket("purged", customer_id="C-1", subject=WORD))
    assert await places_of(stage.db, THEM, WORD) == []


async def test_the_same_id_of_another_tenant_is_somebody_else(stage: Stage) -> None:
    await stage.add("a", customer_id=THEM)
    await stage.add("b", customer_id=THEM, tenant_id="other")
    await stage.run()
    await stage.run("other")
    await carried_out(stage.db, await erased(stage.db))
    assert await stage.live() == {"b"}
    await stage.run("other")
    assert await stage.live() == {"b"}


async def test_a_run_at_the_same_moment_slips_nothing_through(stage: Stage) -> None:
    """The request comes at different moments of a run; whichever is first, nothing is left."""
    await stage.add(*ids(20))
    await stage.add(*[f"E-{number}" for number in range(20)], customer_id=THEM, subject=WORD, message=URGENT)
    for page in (1, 3, 5, 7):
        job = await stage.jobs.start(TENANT)
        stage.worker.wake()
        await stage.reaches(job, pages=page)
        async with running(an_eraser(stage.db)):
            certificate = await erased(stage.db)
            _, run = await asyncio.gather(done(stage.db, certificate), stage.jobs.wait(job.id))
        assert run.status == "completed"
        assert await places_of(stage.db, THEM, WORD) == []
        assert await figures(stage.db) == await counted(stage.db)
        await forget_it_all(stage.db)


@pytest.mark.parametrize(
    ("where", "method"),
    [(PageStore, "commit"), (Shields, "demand_same")],
    ids=["between comparing and storing", "while it is being stored"],
)
async def test_a_page_that_is_held_up_is_either_found_or_compared_anew(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, where: type, method: str
) -> None:
    """The worst moments: the page knows of no erasure, and is stored when that is done, as far as it can be."""
    is_there, may_go_on = threading.Event(), threading.Event()
    original = getattr(where, method)

    def hold_up() -> None:
        is_there.set()
        assert may_go_on.wait(PATIENCE_SECONDS)

    async def held_up_before(*arguments: Any) -> Any:
        await asyncio.to_thread(hold_up)
        return await original(*arguments)

    def held_up_after(*arguments: Any) -> None:
        original(*arguments)
        hold_up()

    monkeypatch.setattr(where, method, held_up_before if method == "commit" else held_up_after)
    await stage.add("E-1", customer_id=THEM, subject=WORD, message=URGENT)
    job = await stage.jobs.start(TENANT)
    stage.worker.wake()
    await until(is_there.is_set, "the page")

    async def erase_them() -> None:
        with patiently(PATIENCE_SECONDS):
            await done(stage.db, await erased(stage.db))

    async with running(an_eraser(stage.db)):
        erasing = asyncio.create_task(erase_them())
        await asyncio.wait([erasing], timeout=0.5)  # it has to wait for a page that is being stored
        may_go_on.set()
        await asyncio.gather(erasing, stage.jobs.wait(job.id))
    assert await places_of(stage.db, THEM, WORD) == []


async def forget_it_all(database: Database) -> None:
    for document in (Ticket, TicketHistory, Correction):
        await database.collection(document).delete_many({})
    for name in ("erasures", "erased_tickets", "tenant_protections"):
        await database.collection(Ticket).database[name].delete_many({})


async def test_who_comes_next_finishes_what_was_left_in_the_middle(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "REMOVED_BATCH", 3)
    await lived_in(stage)
    certificate, erasures = await erased(stage.db), Erasures(stage.db, SystemClock())

    async def is_begun() -> bool:
        return (await erasures.get(certificate.id)).counts.get("tickets", 0) > 0

    first = asyncio.create_task(an_eraser(stage.db).work())
    await until(is_begun, "the first step")
    first.cancel()
    await asyncio.wait([first])
    if (await erasures.get(certificate.id)).state != "done":
        assert (await erasures.get(certificate.id)).customer_id == THEM
    await (
        stage.db.collection(Ticket)
        .database["distributed_locks"]
        .update_many({"resource_id": "erasure"}, [{"$set": {"expires_at": "$$NOW"}}])
    )
    certificate = await carried_out(stage.db, certificate)
    assert certificate.counts["tickets"] == 6
    assert await places_of(stage.db, THEM, WORD) == []
    assert await figures(stage.db) == await counted(stage.db)


async def test_an_export_holds_all_that_an_erasure_removes(stage: Stage) -> None:
    await lived_in(stage)
    chunks = CustomerExports(stage.db).stream(TENANT, THEM)
    lines = [json.loads(line) for line in b"".join([chunk async for chunk in chunks]).splitlines()]
    kinds = {kind: [line for line in lines if line["kind"] == kind] for kind in {line["kind"] for line in lines}}
    assert {line["external_id"] for line in kinds["ticket"]} == {f"E-{number}" for number in range(6)}
    assert kinds["ticket"][0]["message"] == URGENT
    assert {line["ticket_id"] for line in kinds["history"]} == {f"E-{number}" for number in range(7)}
    assert len(kinds["notification"]) == 7
    assert [line["ticket_id"] for line in kinds["correction"]] == ["E-1"]
    assert len(kinds["quarantined_record"]) == 1  # the other may be another tenant's: nobody is told what it says
    await carried_out(stage.db, await erased(stage.db))
    assert b"".join([chunk async for chunk in CustomerExports(stage.db).stream(TENANT, THEM)]) == b""


async def test_an_export_shows_no_record_of_another_customer_and_none_that_names_one_who_was_erased(
    stage: Stage,
) -> None:
    await stage.add("broken", customer_id=THEM, created_at=None, message="mine")
    await stage.add("others", customer_id="C-8", created_at=None, message=f"about {THEM}", cc=THEM)
    await stage.add("with", customer_id=THEM, created_at=None, cc="C-9", message=WORD)
    await stage.run()
    cut = {"tenant_id": TENANT, "recorded_at": datetime.now(UTC), "is_attributed": True}
    raws = [
        f'{{"customer_id": "C-8", "message": "{THEM} has',
        f'{{"message": "{THEM} has',
        f'{{"customer_id": "{THEM}", "m',
    ]
    await stage.db.collection(QuarantinedRecord).insert_many([{"_id": raw, "raw": raw, **cut} for raw in raws])

    async def exported() -> list[str | None]:
        chunks = CustomerExports(stage.db).stream(TENANT, THEM)
        lines = [json.loads(line) for line in b"".join([chunk async for chunk in chunks]).splitlines()]
        return sorted(line["external_id"] if line.get("external_id") else line["raw"] for line in lines)

    assert await exported() == sorted(["broken", "with", raws[2]])
    await Erasures(stage.db, SystemClock()).request_customer(TENANT, "C-9", by=None)
    assert await exported() == sorted(["broken", raws[2]])  # it is asked for, and not begun
