"""What `/metrics` tells about notifications."""

import asyncio
import re

import httpx

from documents.database import Database
from resolvers.context import Services
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
