from typing import Any

import pytest

from mock_external_api.zendesk.book.rules import MERGE_TAG, RefusedChangeError
from tests.unit.mock_external_api.zendesk.conftest import DeskClient, StartDesk


async def _record(client: DeskClient, number: int) -> dict[str, Any]:
    ticket: dict[str, Any] = (await client.read(f"/api/v2/tickets/{number}.json"))["ticket"]
    return ticket


@pytest.fixture
def client(start_desk: StartDesk) -> DeskClient:
    return start_desk()


@pytest.fixture
def number(client: DeskClient) -> int:
    """A ticket that a customer wrote a second ago."""
    written = client.desk.create("Lamp", "It is dark.")
    client.time.advance(1)
    return written


class TestTicket:
    async def test_one_is_shown_at_once(self, client: DeskClient, number: int) -> None:
        assert await _record(client, number) == client.desk.truth()[number].record

    async def test_a_deleted_or_unknown_one_is_not_found(self, client: DeskClient, number: int) -> None:
        client.desk.delete(number)
        for path in (f"/api/v2/tickets/{number}.json", "/api/v2/tickets/99.json", "/api/v2/tickets/99/comments.json"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["error"]) == (404, "RecordNotFound")

    async def test_comments_and_audits_come_in_pages(self, client: DeskClient, number: int) -> None:
        for word in ("one", "two", "three"):
            client.desk.agent_comment(number, word, public=False)
        for kind in ("comments", "audits"):
            page = await client.read(f"/api/v2/tickets/{number}/{kind}.json", **{"page[size]": 3})
            assert (len(page[kind]), page["meta"]["has_more"]) == (3, True)
            rest = (await client.get(page["links"]["next"])).json()
            assert (len(rest[kind]), rest["meta"]["has_more"], rest["links"]["next"]) == (1, False, None)
            assert (await client.read(f"/api/v2/tickets/{number}/{kind}.json"))[kind] == page[kind] + rest[kind]
        assert [(c["body"], c["public"]) for c in rest["audits"][0]["events"]] == [("three", False)]

    async def test_all_audits_are_listed_backwards(self, client: DeskClient, number: int) -> None:
        client.desk.set_priority(number, "high")
        page = await client.read("/api/v2/ticket_audits.json", limit=1)
        older = (await client.get(page["before_url"])).json()
        nothing = (await client.get(older["before_url"])).json()
        assert [a["events"][0]["type"] for a in page["audits"] + older["audits"]] == ["Change", "Comment"]
        assert (nothing["audits"], nothing["before_url"]) == ([], None)


class TestOthers:
    async def test_users_by_their_ids(self, client: DeskClient, number: int) -> None:
        requester = client.desk.truth()[number].record["requester_id"]
        ids = f"{requester},1,{client.desk.book.people.admin.id}"
        page = await client.read("/api/v2/users/show_many.json", ids=ids)
        assert [user["role"] for user in page["users"]] == ["end-user", "admin"]
        client.desk.delete_requester(number)
        assert (await client.read("/api/v2/users/show_many.json", ids=ids))["count"] == 1
        assert (await client.get("/api/v2/users/show_many.json")).status_code == 422

    async def test_me_is_the_admin(self, client: DeskClient) -> None:
        assert (await client.read("/api/v2/users/me.json"))["user"]["role"] == "admin"

    async def test_custom_statuses_have_categories_of_their_own(self, client: DeskClient) -> None:
        listed = (await client.read("/api/v2/custom_statuses.json"))["custom_statuses"]
        assert {s["agent_label"]: s["status_category"] for s in listed}["Closed by the shop, refund running"] == "open"
        assert {s["status_category"] for s in listed if s["default"]} == {"new", "open", "pending", "hold", "solved"}

    async def test_account_settings(self, client: DeskClient) -> None:
        settings = await client.read("/api/v2/account/settings.json")
        assert settings["settings"]["active_features"]["custom_statuses_enabled"]

    async def test_an_unknown_path_is_not_found(self, client: DeskClient) -> None:
        answer = await client.get("/api/v2/nothing.json")
        assert (answer.status_code, answer.json()["error"]) == (404, "InvalidEndpoint")


class TestLife:
    async def test_agents_reply_and_customers_reopen(self, client: DeskClient, number: int) -> None:
        client.desk.solve(number)
        assert (await _record(client, number))["status"] == "solved"
        client.desk.customer_comment(number, "Dark again.")
        assert (await _record(client, number))["status"] == "open"

    async def test_a_custom_status_sets_the_status_of_its_category(self, client: DeskClient, number: int) -> None:
        client.desk.set_custom_status(number, 7108)
        record = await _record(client, number)
        assert (record["status"], record["custom_status_id"]) == ("solved", 7108)
        client.desk.reopen(number)
        assert (await _record(client, number))["custom_status_id"] == 7102

    async def test_to_a_closed_ticket_a_follow_up_is_written(self, client: DeskClient, number: int) -> None:
        client.desk.set_status(number, "closed")
        follow_up = client.desk.customer_comment(number, "Dark again.")
        assert follow_up != number
        assert (await _record(client, number))["followup_ids"] == [follow_up]
        assert (await _record(client, follow_up))["via"]["source"]["rel"] == "follow_up"

    async def test_a_merge_closes_one_and_tells_both(self, client: DeskClient, number: int) -> None:
        other = client.desk.create("Bulb", "The lamp, again.")
        client.desk.merge(other, number)
        source = await _record(client, other)
        assert (source["status"], source["tags"]) == ("closed", [MERGE_TAG])
        truth = client.desk.truth()
        assert truth[other].merged_into == number
        assert f"#{other}" in truth[number].comments[-1].body
        assert f"#{number}" in truth[other].comments[-1].body

    async def test_the_system_moves_generated_timestamp_alone(self, client: DeskClient, number: int) -> None:
        before = await _record(client, number)
        client.time.advance(5)
        client.desk.system_update(number)
        after = await _record(client, number)
        assert after["updated_at"] == before["updated_at"]
        assert after["generated_timestamp"] == before["generated_timestamp"] + 6
        assert len(client.desk.book.tickets[number].audits) == 1

    async def test_a_trigger_leaves_an_event(self, client: DeskClient, number: int) -> None:
        client.desk.trigger_update(number, priority="urgent")
        audits = (await client.read(f"/api/v2/tickets/{number}/audits.json"))["audits"]
        assert (audits[-1]["author_id"], audits[-1]["via"]["channel"]) == (-1, "rule")

    async def test_what_is_redacted_is_gone_everywhere(self, client: DeskClient, number: int) -> None:
        comment = client.desk.truth()[number].comments[0]
        client.desk.redact(number, comment.id, "dark")
        assert (await _record(client, number))["description"] == "It is \u2588\u2588\u2588\u2588."
        assert "dark" not in (await client.get(f"/api/v2/tickets/{number}/audits.json")).text
        client.time.advance(61)
        (page,) = await client.events(include="comment_events")
        assert page["ticket_events"][-1]["child_events"][0]["event_type"] == "CommentRedactionEvent"

    async def test_what_is_not_allowed_is_refused(self, client: DeskClient, number: int) -> None:
        client.desk.set_status(number, "closed")
        with pytest.raises(RefusedChangeError, match="closed"):
            client.desk.agent_comment(number, "Too late")
        with pytest.raises(RefusedChangeError, match="no ticket 99"):
            client.desk.delete(99)

    async def test_the_truth_has_the_history(self, client: DeskClient, number: int) -> None:
        client.desk.set_priority(number, "high")
        history = client.desk.truth()[number].history
        assert [(c.old, c.new) for c in history if c.field == "priority"] == [(None, None), (None, "high")]
        assert history[-1].at == client.desk.now()
