"""PUT and DELETE /tickets/{external_id}/correction."""

from typing import Any

import pytest

from tests.api.rest.conftest import Ingested
from tests.fakes import bearer

TENANT = {"tenant_id": "tenant_a"}


@pytest.fixture
def path(ingested: Ingested) -> str:
    return f"/tickets/{ingested.mock_api.live_ids('tenant_a')[0]}"


async def test_a_correction_is_shown_wherever_the_ticket_is_and_can_be_taken_back(
    ingested: Ingested, path: str
) -> None:
    before = (await ingested.client.get(path, params=TENANT)).json()
    assert before["correction"] is None
    other = "low" if before["urgency"] == "high" else "high"
    body = {"urgency": other, "note": "we know them"}
    answer = await ingested.client.put(f"{path}/correction", params=TENANT, json=body)
    assert answer.status_code == 200, answer.text
    ticket = answer.json()
    assert (ticket["urgency"], ticket["judged_by"]) == (other, "person")
    told = ticket["correction"]
    assert told["machine"] == {name: before[name] for name in ("urgency", "sentiment", "requires_action")}
    assert told | {"at": None, "machine": None} == {
        "urgency": other,
        "sentiment": None,
        "requires_action": None,
        "by": None,
        "at": None,
        "note": "we know them",
        "machine": None,
    }
    assert (await ingested.client.get(path, params=TENANT)).json() == ticket
    listed = await ingested.client.get("/tickets", params=TENANT | {"judged_by": "person"})
    assert [each["external_id"] for each in listed.json()["tickets"]] == [ticket["external_id"]]
    exported = await ingested.client.get("/tickets/export", params=TENANT | {"judged_by": "person"})
    assert "we know them" in exported.text
    again = await ingested.client.delete(f"{path}/correction", params=TENANT)
    assert again.status_code == 200
    assert again.json() == before


async def test_the_history_names_who_it_was(ingested: Ingested, path: str) -> None:
    await ingested.client.put(f"{path}/correction", params=TENANT, json={"sentiment": "positive"})
    newest = (await ingested.client.get(f"{path}/history", params=TENANT)).json()["history"][0]
    assert (newest["action"], newest["job_id"], newest["actor"]) == ("updated", None, None)
    assert "judged_by" in newest["changes"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"urgency": None},
        {"note": "why?"},
        {"urgency": "HIGH"},
        {"urgency": "gigantic"},
        {"requires_action": "false"},
        {"urgency": "low", "note": "x" * 501},
        {"urgency": "low", "matched": []},
        [],
    ],
    ids=str,
)
async def test_bad_input_has_a_code(ingested: Ingested, path: str, body: Any) -> None:
    answer = await ingested.client.put(f"{path}/correction", params=TENANT, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_an_unknown_ticket_is_not_found(ingested: Ingested, method: str) -> None:
    answer = await ingested.client.request(
        method, "/tickets/none/correction", params=TENANT, json={"urgency": "low"} if method == "PUT" else None
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_a_body_is_needed(ingested: Ingested, path: str) -> None:
    assert (await ingested.client.put(f"{path}/correction", params=TENANT)).status_code == 422


async def test_open_access_has_no_use_for_a_token(ingested: Ingested, path: str) -> None:
    answer = await ingested.client.put(
        f"{path}/correction", params=TENANT, json={"urgency": "medium"}, headers=bearer(sub="ann")
    )
    assert answer.json()["correction"]["by"] is None


async def test_what_is_learned_is_told(ingested: Ingested, path: str) -> None:
    nothing = (await ingested.client.get("/tenants/nobody/learning")).json()
    assert nothing == {"tenant_id": "nobody", "corrections": 0, "is_up_to_date": True, "last": None}
    await ingested.client.put(f"{path}/correction", params=TENANT, json={"urgency": "medium", "note": "to learn from"})
    state = (await ingested.client.get("/tenants/tenant_a/learning")).json()
    assert (state["corrections"], state["is_up_to_date"]) == (1, False)
