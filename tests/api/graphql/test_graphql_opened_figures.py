"""Every figure opens: the tickets that it leads to are as many as it says, over GraphQL and with REST's filters."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.ticket import Ticket
from tests.api.graphql.client import COMMANDS, Api

NOW = datetime.now(UTC).replace(microsecond=0)
SHOWN = 2
TICKETS = f"tickets(first: {SHOWN}, orderBy: MOST_URGENT_FIRST) {{ totalCount nodes {{ externalId tenantId }} }}"
FIGURES = {
    "byStatus": f"byStatus {{ value count {TICKETS} }}",
    "bySource": f"bySource {{ value count {TICKETS} }}",
    "byStatusCategory": f"byStatusCategory {{ value: statusCategory count {TICKETS} }}",
    "byUrgency": f"byUrgency {{ value: urgency count {TICKETS} }}",
    "bySentiment": f"bySentiment {{ value: sentiment count {TICKETS} }}",
    "hourlyTrend": f"hourlyTrend {{ count {TICKETS} }}",
    "topKeywords": f"topKeywords {{ value: keyword count {TICKETS} }}",
    "atRiskCustomers": f"atRiskCustomers {{ count: highUrgencyCount {TICKETS} }}",
    "customers": f"customers {{ count: ticketCount {TICKETS} }}",
    "trend": 'trend(unit: DAY, timeZone: "Asia/Kolkata", breakdown: URGENCY)'
    f" {{ count {TICKETS} breakdown {{ value count {TICKETS} }} }}",
    "byCategory": "byCategory: trend(unit: WEEK, breakdown: STATUS_CATEGORY)"
    f" {{ breakdown {{ value count {TICKETS} }} }}",
}
PARAMETERS = {
    "byStatus": "status",
    "bySource": "source",
    "byStatusCategory": "status_category",
    "byUrgency": "urgency",
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


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [None, 5])
async def test_a_figure_leads_to_as_many_tickets_as_it_says(fresh: Api, seed: int, days: int | None) -> None:
    await fresh.db.collection(Ticket).insert_many(rows(random.Random(seed)))
    moments = {"from": NOW - timedelta(days=days, minutes=7), "to": NOW - timedelta(minutes=20)} if days else {}
    period = {name: moment.isoformat() for name, moment in moments.items()}
    for name, selection in FIGURES.items():
        query = f"""query ($from: DateTime, $to: DateTime) {{
            tenantStats(tenantId: "acme", fromDate: $from, toDate: $to) {{ {selection} }}
        }}"""
        found = list(figures((await fresh.data(query, **period))["tenantStats"][name]))
        assert any(figure["count"] for figure in found), name
        for figure in found:
            opened, count = figure["tickets"], figure["count"]
            assert (opened["totalCount"], len(opened["nodes"])) == (count, min(count, SHOWN)), (name, figure)
            assert {node["tenantId"] for node in opened["nodes"]} <= {"acme"}
            if name in PARAMETERS:
                assert await listed(fresh, name, figure["value"], period) == count, (name, figure)


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


async def test_figures_of_the_past_lead_nowhere(fresh: Api) -> None:
    query = '{ tenantStats(tenantId: "acme", asOf: "2026-01-01") { byStatus { count tickets { totalCount } } } }'
    assert await fresh.code(query) == "INVALID_INPUT"
