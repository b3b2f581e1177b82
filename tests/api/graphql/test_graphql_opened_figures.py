"""Every figure opens: the tickets that it leads to are as many as it says, over GraphQL and with REST's filters."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.rollups.write import Rollups
from tests.api.graphql.client import COMMANDS, Api
from tests.properties import some_of

NOW = datetime.now(UTC).replace(microsecond=0)
YESTERDAY = (NOW - timedelta(days=1)).astimezone(ZoneInfo("America/New_York"))
SHOWN = 2
TICKETS = f"tickets(first: {SHOWN}, orderBy: MOST_URGENT_FIRST) {{ totalCount nodes {{ externalId tenantId }} }}"
FIGURES = {
    "byStatus": f"byStatus {{ value count {TICKETS} }}",
    "bySource": f"bySource {{ value count {TICKETS} }}",
    "byPriority": f"byPriority {{ value count {TICKETS} }}",
    "byAssignee": f"byAssignee {{ value count {TICKETS} }}",
    "byTag": f"byTag {{ value count {TICKETS} }}",
    "byStatusCategory": f"byStatusCategory {{ value: statusCategory count {TICKETS} }}",
    "byUrgency": f"byUrgency {{ value: urgency count {TICKETS} }}",
    "byLanguage": f"byLanguage {{ value: language count {TICKETS} }}",
    "bySentiment": f"bySentiment {{ value: sentiment count {TICKETS} }}",
    "hourlyTrend": f"hourlyTrend {{ count {TICKETS} }}",
    "topKeywords": f"topKeywords {{ value: keyword count {TICKETS} }}",
    "atRiskCustomers": f"atRiskCustomers {{ count: highUrgencyCount {TICKETS} }}",
    "customers": f"customers {{ count: ticketCount {TICKETS} }}",
    "trend": 'trend(unit: DAY, timeZone: "Asia/Kolkata", breakdown: URGENCY)'
    f" {{ count {TICKETS} breakdown {{ value count {TICKETS} }} }}",
    "byCategory": "byCategory: trend(unit: WEEK, breakdown: STATUS_CATEGORY)"
    f" {{ breakdown {{ value count {TICKETS} }} }}",
    "trendByTag": f"trendByTag: trend(unit: DAY, breakdown: TAG) {{ count breakdown {{ value count {TICKETS} }} }}",
    # All of its 168 cells in one query: on a busy machine, their lists of all time would take too long.
    "heatMap": 'heatMap(timeZone: "America/New_York") { weekday hour count tickets { totalCount } }',
}
PARAMETERS = {
    "byStatus": "status",
    "bySource": "source",
    "byPriority": "priority",
    "byAssignee": "assignee",
    "byTag": "tag",
    "byStatusCategory": "status_category",
    "byUrgency": "urgency",
    "byLanguage": "language",
    "bySentiment": "sentiment",
    "topKeywords": "keyword",
}


def rows(dice: random.Random) -> list[dict[str, Any]]:
    """Tickets of ours and of other programs, which leave fields out and store odd values."""

    def row(number: int) -> dict[str, Any]:
        values = {
            "created_at": NOW - timedelta(hours=dice.expovariate(1 / 60)),
            "status": dice.choice(["open", "closed", "solved", "pending", "unknown", None, 5]),
            "urgency": dice.choice(["high", "high", "medium", "low", None, "critical"]),
            "sentiment": dice.choice(["negative", "neutral", "positive", None, "bored"]),
            "source": dice.choice(["email", "chat", None, 7]),
            "language": dice.choice(["en", "de", "unsupported", None, "klingon"]),
            "priority": dice.choice(["high", "low", None]),
            "assignee": dice.choice(["ann", "bob", "unknown", 7, None]),
            "tags": dice.choice([None, [], ["vip"], ["vip", "eu", "vip"], ["unknown", 7], "eu"]),
            "customer_id": dice.choice(["c1", "c2", "c3", None]),
            "keyword_key": dice.choice(["", "refund", "bug|refund", "refund|refunds"]),
            "deleted_at": dice.choice([None, None, None, NOW]),
        }
        kept = {name: value for name, value in values.items() if dice.random() < 0.9}
        return {"tenant_id": dice.choice(["acme", "acme", "acme", "other"]), "external_id": f"t{number}", **kept}

    return [row(number) for number in range(120)]


def figures(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        if "tickets" in item:
            yield item
        yield from item.get("breakdown", [])


@pytest.mark.thorough
@pytest.mark.parametrize("seed", some_of(range(3)))
@pytest.mark.parametrize("days", [None, 5])
async def test_a_figure_leads_to_as_many_tickets_as_it_says(resting: Api, seed: int, days: int | None) -> None:
    dice = random.Random(seed)
    await resting.db.collection(Ticket).insert_many(rows(dice))
    moments = {"from": NOW - timedelta(days=days, minutes=7), "to": NOW - timedelta(minutes=20)} if days else {}
    period = {name: moment.isoformat() for name, moment in moments.items()}
    for name, selection in FIGURES.items():
        query = f"""query ($from: DateTime, $to: DateTime) {{
            tenantStats(tenantId: "acme", fromDate: $from, toDate: $to) {{ {selection} }}
        }}"""
        found = list(figures((await resting.data(query, **period))["tenantStats"][name]))
        assert any(figure["count"] for figure in found), name
        for figure in found:
            opened, count = figure["tickets"], figure["count"]
            assert opened["totalCount"] == count, (name, figure)
            if name != "heatMap":
                assert len(opened["nodes"]) == min(count, SHOWN), (name, figure)
                assert {node["tenantId"] for node in opened["nodes"]} <= {"acme"}
            if name in PARAMETERS:
                assert await listed(resting, name, figure["value"], period) == count, (name, figure)
    cells = [figure for figure in found if figure["count"]]  # of the last one, the heat map
    for cell in dice.sample(cells, min(len(cells), 8)):
        assert await listed_at(resting, cell, period) == cell["count"], cell


FILTERS: dict[str, dict[str, Any]] = {
    "one value": {"status": "open"},
    "several values": {"urgencyIn": ["HIGH", None], "statusNotIn": ["solved"]},
    "a category": {"statusCategory": "OPEN", "customerIdIn": ["c1", "c2"]},
    "all but one": {"sentimentNotIn": ["NEUTRAL"], "sourceIn": ["email", "unknown"]},
    "a tag": {"tag": "vip"},
    "tags": {"tagIn": ["vip", "eu"], "tagNotIn": ["unknown"], "assigneeNotIn": ["ann"]},
    "an assignee": {"assigneeIn": ["bob", "7"]},
    "nobody": {"assignee": "unknown", "priorityIn": ["HIGH", "unknown"]},
    "a keyword": {"keyword": "refund"},
    "keywords": {"keywordIn": ["bug", "refunds"], "urgencyNotIn": ["LOW"]},
    "a clock": {"createdWeekday": YESTERDAY.isoweekday(), "timeZone": "America/New_York"},
    "a period": {"createdFrom": (NOW - timedelta(days=4)).isoformat(), "createdTo": NOW.isoformat()},
}


PERIODS = (None, 5)
CASES = [(name, days) for name in FILTERS for days in PERIODS]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "days"), some_of(CASES, one_in=8))
async def test_a_filter_holds_for_every_figure(resting: Api, name: str, days: int | None) -> None:
    chosen = FILTERS[name]
    await resting.db.collection(Ticket).insert_many(rows(random.Random(7)))
    while await Rollups(resting.db).roll_up("acme"):
        pass
    moments = {"from": NOW - timedelta(days=days, minutes=7), "to": NOW - timedelta(minutes=20)} if days else {}
    variables: dict[str, Any] = {name: moment.isoformat() for name, moment in moments.items()} | {"filter": chosen}
    found: dict[str, Any] = {}
    for figure in FIGURES.values():  # all at once would cost too much
        selection = figure.replace(TICKETS, "tickets { totalCount }")
        query = f"""query ($from: DateTime, $to: DateTime, $filter: TicketFilter) {{
            tenantStats(tenantId: "acme", fromDate: $from, toDate: $to, filter: $filter) {{ totalTickets {selection} }}
        }}"""
        found |= (await resting.data(query, **variables))["tenantStats"]
    within = {"createdFrom": variables.get("from"), "createdTo": variables.get("to")}
    both = {**within, **chosen}
    if "createdTo" in chosen and days:  # the later start and the earlier end
        both["createdTo"] = within["createdTo"]
    listed = await resting.data(
        'query ($filter: TicketFilter) { tickets(tenantId: "acme", filter: $filter) { totalCount } }', filter=both
    )
    total = found["totalTickets"]
    assert total == listed["tickets"]["totalCount"] > 0
    for part in FIGURES:
        opened = list(figures(found[part]))
        assert all(figure["count"] == figure["tickets"]["totalCount"] for figure in opened), part
        if part.startswith("by") and part not in ("byCategory", "byTag"):
            assert sum(figure["count"] for figure in opened) == total, part
    dated = sum(cell["count"] for cell in found["heatMap"])
    assert 0 < dated <= total


@pytest.mark.parametrize(
    "field",
    [
        "flow(unit: DAY) { created }",
        "backlog(unit: DAY) { count }",
        "ageing { count }",
        "timeInStatus { status }",
        "timeInStatusCategory { statusCategory }",
        "repeatContacts { share }",
        'heatMap(timeZone: "Asia/Tokyo") { count }',
    ],
)
async def test_what_knows_of_no_filter_is_refused_with_one(resting: Api, field: str) -> None:
    query = f'{{ tenantStats(tenantId: "acme", filter: {{status: "open", createdHour: 3}}) {{ {field} }} }}'
    assert await resting.code(query) == "INVALID_INPUT"


async def test_the_past_knows_of_no_filter(resting: Api) -> None:
    query = '{ tenantStats(tenantId: "acme", asOf: "2026-01-01", filter: {status: "open"}) { totalTickets } }'
    assert "filter" in (await resting.error(query))["message"]


async def test_times_to_close_of_some_tickets(resting: Api) -> None:
    closed = {"tenant_id": "acme", "status": "closed", "created_at": NOW - timedelta(days=2)}
    await resting.db.collection(Ticket).insert_many(
        [{**closed, "external_id": f"t{number}", "source": source} for number, source in enumerate(["web", "mail"])]
    )
    row = {"tenant_id": "acme", "action": "updated", "changes": {"status": {"old": "open", "new": "closed"}}}
    await resting.db.collection(TicketHistory).insert_many(
        [
            {**row, "_id": f"t{hours}", "ticket_id": f"t{hours}", "recorded_at": NOW - timedelta(days=2, hours=-hours)}
            for hours in range(2)
        ]
    )
    query = '{ tenantStats(tenantId: "acme", filter: {source: "mail"}) { timeToClose { ticketCount medianSeconds } } }'
    found = (await resting.data(query))["tenantStats"]["timeToClose"]
    assert found == {"ticketCount": 1, "medianSeconds": 3600.0}


async def listed_at(api: Api, cell: dict[str, Any], period: dict[str, str]) -> int:
    """How many tickets REST lists that were created when the clock showed this."""
    conditions = {f"created_{name}": moment for name, moment in period.items()}
    shown = {"created_weekday": cell["weekday"], "created_hour": cell["hour"], "time_zone": "America/New_York"}
    answer = await api.client.get("/tickets", params={"tenant_id": "acme", **conditions, **shown})
    total: int = answer.json()["total_count"]
    return total


async def listed(api: Api, name: str, value: str | None, period: dict[str, str]) -> int:
    """How many tickets REST lists that have the value."""
    conditions = {f"created_{name}": moment for name, moment in period.items()}
    conditions[PARAMETERS[name]] = "unknown" if value is None else value.lower()
    answer = await api.client.get("/tickets", params={"tenant_id": "acme", **conditions})
    total: int = answer.json()["total_count"]
    return total


async def test_the_tickets_of_all_figures_of_a_kind_are_read_by_one_command(api: Api) -> None:
    query = f'{{ tenantStats(tenantId: "tenant_a") {{ {FIGURES["byUrgency"]} }} }}'
    with COMMANDS.heard() as heard:
        found = await api.data(query)
    assert len(found["tenantStats"]["byUrgency"]) == 3
    assert [command.name for command in heard] == ["aggregate"] * 3  # figures, lists, counts


async def test_figures_of_the_past_lead_nowhere(resting: Api) -> None:
    query = '{ tenantStats(tenantId: "acme", asOf: "2026-01-01") { byStatus { count tickets { totalCount } } } }'
    assert await resting.code(query) == "INVALID_INPUT"
