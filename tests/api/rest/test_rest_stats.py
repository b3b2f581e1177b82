"""GET /tenants/{tenant_id}/stats."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.api.rest.conftest import Ingested


async def stats(stage: Ingested, tenant_id: str = "tenant_a", **query: str) -> dict[str, Any]:
    answer = await stage.client.get(f"/tenants/{tenant_id}/stats", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(stage: Ingested) -> list[dict[str, Any]]:
    answer = await stage.client.get("/tickets", params={"tenant_id": "tenant_a", "page_size": 100})
    found: list[dict[str, Any]] = answer.json()["tickets"]
    return found


async def test_counts_agree_with_the_list(ingested: Ingested) -> None:
    found, tickets = await stats(ingested), await listed(ingested)
    assert found["total_tickets"] == len(tickets)
    for field in ("status", "urgency", "sentiment", "source"):
        assert found[f"by_{field}"] == Counter(ticket[field] for ticket in tickets)


async def test_ratios_are_shares_of_all_tickets(ingested: Ingested) -> None:
    found = await stats(ingested)
    assert found["urgency_high_ratio"] == round(found["by_urgency"]["high"] / found["total_tickets"], 3)
    assert found["negative_sentiment_ratio"] == round(found["by_sentiment"]["negative"] / found["total_tickets"], 3)


async def test_the_trend_has_every_hour_up_to_the_present_one(ingested: Ingested) -> None:
    before = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [datetime.fromisoformat(entry["hour"]) for entry in (await stats(ingested))["hourly_trend"]]
    assert len(hours) == 24
    assert before <= hours[-1] <= datetime.now(UTC)
    assert all(later - earlier == timedelta(hours=1) for earlier, later in pairwise(hours))


async def test_keywords_are_plain_texts_ordered_by_frequency(ingested: Ingested) -> None:
    keywords = (await stats(ingested))["top_keywords"]
    uses = Counter(
        keyword for ticket in await listed(ingested) for keyword in {reason["keyword"] for reason in ticket["matched"]}
    )
    counts = [uses[keyword] for keyword in keywords]
    assert len(keywords) == 10
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] > 0


async def test_customers_at_risk_have_two_urgent_tickets_that_are_not_closed(ingested: Ingested) -> None:
    urgent = [
        ticket for ticket in await listed(ingested) if ticket["urgency"] == "high" and ticket["status"] != "closed"
    ]
    by_customer = Counter(ticket["customer_id"] for ticket in urgent)
    expected = {customer: count for customer, count in by_customer.items() if count >= 2}
    found = {
        entry["customer_id"]: entry["high_urgency_count"] for entry in (await stats(ingested))["at_risk_customers"]
    }
    assert found == expected


async def test_dates_bound_the_tickets_that_count(ingested: Ingested) -> None:
    newest, second, third = (ticket["created_at"] for ticket in (await listed(ingested))[:3])
    assert (await stats(ingested, from_date=third, to_date=newest))["total_tickets"] == 2
    assert second > third


async def test_an_unknown_tenant_has_zeros(ingested: Ingested) -> None:
    found = await stats(ingested, "nobody")
    assert (found["total_tickets"], found["urgency_high_ratio"], found["by_status"]) == (0, 0, {})


@pytest.mark.parametrize("query", ["from_date=20260205", "from_date=x", "from_date=2026-02-05Z&to_date=1999-01-01Z"])
async def test_dates_that_make_no_sense_are_refused(ingested: Ingested, query: str) -> None:
    answer = await ingested.client.get(f"/tenants/tenant_a/stats?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")
