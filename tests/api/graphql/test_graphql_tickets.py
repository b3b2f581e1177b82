"""Tickets over GraphQL: lists, pages, filters, single tickets, history and customers."""

import re
from pathlib import Path
from typing import Any

import pytest

from documents.ticket import Ticket
from tests.api.graphql.client import Api

IDS = """query ($first: Int, $last: Int, $after: String, $before: String, $filter: TicketFilter, $order: TicketOrder! = NEWEST_FIRST) {
  tickets(tenantId: "tenant_a", first: $first, last: $last, after: $after, before: $before, filter: $filter, orderBy: $order) {
    nodes { externalId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}"""  # noqa: E501


async def page(api: Api, **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(IDS, **arguments))["tickets"]
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [node["externalId"] for node in found["nodes"]]


async def all_ids(api: Api, order: str = "NEWEST_FIRST") -> list[str]:
    return ids(await page(api, first=100, order=order))


async def test_page_shows_the_same_tickets_as_rest(api: Api) -> None:
    answer = (await api.client.get("/tickets", params={"tenant_id": "tenant_a", "page_size": 50})).json()
    assert ids(await page(api, first=50)) == [ticket["external_id"] for ticket in answer["tickets"]]


async def test_every_field_of_a_ticket_is_what_rest_shows(api: Api) -> None:
    external_id = (await all_ids(api))[0]
    rest = (await api.client.get(f"/tickets/{external_id}", params={"tenant_id": "tenant_a"})).json()
    query = """query ($id: String!) { ticket(tenantId: "tenant_a", externalId: $id) {
      externalId tenantId source customerId subject message status urgency sentiment requiresAction createdAt updatedAt
      matched { rule keyword text field start end weight label } language judgedBy rulesVersion } }"""
    ticket = (await api.data(query, id=external_id))["ticket"]
    assert ticket == {
        "externalId": external_id,
        "tenantId": "tenant_a",
        "source": rest["source"],
        "customerId": rest["customer_id"],
        "subject": rest["subject"],
        "message": rest["message"],
        "status": rest["status"],
        "urgency": rest["urgency"].upper(),
        "sentiment": rest["sentiment"].upper(),
        "requiresAction": rest["requires_action"],
        "createdAt": rest["created_at"],
        "updatedAt": rest["updated_at"],
        "matched": rest["matched"],
        "language": "EN",
        "judgedBy": "RULES",
        "rulesVersion": rest["rules_version"],
    }


async def test_page_size_is_20_unless_given(api: Api) -> None:
    assert len((await page(api))["nodes"]) == 20


@pytest.mark.parametrize("order", ["NEWEST_FIRST", "OLDEST_FIRST"])
async def test_pages_forward_show_every_ticket_once_in_order(api: Api, order: str) -> None:
    seen, after = [], None
    while True:
        found = await page(api, first=7, after=after, order=order)
        seen += ids(found)
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert seen == await all_ids(api, order)


@pytest.mark.parametrize("order", ["NEWEST_FIRST", "OLDEST_FIRST"])
async def test_pages_backward_show_every_ticket_once_in_order(api: Api, order: str) -> None:
    seen: list[str] = []
    before = None
    while True:
        found = await page(api, last=7, before=before, order=order)
        seen = ids(found) + seen
        before = found["pageInfo"]["startCursor"]
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert seen == await all_ids(api, order)


async def test_oldest_first_is_newest_first_reversed(api: Api) -> None:
    assert await all_ids(api, "OLDEST_FIRST") == (await all_ids(api))[::-1]


async def test_after_and_before_enclose_a_stretch(api: Api) -> None:
    start, end = await page(api, first=3), await page(api, first=9)
    between = await page(api, after=start["pageInfo"]["endCursor"], before=end["pageInfo"]["endCursor"])
    assert ids(between) == (await all_ids(api))[3:8]


async def test_page_info_tells_whether_there_is_more_on_either_side(api: Api) -> None:
    first = await page(api, first=5)
    second = await page(api, first=5, after=first["pageInfo"]["endCursor"])
    flags = [(each["pageInfo"]["hasPreviousPage"], each["pageInfo"]["hasNextPage"]) for each in (first, second)]
    assert flags == [(False, True), (True, True)]


async def test_empty_page_has_no_cursors(api: Api) -> None:
    found = await page(api, filter={"status": "no such status"})
    assert found == {
        "nodes": [],
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


async def test_edges_hold_the_nodes_with_their_cursors(api: Api) -> None:
    query = """{ tickets(tenantId: "tenant_a", first: 3) {
      nodes { externalId } edges { cursor node { externalId } } pageInfo { startCursor endCursor } } }"""
    found = (await api.data(query))["tickets"]
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]
    cursors = [edge["cursor"] for edge in found["edges"]]
    assert [cursors[0], cursors[-1]] == [found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"]]


async def test_total_count_counts_all_pages(api: Api) -> None:
    assert (await page(api, first=1))["totalCount"] == len(api.mock_api.live_ids("tenant_a"))


@pytest.mark.parametrize("arguments", [{"first": 1, "last": 1}, {"first": 0}, {"first": 101}, {"last": -1}])
async def test_page_size_that_makes_no_sense_is_refused(api: Api, arguments: dict[str, int]) -> None:
    assert await api.code(IDS, **arguments) == "INVALID_INPUT"


@pytest.mark.parametrize("cursor", ["", "?", "AAAA", "bnVsbA", "W10", "eyJhIjoxfQ", "é", "x" * 10_000])
async def test_broken_cursor_is_refused(api: Api, cursor: str) -> None:
    assert await api.code(IDS, after=cursor) == "INVALID_CURSOR"


async def test_cursor_of_another_order_is_refused(api: Api) -> None:
    cursor = (await page(api, first=1))["pageInfo"]["endCursor"]
    assert await api.code(IDS, after=cursor, order="OLDEST_FIRST") == "INVALID_CURSOR"


async def test_cursor_of_another_tenant_is_refused(api: Api) -> None:
    query = 'query ($after: String) { tickets(tenantId: "tenant_b", after: $after) { nodes { id } } }'
    cursor = (await page(api, first=1))["pageInfo"]["endCursor"]
    assert await api.code(query, after=cursor) == "INVALID_CURSOR"


async def test_filters_combine(api: Api) -> None:
    rows = await api.db.collection(Ticket).find({"tenant_id": "tenant_a", "deleted_at": None}).to_list(None)
    example = next(row for row in rows if row["urgency"] == "high")
    wanted = {"urgency": "HIGH", "status": example["status"], "source": example["source"]}
    expected = {
        row["external_id"]
        for row in rows
        if (row["urgency"], row["status"], row["source"]) == ("high", example["status"], example["source"])
    }
    assert set(ids(await page(api, first=100, filter=wanted))) == expected


async def test_filter_by_time_takes_the_start_and_leaves_the_end(api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a", first: 10) { nodes { externalId createdAt } } }'
    nodes = (await api.data(query))["tickets"]["nodes"]
    wanted = {"createdFrom": nodes[5]["createdAt"], "createdTo": nodes[2]["createdAt"]}
    assert ids(await page(api, filter=wanted)) == [node["externalId"] for node in nodes[3:6]]


async def test_search_demands_every_word(api: Api) -> None:
    example = (await api.data('{ tickets(tenantId: "tenant_a", first: 1) { nodes { externalId subject } } }'))[
        "tickets"
    ]
    node = example["nodes"][0]
    assert node["externalId"] in ids(await page(api, first=100, filter={"q": node["subject"]}))


async def test_times_are_read_as_over_rest(api: Api) -> None:
    times = ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-01-01 02:00:00+02:00"]
    assert len({str(await api.data(IDS, filter={"createdFrom": time})) for time in times}) == 1
    for number in ("20260101", "2026", 2026, 1.5e9):
        assert await api.code(IDS, filter={"createdFrom": number}) == "BAD_REQUEST"


async def test_the_search_in_the_document_finds_something(api: Api) -> None:
    text = (Path(__file__).parents[3] / "docs/search.md").read_text()
    [query] = re.findall(r"```graphql\n(.*?)```", text, re.DOTALL)
    found = (await api.data(query))["searchTickets"]
    assert found["totalCount"] >= len(found["nodes"]) > 0
    assert all(word.lower().startswith("refund") for node in found["nodes"] for word in node["foundWords"])
    assert all(node["foundWords"] for node in found["nodes"])


async def test_time_out_of_range_is_refused(api: Api) -> None:
    assert await api.code(IDS, filter={"createdFrom": "0001-01-01T00:00:00+14:00"}) == "BAD_REQUEST"


async def test_reversed_period_is_refused(api: Api) -> None:
    wanted = {"createdFrom": "2026-02-01T00:00:00Z", "createdTo": "2026-01-01T00:00:00Z"}
    error = await api.error(IDS, filter=wanted)
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert error["message"].startswith("createdTo: ")


@pytest.mark.parametrize(
    ("arguments", "named", "code"),
    [
        ("filter: { createdHour: 24 }", "createdHour", "INVALID_INPUT"),
        ('filter: { timeZone: "" }', "timeZone", "INVALID_INPUT"),
        ('filter: { updatedTo: "2200-01-01" }', "updatedTo", "INVALID_INPUT"),
        ('filter: { q: "?" }', "q", "INVALID_INPUT"),
        ("filter: { createdFrom: 2026 }", "createdFrom", "GRAPHQL_VALIDATION_FAILED"),
        ('filter: { updatedTo : "2026" }', "updatedTo", "GRAPHQL_VALIDATION_FAILED"),
        ("filter: { urgencyIn: [HIGH, low] }", "urgencyIn", "GRAPHQL_VALIDATION_FAILED"),
        ("orderBy: newest", "orderBy", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_refusal_names_the_argument(api: Api, arguments: str, named: str, code: str) -> None:
    error = await api.error(f'{{ tickets(tenantId: "tenant_a", {arguments}) {{ totalCount }} }}')
    assert error["extensions"]["code"] == code
    assert error["message"].startswith(f"{named}: ")


async def test_unknown_ticket_is_null_with_a_code(api: Api) -> None:
    answer = await api.ask('{ ticket(tenantId: "tenant_a", externalId: "none") { id } }')
    assert answer["data"] == {"ticket": None}
    assert answer["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


async def test_failing_field_leaves_the_others(api: Api) -> None:
    query = (
        '{ ticket(tenantId: "tenant_a", externalId: "none") { id } ingestionStatus(tenantId: "tenant_a") { status } }'
    )
    answer = await api.ask(query)
    assert answer["data"] == {"ticket": None, "ingestionStatus": {"status": "IDLE"}}


async def test_history_tells_when_the_ticket_came(api: Api) -> None:
    query = """{ tickets(tenantId: "tenant_a", first: 1) { nodes { status createdAt
      history { action jobId occurredAt changes { field old new } } } } }"""
    (node,) = (await api.data(query))["tickets"]["nodes"]
    job = await api.data('{ ingestionJobs(tenantId: "tenant_a") { nodes { jobId } } }')
    job_id = job["ingestionJobs"]["nodes"][0]["jobId"]
    [row] = node["history"]
    assert (row["action"], row["jobId"], row["occurredAt"]) == ("CREATED", job_id, node["createdAt"])
    assert {"field": "status", "old": None, "new": node["status"]} in row["changes"]
    assert "message" not in {change["field"] for change in row["changes"]}


@pytest.mark.parametrize("first", [0, 101])
async def test_history_of_a_size_that_makes_no_sense_is_refused(api: Api, first: int) -> None:
    query = 'query ($n: Int!) { tickets(tenantId: "tenant_a", first: 1) { nodes { history(first: $n) { action } } } }'
    assert await api.code(query, n=first) == "INVALID_INPUT"


async def test_customer_leads_to_all_their_tickets(api: Api) -> None:
    query = """{ tickets(tenantId: "tenant_a", first: 20) { nodes { customerId customer {
      externalId tickets(first: 100) { totalCount nodes { externalId customerId } } } } } }"""
    for node in (await api.data(query))["tickets"]["nodes"]:
        tickets = node["customer"]["tickets"]
        expected = ids(await page(api, first=100, filter={"customerId": node["customerId"]}))
        assert [ticket["externalId"] for ticket in tickets["nodes"]] == expected
        assert tickets["totalCount"] == len(expected)


async def test_customers_tickets_are_paged_from_both_ends(api: Api) -> None:
    rows = await api.db.collection(Ticket).find({"tenant_id": "tenant_a", "deleted_at": None}).to_list(None)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["customer_id"]] = counts.get(row["customer_id"], 0) + 1
    busiest = max(counts, key=lambda customer: counts[customer])
    everything = ids(await page(api, first=100, filter={"customerId": busiest}))
    query = """query ($id: String!) { tickets(tenantId: "tenant_a", first: 1, filter: {customerId: $id}) { nodes {
      customer { newest: tickets(first: 1) { nodes { externalId } pageInfo { hasNextPage } }
                 oldest: tickets(last: 2) { nodes { externalId } }
                 reversed: tickets(orderBy: OLDEST_FIRST, first: 1) { nodes { externalId } } } } } }"""
    customer = (await api.data(query, id=busiest))["tickets"]["nodes"][0]["customer"]
    assert customer == {
        "newest": {"nodes": [{"externalId": everything[0]}], "pageInfo": {"hasNextPage": len(everything) > 1}},
        "oldest": {"nodes": [{"externalId": external_id} for external_id in everything[-2:]]},
        "reversed": {"nodes": [{"externalId": everything[-1]}]},
    }
