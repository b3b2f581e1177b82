import random
from collections import Counter
from typing import Any

from mock_external_api.zendesk.steps import random_step
from tests.unit.mock_external_api.zendesk.conftest import StartDesk


async def test_the_same_seed_gives_the_same_help_desk(start_desk: StartDesk) -> None:
    desks = [start_desk(ticket_count=60).desk for _ in range(2)]
    assert desks[0].truth() == desks[1].truth()
    assert start_desk(ticket_count=60, seed=2).desk.truth() != desks[0].truth()


async def test_sample_tickets_have_every_fate(start_desk: StartDesk) -> None:
    truth = start_desk(ticket_count=1000).desk.truth()
    statuses = Counter(ticket.record["status"] for ticket in truth.values())
    assert set(statuses) == {"new", "open", "pending", "hold", "solved", "closed", "deleted"}
    assert any(ticket.merged_into for ticket in truth.values())


async def test_random_steps_do_everything_and_the_exports_tell_all_of_it(start_desk: StartDesk) -> None:
    client, dice = start_desk(ticket_count=20), random.Random(3)
    done: Counter[str] = Counter()
    for _ in range(400):
        done[random_step(client.desk, dice)] += 1
        client.time.advance(dice.choice((0, 0, 1, 30)))
    assert len(done) == 14
    client.time.advance(61)
    read = {ticket["id"]: ticket for ticket in await client.tickets()}
    assert read == {number: truth.record for number, truth in client.desk.truth().items()}


async def test_history_and_record_agree(start_desk: StartDesk) -> None:
    client, dice = start_desk(), random.Random(4)
    for _ in range(200):
        random_step(client.desk, dice)
        client.time.advance(1)
    for truth in client.desk.truth().values():
        last: dict[str, Any] = {}
        for change in truth.history:
            assert last.get(change.field) == change.old
            last[change.field] = change.new
        assert last == {field: truth.record[field] for field in last}


async def test_other_processes_change_it_through_control(start_desk: StartDesk) -> None:
    client = start_desk()
    made = await client.post("/_control/changes/create", json={"subject": "Lamp", "body": "It is dark."})
    assert made.json() == {"result": 1}
    assert (await client.post("/_control/changes/delete", json={"ticket_id": 9})).status_code == 422
    assert (await client.post("/_control/changes/burn", json={})).status_code == 422
    assert (await client.post("/_control/settings", json={"nonsense": 1})).status_code == 422
    assert (await client.post("/_control/settings", json={"ahead_seconds": 61})).status_code == 200
    assert len(await client.tickets()) == 1
    steps = (await client.post("/_control/random", json={"seed": 1, "steps": 5})).json()["steps"]
    assert len(steps) == 5
    truth = (await client.get("/_control/truth")).json()
    assert truth["1"]["history"][0] == {"at": client.desk.now() - 61, "field": "subject", "old": None, "new": "Lamp"}
    await client.delete("/_control/requests")
    assert (await client.get("/_control/requests")).json() == []


async def test_control_begins_anew(start_desk: StartDesk) -> None:
    client = start_desk()
    await client.post("/_control/changes/create", json={"subject": "Lamp", "body": "It is dark."})
    assert (await client.post("/_control/reset", json={"nonsense": 1})).status_code == 422
    assert len((await client.get("/_control/truth")).json()) == 1
    assert await client.tickets() == []
    settings = (await client.post("/_control/reset", json={"ticket_count": 3, "seed": 5})).json()
    assert (settings["ticket_count"], settings["seed"]) == (3, 5)
    assert (await client.get("/_control/requests")).json() == []
    assert len((await client.get("/_control/truth")).json()) == 3
