"""What `/metrics` tells about notifications."""

import asyncio
import re

import httpx

from documents.database import Database
from documents.destination import DestinationFormat
from resolvers.context import Services
from services.notifications.breaker import RequestResult
from services.notifications.breaker_updates import FAILURES_TO_OPEN
from tests.fakes import MockApi, app_with, at_rest, make_settings, open_client
from tests.notifying import Outbox


def value(metrics: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics, re.MULTILINE)
    assert found, f"no {name} in {metrics}"
    return float(found[1])


async def test_counts_by_state_and_the_age_of_what_waits_longest(db: Database, services: Services) -> None:
    outbox = Outbox(db)
    await outbox.add("T-1", "T-2")
    await outbox.add("T-3", state="dead")
    await asyncio.sleep(0.05)
    idle = at_rest(services)
    async with open_client(app_with(idle, make_settings())) as client:
        text = (await client.get("/metrics")).text
    assert value(text, 'notifications{state="pending"}') == 2
    assert value(text, 'notifications{state="dead"}') == 1
    assert 0.05 <= value(text, "notifications_oldest_pending_seconds") < 60


async def test_deliveries_are_counted_with_the_time_they_took(
    app_client: httpx.AsyncClient, mock_api: MockApi, db: Database
) -> None:
    mock_api.change(notify_mode="healthy")
    outbox = Outbox(db)
    await outbox.add("T-1", "T-2")
    await outbox.settled()
    text = (await app_client.get("/metrics")).text
    assert value(text, "notification_delivery_seconds_count") == 2
    assert value(text, 'notifications{state="delivered"}') == 2
    assert value(text, "notifications_oldest_pending_seconds") == 0


async def test_what_waits_is_told_by_kinds_of_which_there_are_few(db: Database, services: Services) -> None:
    outbox = Outbox(db)
    saved = await outbox.destinations().create("secret-tenant", "https://1.1.1.1/", DestinationFormat.SLACK)
    own = {"tenant": "secret-tenant", "destination_id": saved.destination.id, "kind": "slack"}
    await outbox.add("T-1", "T-2", **own)
    await outbox.add("T-3", state="dead", **own)
    await outbox.add("T-4")
    circuit = outbox.circuits(open_seconds=600)[saved.destination.id]
    permits = await circuit.admit(FAILURES_TO_OPEN)
    await circuit.report([RequestResult(permit, False) for permit in permits])
    async with open_client(app_with(at_rest(services), make_settings())) as client:
        text = (await client.get("/metrics")).text
    assert value(text, 'outbox_depth{kind="slack"}') == 2
    assert value(text, 'outbox_depth{kind="default"}') == 1
    assert value(text, 'outbox_depth{kind="webhook"}') == 0
    assert value(text, 'dead_letters{kind="slack"}') == 1
    assert 0 < value(text, 'outbox_oldest_seconds{kind="slack"}') < 120
    assert value(text, 'circuits{kind="slack",state="open"}') == 1
    assert value(text, 'circuits{kind="slack",state="closed"}') == 0
    assert value(text, 'notifications{state="pending"}') == 3
    assert saved.destination.id not in text
    assert "secret-tenant" not in text


async def test_attempts_are_counted_by_what_they_came_to(
    app_client: httpx.AsyncClient, mock_api: MockApi, db: Database
) -> None:
    mock_api.change(notify_mode="flaky", notify_flaky_share=1)
    outbox = Outbox(db)
    await outbox.add("T-1", "T-2")
    await outbox.settled()
    text = (await app_client.get("/metrics")).text
    assert value(text, 'notification_attempts_total{kind="default",result="failed"}') == 2
    assert value(text, 'notification_attempts_total{kind="default",result="delivered"}') == 2
