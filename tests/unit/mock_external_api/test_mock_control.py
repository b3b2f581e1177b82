import json
from collections.abc import Callable
from typing import Any

import pytest

LIST = "/external/support-tickets"
CONTROL_CALLS = [
    ("GET", "state"),
    ("POST", "settings"),
    ("POST", "tickets/edit"),
    ("POST", "tickets/delete"),
    ("POST", "tickets/restore"),
    ("POST", "tickets/add"),
    ("POST", "script"),
    ("DELETE", "script"),
    ("POST", "outage"),
    ("POST", "reset"),
]


@pytest.mark.parametrize(("method", "path"), CONTROL_CALLS)
async def test_control_is_404_unless_enabled(start: Callable[..., Any], method: str, path: str) -> None:
    answer = await start(control=False).request(method, f"/_control/{path}", content=b"{not json")
    assert answer.status_code == 404


class TestState:
    async def test_counts_requests_per_path_and_refusals(self, start: Callable[..., Any]) -> None:
        client = start(rate_limit_per_minute=2)
        for path in (LIST, f"{LIST}/tkt-000001", LIST, "/health"):
            await client.get(path)
        requests = (await client.state())["requests"]
        assert requests["by_path"] == {LIST: 2, f"{LIST}/{{id}}": 1, "/health": 1}
        assert requests["by_status"] == {"200": 3, "429": 1}
        assert (requests["rate_limited"], requests["max_in_window"]) == (1, 3)

    async def test_busiest_window_is_a_rolling_one(self, start: Callable[..., Any], hand_clock: Any) -> None:
        client = start()
        for gap in (30, 20, 20, 50):
            await client.get(LIST)
            hand_clock.advance(gap)
        assert (await client.state())["requests"]["max_in_window"] == 3

    async def test_logs_each_page_request(self, start: Callable[..., Any]) -> None:
        client = start()
        await client.get(LIST, params={"page": 2, "page_size": 10, "tenant_id": "tenant_b"})
        await client.get(LIST, params={"page": 0})
        pages = (await client.state())["pages"]
        assert pages[0] == {
            "at": "2026-02-05T12:00:00.000Z",
            "query": {"page": "2", "page_size": "10", "tenant_id": "tenant_b"},
            "status": 200,
        }
        assert pages[1]["status"] == 422

    async def test_logs_can_be_cut_to_the_newest(self, start: Callable[..., Any]) -> None:
        client = start()
        for page in (1, 2, 3):
            await client.get(LIST, params={"page": page})
        newest = (await client.get("/_control/state", params={"log_limit": 1})).json()
        none = (await client.get("/_control/state", params={"log_limit": 0})).json()
        assert [entry["query"]["page"] for entry in newest["pages"]] == ["3"]
        assert none["pages"] == []

    async def test_describes_the_tickets(self, start: Callable[..., Any]) -> None:
        tickets = (await start(malformed_share=0.02).state())["tickets"]
        assert (tickets["total"], tickets["deleted"]) == (500, 25)
        assert sum(tickets["live_by_tenant"].values()) == 475
        assert sum(tickets["malformed"].values()) == 10


class TestSettings:
    async def test_change_takes_effect_at_once(self, start: Callable[..., Any]) -> None:
        client = start()
        answer = await client.control("settings", {"rate_limit_per_minute": 1, "retry_after_style": "missing"})
        assert (answer["rate_limit_per_minute"], answer["ticket_count"]) == (1, 500)
        assert [(await client.get(LIST)).status_code for _ in range(2)] == [200, 429]

    @pytest.mark.parametrize("wrong", [{"no_such": 1}, {"error_rate": 2}, {"notify_latency_min": 9}, {"tenants": {}}])
    async def test_wrong_change_is_422_and_changes_nothing(
        self, start: Callable[..., Any], wrong: dict[str, Any]
    ) -> None:
        client = start()
        before = (await client.state())["settings"]
        assert (await client.post("/_control/settings", json={"latency_ms": 1, **wrong})).status_code == 422
        assert (await client.state())["settings"] == before

    async def test_change_ignores_the_environment(
        self, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = start()
        monkeypatch.setenv("MOCK_ERROR_RATE", "1")
        assert (await client.control("settings", {"latency_ms": 0}))["error_rate"] == 0

    async def test_number_of_tickets_can_change(self, start: Callable[..., Any]) -> None:
        client = start()
        await client.control("settings", {"ticket_count": 40, "deleted_share": 0})
        assert (await client.page())["total_count"] == 40

    async def test_other_changes_keep_edits_and_deletions(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        await client.control("tickets/delete", {"ids": ["tkt-000003"]})
        await client.control("settings", {"drifting_updated_at_share": 0.5})
        assert (await client.get(f"{LIST}/tkt-000003")).status_code == 404

    async def test_malformed_share_works_at_run_time(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        good = await client.walk()
        await client.control("settings", {"malformed_share": 1.0, "huge_message_chars": 2_000})
        assert not any(ticket in good for ticket in await client.walk())

    async def test_control_can_shut_itself(self, start: Callable[..., Any]) -> None:
        client = start()
        await client.control("settings", {"control": False})
        assert (await client.get("/_control/state")).status_code == 404


class TestEdit:
    async def test_edit_sets_fields_and_moves_updated_at_forwards(self, start: Callable[..., Any]) -> None:
        client = start(drifting_updated_at_share=1.0, deleted_share=0)
        before = {ticket["id"]: ticket for ticket in await client.walk()}
        ids = (await client.control("tickets/edit", {"count": 20, "fields": {"status": "closed"}}))["ids"]
        after = {ticket["id"]: ticket for ticket in await client.walk()}
        assert len(ids) == 20
        assert all(after[name]["status"] == "closed" for name in ids)
        assert all(after[name]["updated_at"] > before[name]["updated_at"] for name in ids)

    async def test_edited_ticket_drifts_no_more(self, start: Callable[..., Any]) -> None:
        client = start(drifting_updated_at_share=1.0, deleted_share=0)
        await client.control("tickets/edit", {"ids": ["tkt-000001"], "fields": {}})
        answers = [(await client.get(f"{LIST}/tkt-000001")).json()["updated_at"] for _ in range(3)]
        assert answers == ["2026-02-05T12:00:00.001Z"] * 3

    async def test_two_edits_at_the_same_moment_have_rising_updated_at(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        times = []
        for status in ("open", "closed"):
            await client.control("tickets/edit", {"ids": ["tkt-000001"], "fields": {"status": status}})
            times.append((await client.get(f"{LIST}/tkt-000001")).json()["updated_at"])
        assert times[0] < times[1]

    async def test_edit_may_set_updated_at_and_nonsense(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        fields = {"updated_at": "never", "status": 9, "extra": {"$where": "1"}}
        for _ in range(2):
            await client.control("tickets/edit", {"ids": ["tkt-000001"], "fields": fields})
        ticket = (await client.get(f"{LIST}/tkt-000001")).json()
        assert {name: ticket[name] for name in fields} == fields

    async def test_edit_by_count_stays_within_the_tenant(self, start: Callable[..., Any]) -> None:
        client = start()
        edit = {"count": 3, "tenant_id": "tenant_d", "fields": {"subject": "Edited"}}
        await client.control("tickets/edit", edit)
        edited = [ticket for ticket in await client.walk() if ticket["subject"] == "Edited"]
        assert [ticket["tenant_id"] for ticket in edited] == ["tenant_d"] * 3

    async def test_moving_a_ticket_to_another_tenant_moves_it_between_lists(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        before = (await client.page(tenant_id="tenant_d"))["total_count"]
        moved = {"count": 1, "tenant_id": "tenant_a", "fields": {"tenant_id": "tenant_d"}}
        await client.control("tickets/edit", moved)
        assert (await client.page(tenant_id="tenant_d"))["total_count"] == before + 1

    @pytest.mark.parametrize("call", ["tickets/edit", "tickets/delete", "tickets/restore"])
    async def test_unknown_id_is_404_and_nothing_happens(self, start: Callable[..., Any], call: str) -> None:
        client = start(drifting_updated_at_share=0)
        before = await client.walk(include_deleted=True)
        body = {"ids": ["tkt-000001", "nobody"]} | ({"fields": {"status": "x"}} if call.endswith("edit") else {})
        answer = await client.post(f"/_control/{call}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Unknown ticket ids: nobody")
        assert await client.walk(include_deleted=True) == before

    @pytest.mark.parametrize("selection", [{}, {"ids": ["tkt-000001"], "count": 1}, {"count": 0}])
    async def test_unclear_selection_is_422(self, start: Callable[..., Any], selection: dict[str, Any]) -> None:
        assert (await start().post("/_control/tickets/delete", json=selection)).status_code == 422


class TestDeleteAndRestore:
    async def test_deleted_tickets_leave_the_list_and_are_named(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0)
        ids = (await client.control("tickets/delete", {"count": 5, "tenant_id": "tenant_b"}))["ids"]
        assert (await client.get("/external/deleted-tickets")).json() == {"deleted_ids": ids}
        assert (await client.page())["total_count"] == 495

    async def test_restored_tickets_come_back_in_their_old_place(self, start: Callable[..., Any]) -> None:
        client = start(deleted_share=0, drifting_updated_at_share=0)
        before = await client.walk()
        deleted = (await client.control("tickets/delete", {"count": 7}))["ids"]
        restored = (await client.control("tickets/restore", {"count": 100}))["ids"]
        assert deleted == restored
        assert await client.walk() == before


class TestAdd:
    async def test_added_record_is_the_last_of_its_tenants_list(self, start: Callable[..., Any]) -> None:
        client = start()
        record = {"id": "new-1", "tenant_id": "tenant_a", "status": "open"}
        assert await client.control("tickets/add", record) == {"added": 1}
        assert (await client.walk(tenant_id="tenant_a"))[-1] == record
        assert (await client.get(f"{LIST}/new-1")).json() == record

    @pytest.mark.parametrize("record", [None, 5, "text", {}, {"id": 1}, {"n": 10**30}, {"m": "\ud800"}])
    async def test_anything_is_taken_and_served_as_it_is(self, start: Callable[..., Any], record: Any) -> None:
        client = start(malformed_share=1.0, huge_message_chars=10)
        await client.post("/_control/tickets/add?tenant_id=tenant_a", content=json.dumps([record]))
        assert (await client.walk(tenant_id="tenant_a"))[-1] == record

    async def test_body_that_is_not_json_is_422(self, start: Callable[..., Any]) -> None:
        assert (await start().post("/_control/tickets/add", content=b"{")).status_code == 422

    async def test_records_without_an_id_can_be_deleted_by_count(self, start: Callable[..., Any]) -> None:
        client = start(ticket_count=0)
        await client.control("tickets/add", [{"tenant_id": "tenant_a"}, None])
        assert await client.control("tickets/delete", {"count": 9}) == {"ids": ["", ""]}
        assert (await client.get("/external/deleted-tickets")).json() == {"deleted_ids": []}

    async def test_duplicate_ids_are_both_listed(self, start: Callable[..., Any]) -> None:
        client = start()
        twin = (await client.page(page_size=1))["tickets"][0]
        await client.control("tickets/add", twin)
        assert sum(ticket["id"] == twin["id"] for ticket in await client.walk()) == 2


class TestReset:
    async def test_reset_brings_the_first_state_back(self, start: Callable[..., Any], hand_clock: Any) -> None:
        client = start(drifting_updated_at_share=0)
        first = await client.walk()
        await client.control("settings", {"honour_tenant_id": False, "seed": 5})
        await client.control("tickets/delete", {"count": 5})
        await client.control("script", {"status": 500})
        hand_clock.advance(3600)
        await client.control("reset", {})
        state = await client.state()
        assert state["settings"]["honour_tenant_id"] is True
        assert (state["requests"]["by_path"], state["pages"], state["script_waiting"]) == ({}, [], 0)
        assert await client.walk() == first

    async def test_reset_forgets_the_rate_limit_and_notify_attempts(self, start: Callable[..., Any]) -> None:
        client = start(rate_limit_per_minute=1)
        body = {"ticket_id": "t", "tenant_id": "a", "urgency": "high", "reason": "r"}
        await client.get(LIST)
        await client.post("/notify", json=body)
        await client.control("reset", {})
        assert (await client.get(LIST)).status_code == 200
        assert (await client.post("/notify", json=body)).status_code == 500
