"""GET /tickets, /tickets/urgent, /tickets/{external_id} and its history."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from documents.database import Database
from documents.ticket import Ticket
from tests.api.rest.conftest import Ingested

TENANT = {"tenant_id": "tenant_a"}


async def tickets(stage: Ingested, path: str = "/tickets", **query: Any) -> list[dict[str, Any]]:
    answer = await stage.client.get(path, params=TENANT | {"page_size": 100} | query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["tickets"]
    return found


async def test_lists_exactly_the_live_tickets_of_the_tenant(ingested: Ingested) -> None:
    found = await tickets(ingested)
    assert sorted(ticket["external_id"] for ticket in found) == sorted(ingested.mock_api.live_ids("tenant_a"))
    assert {ticket["tenant_id"] for ticket in found} == {"tenant_a"}


async def test_lists_the_newest_first(ingested: Ingested) -> None:
    created = [ticket["created_at"] for ticket in await tickets(ingested)]
    assert created == sorted(created, reverse=True)


async def test_pages_follow_each_other_without_gap_or_repetition(ingested: Ingested) -> None:
    walked: list[str] = []
    page: int | None = 1
    while page is not None:
        answer = (await ingested.client.get("/tickets", params=TENANT | {"page": page, "page_size": 30})).json()
        assert (answer["page"], answer["page_size"]) == (page, 30)
        walked += [ticket["external_id"] for ticket in answer["tickets"]]
        page = answer["next_page"]
    assert walked == [ticket["external_id"] for ticket in await tickets(ingested)]
    assert answer["total_count"] == len(walked)


async def test_a_page_has_20_tickets_unless_told_otherwise(ingested: Ingested) -> None:
    answer = (await ingested.client.get("/tickets", params=TENANT)).json()
    assert (len(answer["tickets"]), answer["page_size"]) == (20, 20)


async def test_a_ticket_carries_its_classification_and_the_reasons(ingested: Ingested) -> None:
    ticket = (await tickets(ingested, urgency="high"))[0]
    assert set(ticket) == {
        *("id", "external_id", "tenant_id", "source", "customer_id", "subject", "message", "status"),
        *("replies", "priority", "assignee", "tags"),
        *("status_category", "extra", "urgency", "sentiment", "requires_action"),
        *("created_at", "updated_at", "matched", "language", "judged_by", "rules_version", "correction"),
    }
    assert ticket["requires_action"] is True
    assert all(
        set(reason) == {"rule", "keyword", "text", "field", "start", "end", "weight", "label"}
        for reason in ticket["matched"]
    )
    assert ticket["matched"]


@pytest.mark.parametrize("field", ["status", "urgency", "sentiment", "source", "customer_id", "requires_action"])
async def test_a_filter_finds_the_tickets_with_that_value_and_no_others(ingested: Ingested, field: str) -> None:
    everything = await tickets(ingested)
    value = everything[0][field]
    expected = [ticket["external_id"] for ticket in everything if ticket[field] == value]
    found = [ticket["external_id"] for ticket in await tickets(ingested, **{field: value})]
    assert found == expected
    assert len(found) < len(everything)


async def test_filters_narrow_each_other(ingested: Ingested) -> None:
    found = await tickets(ingested, urgency="low", requires_action=False, sentiment="neutral")
    expected = [
        ticket
        for ticket in await tickets(ingested)
        if (ticket["urgency"], ticket["requires_action"], ticket["sentiment"]) == ("low", False, "neutral")
    ]
    assert found == expected
    assert found


async def test_q_finds_tickets_that_have_every_word(ingested: Ingested) -> None:
    found = await tickets(ingested, q="thanks order")
    assert found
    for ticket in found:
        text = f"{ticket['subject']} {ticket['message']}".lower()
        assert "thank" in text
        assert "order" in text


async def test_created_from_is_inclusive_and_created_to_is_exclusive(ingested: Ingested) -> None:
    newest, second, third = (ticket["created_at"] for ticket in (await tickets(ingested))[:3])
    found = await tickets(ingested, created_from=third, created_to=newest)
    assert [ticket["created_at"] for ticket in found] == [second, third]


async def test_dates_are_understood_in_any_time_zone(ingested: Ingested) -> None:
    second = datetime.fromisoformat((await tickets(ingested))[1]["created_at"])
    elsewhere = (second + timedelta(hours=5, minutes=30)).replace(tzinfo=None).isoformat() + "+05:30"
    assert len(await tickets(ingested, created_from=elsewhere)) == 2


async def test_urgent_lists_the_high_ones_whatever_urgency_says(ingested: Ingested) -> None:
    expected = await tickets(ingested, urgency="high")
    assert await tickets(ingested, "/tickets/urgent", urgency="low") == expected
    assert expected


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/tickets?tenant_id=tenant_a&customer=x", "'customer'; did you mean customer_id?"),
        ("/tickets?tenant_id=tenant_a&colour=green", "'colour'; there are assignee, "),
        ("/tickets/export?tenant_id=tenant_a&statuss=open", "'statuss'; did you mean status?"),
        ("/tickets?tenant_id=tenant_a&page=1&page=2", "page is given more than once"),
        ("/tickets?tenant_id=tenant_a&tenant_id=tenant_b", "tenant_id is given more than once"),
        ("/tenants/tenant_a/stats?from=2026-02-05", "'from'; did you mean from_date?"),
        ("/ingest/logs?tenant_id=tenant_a&pagesize=5", "did you mean page_size?"),
        ("/ingest/lock/tenant_a?x=1", "'x'; there are none"),
    ],
)
async def test_parameters_that_a_route_does_not_have_are_refused(ingested: Ingested, path: str, said: str) -> None:
    answer = await ingested.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")
    assert said in answer.json()["detail"]


async def test_no_more_of_a_parameters_name_is_repeated_than_helps(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets", params={"tenant_id": "tenant_a", "x" * 3_000: "1"})
    assert answer.status_code == 422
    assert len(answer.content) < 1_500


async def test_values_may_be_several_and_excluded(ingested: Ingested) -> None:
    both = await tickets(ingested, urgency=["high", "medium"])
    assert {ticket["urgency"] for ticket in both} == {"high", "medium"}
    assert await tickets(ingested, urgency_not="low") == both
    assert await tickets(ingested, urgency="high", urgency_not=["high", "low"]) == []
    assert await tickets(ingested, urgency="unknown") == []


async def test_the_most_urgent_come_first(ingested: Ingested) -> None:
    seen = []
    for page in range(1, 6):
        found = await tickets(ingested, order="most_urgent_first", page=page, page_size=20)
        seen += [(ticket["urgency"], ticket["created_at"]) for ticket in found]
    rank = ["high", "medium", "low"]
    by_time = sorted(seen, key=lambda pair: pair[1], reverse=True)
    assert seen == sorted(by_time, key=lambda pair: rank.index(pair[0]))
    assert len(seen) == len(await tickets(ingested))


async def test_an_unknown_tenant_has_no_tickets(ingested: Ingested) -> None:
    answer = await ingested.client.get("/tickets", params={"tenant_id": "nobody"})
    assert answer.json() == {"tickets": [], "page": 1, "page_size": 20, "total_count": 0, "next_page": None}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page=0", "page"),
        ("page=two", "page"),
        ("page=1000000000000000000000", "page"),
        ("urgency=extreme", "urgency"),
        ("sentiment=meh", "sentiment"),
        ("requires_action=perhaps", "requires_action"),
        ("created_from=20260205", "created_from"),
        ("updated_to=1770292800", "updated_to"),
        ("order=backwards", "order"),
        ("created_to=yesterday", "created_to"),
        ("created_from=0001-01-01T00:00:00%2B14:00", "created_from"),
        (f"customer_id={'x' * 1001}", "customer_id"),
    ],
)
async def test_a_malformed_parameter_is_named(ingested: Ingested, query: str, parameter: str) -> None:
    answer = await ingested.client.get(f"/tickets?tenant_id=tenant_a&{query}")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "INVALID_INPUT"
    assert parameter in problem["detail"]
    assert problem["errors"][0]["location"][:2] == ["query", parameter]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("created_from=2026-02-05T13:00:00Z&created_to=2026-02-05T12:59:59Z", "created_to"),
        ("updated_from=2026-02-05&updated_to=2026-02-04", "updated_to"),
        ("updated_from=1969-12-31", "updated_from"),
        ("created_to=2200-01-01", "created_to"),
        (f"q={'word ' * 50}", "q"),
        ("q=%21%3F", "q"),
        ("page=900000", "page"),
        ("created_hour=24", "created_hour"),
        ("created_weekday=0", "created_weekday"),
        ("time_zone=Mars/Phobos", "time_zone"),
        ("time_zone=", "time_zone"),
        ("source=%00", "source"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_the_name_of_the_parameter(
    ingested: Ingested, query: str, parameter: str
) -> None:
    answer = await ingested.client.get(f"/tickets?tenant_id=tenant_a&{query}")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "INVALID_INPUT")
    assert problem["detail"].startswith(f"{parameter}: ")


@pytest.mark.parametrize(
    "path", ["/tickets", "/tickets/urgent", "/tickets/export", "/tickets/T-1", "/tickets/T-1/history"]
)
@pytest.mark.parametrize("query", ["", "?tenant_id=", "?tenant_id=%00"], ids=["missing", "empty", "unprintable"])
async def test_every_route_demands_a_tenant(ingested: Ingested, path: str, query: str) -> None:
    answer = await ingested.client.get(path + query)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


async def test_one_ticket_is_found_by_its_external_id(ingested: Ingested) -> None:
    listed = (await tickets(ingested))[5]
    answer = await ingested.client.get(f"/tickets/{listed['external_id']}", params=TENANT)
    assert (answer.status_code, answer.json()) == (200, listed)


@pytest.mark.parametrize("path", ["/tickets/no-such-ticket", "/tickets/no-such-ticket/history"])
async def test_an_unknown_ticket_is_not_found(ingested: Ingested, path: str) -> None:
    answer = await ingested.client.get(path, params=TENANT)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_a_ticket_is_not_found_under_another_tenant(ingested: Ingested) -> None:
    external_id = (await tickets(ingested))[0]["external_id"]
    answer = await ingested.client.get(f"/tickets/{external_id}", params={"tenant_id": "tenant_b"})
    assert answer.status_code == 404


async def test_history_tells_of_the_ingestion(ingested: Ingested) -> None:
    external_id = (await tickets(ingested))[0]["external_id"]
    logs = (await ingested.client.get("/ingest/logs", params=TENANT)).json()["logs"]
    answer = (await ingested.client.get(f"/tickets/{external_id}/history", params=TENANT)).json()
    assert answer["ticket_id"] == external_id
    assert [(entry["action"], entry["job_id"]) for entry in answer["history"]] == [("created", logs[0]["job_id"])]


async def test_history_is_limited_as_told(ingested: Ingested) -> None:
    external_id = (await tickets(ingested))[0]["external_id"]
    answer = await ingested.client.get(f"/tickets/{external_id}/history", params=TENANT | {"limit": 0})
    assert answer.status_code == 422


class TestTicketsOfOtherPrograms:
    """Rows that were written straight into the collection."""

    async def test_an_id_with_slashes_is_found(self, ingested: Ingested) -> None:
        await store(ingested.db, external_id="2026/02/shop 5?#1")
        path = f"/tickets/{quote('2026/02/shop 5?#1', safe='')}"
        answer = await ingested.client.get(path, params={"tenant_id": "foreign"})
        assert answer.json()["external_id"] == "2026/02/shop 5?#1"

    async def test_missing_fields_are_null_or_empty(self, ingested: Ingested) -> None:
        await store(ingested.db, external_id="bare")
        ticket = (await ingested.client.get("/tickets/bare", params={"tenant_id": "foreign"})).json()
        assert (ticket["subject"], ticket["urgency"], ticket["created_at"], ticket["matched"]) == ("", None, None, [])

    async def test_wrong_types_do_not_break_the_list(self, ingested: Ingested) -> None:
        await store(ingested.db, external_id="odd", created_at="yesterday", status=5, matched=["x"], subject={"a": 1})
        answer = await ingested.client.get("/tickets", params={"tenant_id": "foreign"})
        assert "odd" in [ticket["external_id"] for ticket in answer.json()["tickets"]]

    async def test_a_deleted_ticket_is_nowhere(self, ingested: Ingested) -> None:
        await store(ingested.db, external_id="gone", urgency="high", deleted_at=datetime.now(UTC))
        for path in ("/tickets", "/tickets/urgent", "/tickets/export"):
            assert "gone" not in (await ingested.client.get(path, params={"tenant_id": "foreign"})).text
        assert (await ingested.client.get("/tickets/gone", params={"tenant_id": "foreign"})).status_code == 404


async def store(db: Database, **fields: Any) -> None:
    await db.collection(Ticket).insert_one({"tenant_id": "foreign", **fields})
