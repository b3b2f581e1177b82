import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from documents.database import Database
from documents.notification import Notification, NotificationState
from services.errors import NotDeadError, NotificationNotFoundError
from services.kit.clock import SystemClock
from services.lists.keyset import Window
from services.notifications.backlog import KINDS, Backlogs
from services.notifications.reading import NotificationFilter, Notifications
from services.notifications.receivers.refusals import DestinationGoneError
from tests.fakes import running
from tests.integration.services.conftest import TENANT, Stage, at_stage
from tests.notifying import Outbox, always, at_work

PENDING, DELIVERED, DEAD = NotificationState
THEN = datetime(2026, 2, 5, tzinfo=UTC)
URGENT = {"message": "We will sue you."}


@pytest.fixture
def notifications(db: Database) -> Notifications:
    return Notifications(db)


async def announced(db: Database) -> list[str]:
    rows = await db.collection(Notification).find().sort("ticket_id", 1).to_list(None)
    return [row["ticket_id"] for row in rows]


async def test_a_run_writes_one_row_for_each_urgent_ticket(stage: Stage) -> None:
    await stage.add("T-1", "T-2", **URGENT)
    await stage.add("T-3")
    await stage.run()
    assert await announced(stage.db) == ["T-1", "T-2"]


async def test_a_second_run_announces_nothing_again(stage: Stage) -> None:
    await stage.add("T-1", **URGENT)
    await stage.run()
    await stage.edit("T-1")
    await stage.run()
    assert await announced(stage.db) == ["T-1"]


async def test_a_ticket_that_becomes_urgent_twice_is_announced_twice(stage: Stage) -> None:
    await stage.add("T-1", **URGENT)
    await stage.run()
    for message in ("All is well.", URGENT["message"]):
        await stage.edit("T-1", message=message)
        await stage.run()
    assert await announced(stage.db) == ["T-1", "T-1"]


async def test_an_urgent_ticket_that_comes_back_is_not_announced_again(stage: Stage) -> None:
    await stage.add("T-1", **URGENT)
    await stage.add("T-2", "T-3", "T-4")
    await stage.run()
    await stage.delete("T-1")
    await stage.run()
    assert "T-1" not in await stage.live()
    await stage.control("tickets/restore", {"ids": ["T-1"]})
    await stage.run()
    assert "T-1" in await stage.live()
    assert await announced(stage.db) == ["T-1"]


async def test_another_tenants_urgent_ticket_is_not_announced(stage: Stage) -> None:
    await stage.add("T-1", tenant_id="other", **URGENT)
    await stage.run(TENANT)
    assert await announced(stage.db) == []


async def test_the_list_is_the_tenants_newest_first(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("T-1", "T-2")
    await outbox.add("foreign", tenant="other")
    found = await notifications.slice("acme", NotificationFilter(), Window(10))
    assert [row.ticket_id for row in found.items] == ["T-2", "T-1"]


async def test_the_list_can_be_of_one_state(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("T-1", "T-2")
    await outbox.add("T-3", state="dead")
    found = await notifications.slice("acme", NotificationFilter(state=DEAD), Window(10))
    assert [row.ticket_id for row in found.items] == ["T-3"]
    assert await notifications.count("acme", NotificationFilter(state=DEAD)) == 1


async def test_counts_have_every_state(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("T-1", "T-2")
    await outbox.add("T-3", state="dead")
    await outbox.add("foreign", tenant="other")
    assert await notifications.counts(["acme", "nobody"]) == {
        "acme": {PENDING: 2, DELIVERED: 0, DEAD: 1},
        "nobody": {PENDING: 0, DELIVERED: 0, DEAD: 0},
    }


async def test_the_outbox_as_a_whole_tells_what_waits_and_since_when(outbox: Outbox) -> None:
    await outbox.add("delivered", state="delivered")
    await outbox.add("T-1", "T-2")
    state = await Backlogs(outbox.db).now()
    assert (state.pending["default"], state.delivered, state.dead["default"]) == (2, 1, 0)
    assert state.oldest_pending == {"default": (await outbox.row("T-1"))["created_at"]}


async def test_an_empty_outbox_has_nothing_that_waits(outbox: Outbox) -> None:
    state = await Backlogs(outbox.db).now()
    assert (state.oldest_pending, state.pending) == ({}, dict.fromkeys(KINDS, 0))


async def test_notifications_of_several_tickets_are_read_together(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("T-1", version="1")
    await outbox.add("T-1", version="2")
    await outbox.add("T-2")
    found = await notifications.of_tickets("acme", ["T-1", "T-9"])
    assert {ticket: [row.version for row in rows] for ticket, rows in found.items()} == {"T-1": ["2", "1"], "T-9": []}


async def test_a_dead_letter_that_is_redriven_is_delivered(outbox: Outbox, notifications: Notifications) -> None:
    outbox.notifier.answer = always(400)
    await outbox.add("T-1", give_up_at=SystemClock().now() + timedelta(seconds=30))
    async with at_work(outbox.delivery()):
        await outbox.settled()
    dead = await outbox.row("T-1")
    outbox.notifier.answer = always(200)
    redriven = await notifications.redrive(dead["_id"])
    assert (redriven.state, redriven.attempts, redriven.redrives) == (PENDING, 0, 1)
    assert redriven.give_up_at > SystemClock().now() + timedelta(hours=71)
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert (await outbox.row("T-1"))["state"] == "delivered"
    assert len(set(outbox.notifier.keys)) == 1


@pytest.mark.parametrize("state", [PENDING, DELIVERED])
async def test_only_a_dead_letter_is_redriven(
    outbox: Outbox, notifications: Notifications, state: NotificationState
) -> None:
    await outbox.add("T-1", state=state.value)
    with pytest.raises(NotDeadError) as refused:
        await notifications.redrive((await outbox.row("T-1"))["_id"])
    assert refused.value.state == state.value


async def test_what_does_not_exist_is_not_redriven(notifications: Notifications) -> None:
    with pytest.raises(NotificationNotFoundError):
        await notifications.redrive("no-such-id")


async def test_two_who_redrive_at_once_do_it_once(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("T-1", state="dead")
    notification_id = (await outbox.row("T-1"))["_id"]
    results = await asyncio.gather(*(notifications.redrive(notification_id) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, NotDeadError) for result in results) == 4
    assert (await outbox.row("T-1"))["redrives"] == 1


async def test_all_dead_letters_of_a_tenant_or_of_everybody_are_redriven(
    outbox: Outbox, notifications: Notifications
) -> None:
    await outbox.add("T-1", "T-2", state="dead")
    await outbox.add("T-3", state="delivered")
    await outbox.add("foreign", tenant="other", state="dead")
    assert await notifications.redrive_many("acme", NotificationFilter()) == 2
    assert await notifications.redrive_many(None, NotificationFilter()) == 1


async def test_some_dead_letters_of_a_tenant_are_redriven(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("T-1", "T-2", state="dead", last_status=503)
    await outbox.add("T-3", state="dead", last_status=422)
    await outbox.add("T-4", state="dead", last_status=503, created_at=THEN)
    await outbox.add("foreign", tenant="other", state="dead", last_status=503)
    wanted = NotificationFilter(last_status=503, created_from=THEN + timedelta(days=1))
    assert await notifications.redrive_many("acme", wanted) == 2
    assert await notifications.redrive_many("acme", NotificationFilter(ids=[(await outbox.row("T-3"))["_id"]])) == 1
    assert await outbox.count(DEAD) == 2


async def test_what_is_redriven_begins_anew(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("T-1", state="dead", attempts=60, refusals=3, rank=1)
    await notifications.redrive_many("acme", NotificationFilter())
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["refusals"], row["rank"]) == ("pending", 0, 0, 0)


async def test_a_dead_letter_of_a_deleted_destination_stays_dead(outbox: Outbox, notifications: Notifications) -> None:
    await outbox.add("gone", state="dead", destination_id="dst_gone")
    await outbox.add("T-1", state="dead")
    assert await notifications.redrive_many("acme", NotificationFilter()) == 1
    with pytest.raises(DestinationGoneError):
        await notifications.redrive((await outbox.row("gone"))["_id"])
    assert (await outbox.row("gone"))["state"] == "dead"


async def test_what_was_closed_at_first_sight_is_not_announced_where_only_open_tickets_are(
    db: Database,
) -> None:
    async with at_stage(db, announce="open") as stage, running(stage.worker):
        await stage.add("closed", status="closed", **URGENT)
        await stage.add("open", **URGENT)
        await stage.add("rises")
        await stage.run()
        assert await announced(db) == ["open"]
        await stage.edit("rises", status="closed", **URGENT)
        await stage.run()
        assert await announced(db) == ["open", "rises"]
        assert await stage.live() == {"closed", "open", "rises"}
