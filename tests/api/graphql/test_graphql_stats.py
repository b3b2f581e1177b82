"""Statistics over GraphQL: the same numbers as REST, and only the selected parts are computed."""

from typing import Any

from tests.api.graphql.client import Api

EVERYTHING = """{ tenantStats(tenantId: "tenant_a") {
  tenantId totalTickets byStatus { value count } byUrgency { urgency count } bySentiment { sentiment count }
  bySource { value count } urgencyHighRatio negativeSentimentRatio hourlyTrend { hour count }
  topKeywords { keyword count } atRiskCustomers { customerId highUrgencyCount ticketIds customer { externalId } } } }"""


async def stats(api: Api, query: str, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api.data(query, **variables))["tenantStats"]
    return found


async def test_numbers_are_those_of_rest(api: Api) -> None:
    rest = (await api.client.get("/tenants/tenant_a/stats")).json()
    found = await stats(api, EVERYTHING)
    assert found["totalTickets"] == rest["total_tickets"] > 0
    assert {row["value"]: row["count"] for row in found["byStatus"]} == rest["by_status"]
    assert {row["value"]: row["count"] for row in found["bySource"]} == rest["by_source"]
    assert {row["urgency"].lower(): row["count"] for row in found["byUrgency"]} == rest["by_urgency"]
    assert {row["sentiment"].lower(): row["count"] for row in found["bySentiment"]} == rest["by_sentiment"]
    assert found["urgencyHighRatio"] == rest["urgency_high_ratio"]
    assert found["negativeSentimentRatio"] == rest["negative_sentiment_ratio"]
    assert found["hourlyTrend"] == rest["hourly_trend"]
    assert [row["keyword"] for row in found["topKeywords"]] == rest["top_keywords"]
    at_risk = [(row["customerId"], row["highUrgencyCount"], row["ticketIds"]) for row in found["atRiskCustomers"]]
    assert at_risk == [
        (row["customer_id"], row["high_urgency_count"], row["ticket_ids"]) for row in rest["at_risk_customers"]
    ]


async def test_period_bounds_the_tickets(api: Api) -> None:
    query = """query ($from: DateTime, $to: DateTime) {
      tenantStats(tenantId: "tenant_a", fromDate: $from, toDate: $to) { totalTickets } }"""
    whole = (await stats(api, query))["totalTickets"]
    moment = (await api.data('{ tickets(tenantId: "tenant_a", first: 10) { nodes { createdAt } } }'))["tickets"][
        "nodes"
    ][9]
    newer = (await stats(api, query, **{"from": moment["createdAt"]}))["totalTickets"]
    older = (await stats(api, query, to=moment["createdAt"]))["totalTickets"]
    assert (newer, older) == (10, whole - 10)


async def test_tenant_without_tickets_has_zeros(api: Api) -> None:
    query = (
        '{ tenantStats(tenantId: "nobody") { totalTickets byStatus { count } urgencyHighRatio hourlyTrend { count } } }'
    )
    assert await stats(api, query) == {
        "totalTickets": 0,
        "byStatus": [],
        "urgencyHighRatio": 0.0,
        "hourlyTrend": [{"count": 0}] * 24,
    }


async def test_reversed_period_is_refused(api: Api) -> None:
    query = """{ tenantStats(tenantId: "t", fromDate: "2026-02-01T00:00:00Z", toDate: "2026-01-01T00:00:00Z") {
      totalTickets } }"""
    error = await api.error(query)
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert error["message"].startswith("toDate: ")
