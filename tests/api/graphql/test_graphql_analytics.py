"""Trends, customers, comparisons and search over GraphQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.search.terms import search_fields
from tests.api.graphql.client import COMMANDS, Api

DAY = datetime(2026, 1, 10, tzinfo=UTC)


def ticket(number: int, days: float, **fields: Any) -> dict[str, Any]:
    created = DAY + timedelta(days=days)
    return {"tenant_id": "acme", "external_id": f"t{number}", "created_at": created, "subject": "", **fields}


async def stats(api: Api, fields: str, arguments: str = "") -> dict[str, Any]:
    query = f'{{ tenantStats(tenantId: "acme" {arguments}) {{ {fields} }} }}'
    found: dict[str, Any] = (await api.data(query))["tenantStats"]
    return found


PERIOD = 'fromDate: "2026-01-10T00:00:00Z", toDate: "2026-01-12T00:00:00Z"'


async def test_the_trend_of_the_period_by_day_and_status(resting: Api) -> None:
    rows = [ticket(1, 0.5, status="open"), ticket(2, 0.6, status="closed"), ticket(3, 1.5), ticket(4, 5)]
    await resting.db.collection(Ticket).insert_many(rows)
    found = await stats(
        resting, "trend(unit: DAY, breakdown: STATUS) { start count breakdown { value count } }", PERIOD
    )
    assert found["trend"] == [
        {
            "start": "2026-01-10T00:00:00Z",
            "count": 2,
            "breakdown": [{"value": "closed", "count": 1}, {"value": "open", "count": 1}],
        },
        {"start": "2026-01-11T00:00:00Z", "count": 1, "breakdown": [{"value": "unknown", "count": 1}]},
    ]


async def test_of_several_trends_each_has_its_own_answer(resting: Api) -> None:
    await resting.db.collection(Ticket).insert_many([ticket(1, 0.5, urgency="high", source="email"), ticket(2, 0.6)])
    steps = "{ count breakdown { value count } }"
    answer = await resting.ask(
        f"""{{ tenantStats(tenantId: "acme", {PERIOD}) {{
          plain: trend(unit: WEEK) {steps}
          urgencies: trend(unit: WEEK, breakdown: URGENCY) {steps}
          sources: trend(unit: WEEK, breakdown: SOURCE) {steps}
          refused: trend(unit: WEEK, timeZone: "Mars/Base") {steps} }} }}"""
    )
    unknown = {"value": "unknown", "count": 1}
    assert answer["data"]["tenantStats"] == {
        "plain": [{"count": 2, "breakdown": []}],
        "urgencies": [{"count": 2, "breakdown": [{"value": "HIGH", "count": 1}, unknown]}],
        "sources": [{"count": 2, "breakdown": [{"value": "email", "count": 1}, unknown]}],
        "refused": None,
    }
    assert [error["path"] for error in answer["errors"]] == [["tenantStats", "refused"]]


async def test_enum_values_have_one_spelling_everywhere(resting: Api) -> None:
    rows = [
        ticket(1, 0.5, urgency="high", sentiment="negative", status="Solved"),
        ticket(2, 0.6, urgency="odd", sentiment=None),
    ]
    await resting.db.collection(Ticket).insert_many(rows)
    changed = {"urgency": {"old": "low", "new": "high"}, "sentiment": {"old": None, "new": "negative"}}
    changed |= {"status": {"old": "high", "new": "low"}, "requires_action": {"old": False, "new": True}}
    row = {"tenant_id": "acme", "ticket_id": "t1", "action": "updated", "changes": changed, "recorded_at": DAY}
    await resting.db.collection(TicketHistory).insert_one({**row, "job_id": "j"})
    fields = """byUrgency { urgency } bySentiment { sentiment }
      urgencies: trend(unit: WEEK, breakdown: URGENCY) { breakdown { value } }
      sentiments: trend(unit: WEEK, breakdown: SENTIMENT) { breakdown { value } }
      byStatusCategory { statusCategory }
      categories: trend(unit: WEEK, breakdown: STATUS_CATEGORY) { breakdown { value } }"""
    found = await stats(resting, fields, PERIOD)
    assert {each["urgency"] for each in found["byUrgency"]} == {"HIGH", None}
    assert {each["sentiment"] for each in found["bySentiment"]} == {"NEGATIVE", None}
    assert {each["value"] for each in found["urgencies"][0]["breakdown"]} == {"HIGH", "unknown"}
    assert {each["value"] for each in found["sentiments"][0]["breakdown"]} == {"NEGATIVE", "unknown"}
    assert {each["statusCategory"] for each in found["byStatusCategory"]} == {"CLOSED", "OPEN"}
    assert {each["value"] for each in found["categories"][0]["breakdown"]} == {"CLOSED", "OPEN"}
    query = '{ ticket(tenantId: "acme", externalId: "t1") { urgency history { changes { field old new } } } }'
    shown = (await resting.data(query))["ticket"]
    assert shown["urgency"] == "HIGH"
    assert {change["field"]: (change["old"], change["new"]) for change in shown["history"][0]["changes"]} == {
        "urgency": ("LOW", "HIGH"),
        "sentiment": (None, "NEGATIVE"),
        "status": ("high", "low"),
        "requires_action": (False, True),
    }


async def test_the_trend_can_have_a_period_of_its_own(resting: Api) -> None:
    await resting.db.collection(Ticket).insert_many([ticket(1, 0), ticket(2, 5)])
    own = 'fromDate: "2026-01-14T00:00:00Z", toDate: "2026-01-16T00:00:00Z"'
    found = await stats(resting, f"totalTickets trend(unit: DAY, {own}) {{ count }}", PERIOD)
    assert found == {"totalTickets": 1, "trend": [{"count": 0}, {"count": 1}]}


async def test_customers_lead_to_their_tickets(resting: Api) -> None:
    rows = [ticket(1, 0, customer_id="c1", urgency="high"), ticket(2, 0, customer_id="c1"), ticket(3, 0)]
    await resting.db.collection(Ticket).insert_many(rows)
    fields = "customerId ticketCount share highUrgencyCount customer { tickets { totalCount } }"
    assert (await stats(resting, f"customers(orderBy: HIGH_URGENCY, first: 3) {{ {fields} }}"))["customers"] == [
        {
            "customerId": "c1",
            "ticketCount": 2,
            "share": 0.667,
            "highUrgencyCount": 1,
            "customer": {"tickets": {"totalCount": 2}},
        }
    ]


async def test_comparison_with_the_preceding_period(resting: Api) -> None:
    rows = [ticket(1, -1, urgency="high"), ticket(2, -2), ticket(3, 0), ticket(4, 1), ticket(5, 1), ticket(6, -3)]
    await resting.db.collection(Ticket).insert_many(rows)
    fields = """fromDate toDate totalTickets totalTicketsChange urgencyHighRatio urgencyHighRatioDifference
      negativeSentimentRatioDifference"""
    assert (await stats(resting, f"comparison {{ {fields} }}", PERIOD))["comparison"] == {
        "fromDate": "2026-01-08T00:00:00Z",
        "toDate": "2026-01-10T00:00:00Z",
        "totalTickets": 2,
        "totalTicketsChange": 0.5,
        "urgencyHighRatio": 0.5,
        "urgencyHighRatioDifference": -0.5,
        "negativeSentimentRatioDifference": 0.0,
    }


async def test_all_time_has_no_preceding_period(resting: Api) -> None:
    assert await stats(resting, "comparison { totalTickets }") == {"comparison": None}


async def test_nothing_has_changed_against_an_empty_period(resting: Api) -> None:
    await resting.db.collection(Ticket).insert_one(ticket(1, 0, urgency="high", sentiment="negative"))
    changes = ("totalTicketsChange", "urgencyHighRatioDifference", "negativeSentimentRatioDifference")
    found = await stats(resting, f"comparison {{ totalTickets {' '.join(changes)} }}", PERIOD)
    assert found["comparison"] == {"totalTickets": 0, **dict.fromkeys(changes)}


async def test_clients_of_the_changes_that_cannot_be_null_are_still_answered(resting: Api) -> None:
    await resting.db.collection(Ticket).insert_many([ticket(1, 0, urgency="high"), ticket(2, -1)])
    found = await stats(resting, "comparison { urgencyHighRatioChange negativeSentimentRatioChange }", PERIOD)
    assert found["comparison"] == {"urgencyHighRatioChange": 1.0, "negativeSentimentRatioChange": 0.0}


async def test_time_to_close(resting: Api) -> None:
    await resting.db.collection(Ticket).insert_one(ticket(1, 0, status="closed"))
    change = {"_id": "x", "tenant_id": "acme", "ticket_id": "t1", "action": "updated", "job_id": "j"}
    await resting.db.collection(TicketHistory).insert_one(
        {**change, "changes": {"status": {"old": "open", "new": "closed"}}, "recorded_at": DAY + timedelta(minutes=1)}
    )
    found = await stats(resting, "timeToClose { ticketCount medianSeconds p90Seconds }")
    assert found["timeToClose"] == {"ticketCount": 1, "medianSeconds": 60.0, "p90Seconds": 60.0}


async def test_a_fault_in_one_field_leaves_the_others(resting: Api) -> None:
    query = '{ tenantStats(tenantId: "acme") { totalTickets trend(unit: DAY, timeZone: "Mars/Base") { count } } }'
    answer = await resting.ask(query)
    assert answer["data"]["tenantStats"] == {"totalTickets": 0, "trend": None}
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "field",
    [
        'trend(unit: HOUR, fromDate: "2020-01-01T00:00:00Z") { count }',
        'trend(unit: DAY, fromDate: "2026-01-02T00:00:00Z", toDate: "2026-01-01T00:00:00Z") { count }',
        'trend(unit: DAY, fromDate: "0001-01-01T00:00:00Z") { count }',
        "customers(first: 0) { ticketCount }",
    ],
)
async def test_what_makes_no_sense_has_a_code(resting: Api, field: str) -> None:
    assert await resting.code(f'{{ tenantStats(tenantId: "acme") {{ {field} }} }}') == "INVALID_INPUT"


async def test_what_is_not_selected_is_not_computed(resting: Api) -> None:
    with COMMANDS.heard() as commands:
        await stats(resting, "customers { ticketCount }")
    own = [command.name for command in commands if command.body.get(command.name) == "tickets"]
    assert own == ["aggregate"]


async def test_search_orders_by_relevance_and_pages(resting: Api) -> None:
    texts = ["I was refunded", "Refunds?", "hello"]
    rows = [ticket(number, 0, subject=text) for number, text in enumerate(texts)]
    await resting.db.collection(Ticket).insert_many([row | search_fields(row) for row in rows])
    query = """query ($after: String) { searchTickets(tenantId: "acme", q: "refunds", first: 1, after: $after) {
      totalCount nodes { subject foundWords } pageInfo { endCursor hasNextPage } } }"""
    one = (await resting.data(query))["searchTickets"]
    two = (await resting.data(query, after=one["pageInfo"]["endCursor"]))["searchTickets"]
    assert [one["nodes"][0], two["nodes"][0]] == [
        {"subject": texts[1], "foundWords": ["Refunds"]},
        {"subject": texts[0], "foundWords": ["refunded"]},
    ]
    assert (one["totalCount"], one["pageInfo"]["hasNextPage"], two["pageInfo"]["hasNextPage"]) == (2, True, False)


@pytest.mark.parametrize("q", ["", "…", "-", "x" * 10_000])
async def test_a_search_that_makes_no_sense_has_a_code(resting: Api, q: str) -> None:
    query = 'query ($q: String!) { searchTickets(tenantId: "acme", q: $q) { totalCount } }'
    assert await resting.code(query, q=q) == "INVALID_INPUT"


async def test_a_cursor_of_another_search_is_refused(resting: Api) -> None:
    row = ticket(1, 0, subject="refund")
    await resting.db.collection(Ticket).insert_one(row | search_fields(row))
    first = '{ searchTickets(tenantId: "acme", q: "refund") { pageInfo { endCursor } } }'
    cursor = (await resting.data(first))["searchTickets"]["pageInfo"]["endCursor"]
    other = f'{{ searchTickets(tenantId: "acme", q: "card", after: "{cursor}") {{ nodes {{ id }} }} }}'
    assert await resting.code(other) == "INVALID_CURSOR"
