"""Spikes of stored tickets: found, told of once, and never of what is history."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from standardwebhooks import Webhook

from documents.connection import Connection
from documents.database import Database
from documents.destination import DestinationFormat
from documents.ingestion_job import IngestionJob
from documents.spike import Spike
from documents.tenant_protection import TenantProtection
from documents.ticket import Ticket
from services.kit.clock import SystemClock
from services.notifications.receivers.changes import DestinationChange
from services.rollups.write import Rollups
from services.spikes.arrivals import quarter_begin
from services.spikes.search import SpikeSearch
from services.spikes.watcher import spike_id_of
from tests.fakes import running
from tests.integration.services.spikes.conftest import MINUTE, NOW, World
from tests.notifying import Outbox, at_work
from tests.processes import Command
from tests.receiver import receiving
from tests.waiting import becomes, eventually

SPECIFICATION, WEBHOOK, SLACK = DestinationFormat
HOUR = timedelta(hours=1)


async def test_a_rush_of_customers_is_a_spike_with_the_words_that_came_with_it(world: World) -> None:
    await world.rush()
    [spike] = await world.look()
    assert spike["peak_customers"] == spike["customers"] == spike["tickets"] == 20
    assert 1 <= spike["peak_expected"] <= 4
    assert spike["started_at"] <= NOW - 65 * MINUTE < spike["until"] <= NOW
    assert spike["keywords"] == [{"keyword": "outage", "tickets": 20, "usual_share": pytest.approx(1 / 6, abs=0.02)}]
    await Rollups(world.db).roll_up("acme", at_most=1_000)
    await world.db.collection(Spike).delete_many({})
    [same] = await world.look()
    assert same == spike


async def test_one_customer_who_floods_is_none(world: World) -> None:
    await world.rush(60, customer="C-loud")
    assert await world.look() == []


async def test_a_spike_is_one_event_from_its_beginning_to_its_end(world: World) -> None:
    await world.rush()
    [first] = await world.look()
    world.clock.advance(45 * 60)
    await world.write([NOW + number * MINUTE for number in range(40)])
    [longer] = await world.look()
    assert (longer["_id"], longer["started_at"], longer["is_over"]) == (first["_id"], first["started_at"], False)
    assert longer["until"] > first["until"]
    assert (longer["tickets"], longer["peak_customers"] > 20) == (60, True)
    world.clock.advance(3 * 3600)
    [over] = await world.look()
    assert over == longer | {"is_over": True, "until": over["until"]}
    world.clock.advance(24 * 3600)
    assert await world.look() == [over]


async def test_history_raises_nothing(world: World) -> None:
    await world.rush(from_file=True, first_ingested_at=NOW + 3 * HOUR)
    assert await world.look() == []  # a file brought it long afterwards
    await world.rush(ago=10 * 60)
    assert await world.look() == []  # a run brought it, ten hours late


async def test_nothing_is_looked_for_before_a_source_has_brought_all(world: World) -> None:
    await world.rush()
    connections, jobs = world.db.collection(Connection), world.db.collection(IngestionJob)
    await connections.insert_one({"_id": "c", "tenant_id": "acme", "announce_from": NOW - 9 * HOUR})
    assert await world.look() == []  # its first run has not ended
    since = {"last_success_at": NOW, "announce_from": NOW - MINUTE}
    await connections.update_one({"_id": "c"}, {"$set": since})
    assert await world.look() == []  # it announces only what is newer
    await connections.update_one({"_id": "c"}, {"$set": {"removed_at": NOW}})
    await jobs.insert_one({"_id": "j", "tenant_id": "acme", "active": True, "status": "running"})
    assert await world.look() == []  # the first run of all
    await jobs.insert_one({"_id": "before", "tenant_id": "acme", "status": "completed"})
    assert len(await world.look()) == 1


async def test_of_a_tenant_that_is_erased_nothing_is_stored(world: World) -> None:
    await world.rush()
    erased = {"_id": "acme", "revision": 1, "is_erased": True}
    await world.db.collection(TenantProtection).insert_one(erased)
    assert await world.look() == []


async def test_a_new_tenant_has_none(db: Database) -> None:
    world = World(db)
    await world.usual_weeks(2)
    await world.rush()
    assert await world.look() == []


async def test_the_tenants_destinations_are_told_once(world: World) -> None:
    outbox = Outbox(world.db)
    destinations = outbox.destinations()
    with receiving() as webhook, receiving() as slack, receiving() as others:
        saved = await destinations.create("acme", webhook.url, WEBHOOK)
        await destinations.create("acme", slack.url, SLACK, digest_above=1)
        off = await destinations.create("acme", others.url, WEBHOOK)
        await destinations.change(off.destination.id, DestinationChange(spikes=False))
        await destinations.create("acme", others.url, SPECIFICATION)
        await destinations.create("another", others.url, WEBHOOK)
        await world.rush()
        await world.look()
        [spike] = await world.look()
        later = {"$set": {"give_up_at": SystemClock().now() + HOUR}}
        await outbox.rows.update_many({}, later)  # it was found at a time that is over
        async with at_work(outbox.delivery()):
            await outbox.settled()
    assert (len(webhook.received), len(slack.received), others.received) == (1, 1, [])
    [received] = webhook.received
    event = Webhook(saved.secret or "").verify(received.body, received.headers)
    told: dict[str, Any] = event["data"]
    assert (event["type"], told["spike_id"], told["tenant_id"]) == ("spike.detected", spike["_id"], "acme")
    assert (told["tickets"], told["peak"]["customers"]) == (20, 20)
    assert told["keywords"][0]["keyword"] == "outage"
    text = slack.received[0].json["text"]
    assert text.startswith("Spike at acme: 20 customers wrote from ")
    assert text.endswith("above all: outage (20)")


async def test_without_a_destination_that_knows_spikes_nobody_is_told(world: World) -> None:
    await world.rush()
    assert len(await world.look()) == 1
    assert await world.announced() == []


async def test_a_ticket_that_another_program_spoilt_keeps_no_other_tenant_from_being_watched(world: World) -> None:
    await world.rush()
    odd = {"tenant_id": "aaa", "created_at": NOW - 65 * MINUTE, "customer_id": {"id": 1}}
    await world.db.collection(Ticket).insert_one({**odd, "external_id": "1"})
    watcher = world.watcher()
    async with running(watcher):
        await becomes(lambda: world.db.collection(Spike).count_documents({}), 1)


WATCHING = """
import asyncio, sys
from datetime import datetime
from documents.database import connect
from services.coordination.leases import Leases
from services.kit.clock import SystemClock
from services.spikes.search import SpikeSearch
from services.spikes.watcher import SPIKES_RESOURCE, SpikeWatcher

class Then(SystemClock):
    def now(self):
        return datetime.fromisoformat(sys.argv[3])

async def main():
    database = await connect(sys.argv[1], sys.argv[2])
    leases = Leases(database, ttl_seconds=2)
    async with leases.held(await leases.acquire(SPIKES_RESOURCE, "killed")) as lease:
        print("looking", flush=True)
        await SpikeWatcher(database, leases, Then()).look_at(lease, "acme")
    print("done", flush=True)

asyncio.run(main())
"""


async def test_a_watcher_that_is_killed_while_it_writes_leaves_all_or_nothing(
    world: World, mongo_url: str, tmp_path: Path
) -> None:
    await Outbox(world.db).destinations().create("acme", "http://127.0.0.1:1/", WEBHOOK)
    await world.rush()
    [found] = await SpikeSearch(world.db).find("acme", NOW)
    spike_id = spike_id_of("acme", quarter_begin(found.begin))
    with MongoClient[dict[str, Any]](mongo_url) as client:
        in_the_way = client.start_session()
        in_the_way.start_transaction()  # whoever writes this spike has to wait in the middle of their transaction
        client[world.db.name][Spike.Settings.name].insert_one({"_id": spike_id}, session=in_the_way)
        aborted = client.admin.command("serverStatus")["transactions"]["totalAborted"]
        with Command(tmp_path, "-c", WATCHING, mongo_url, world.db.name, NOW.isoformat()) as watcher:
            watcher.wait_for("looking")

            def is_writing() -> bool:
                return bool(client.admin.command("serverStatus")["transactions"]["totalAborted"] > aborted + 1)

            await asyncio.to_thread(eventually, is_writing)
            watcher.kill()
            assert "done" not in watcher.output
        in_the_way.abort_transaction()
        in_the_way.end_session()
    assert await world.announced() == []
    assert [spike["_id"] for spike in await world.look()] == [spike_id]
    await world.look()
    [told] = await world.announced()
    assert (told["version"], told["spike"]["spike_id"]) == (f"spike:{spike_id}", spike_id)
