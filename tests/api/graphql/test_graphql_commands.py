"""How many commands an operation sends to MongoDB: nested fields cost one each, however many objects there are."""

import pytest

from tests.api.graphql.client import COMMANDS, Api


async def commands(api: Api, query: str) -> list[str]:
    await api.data(query)  # what is only done once is done now
    with COMMANDS.heard() as heard:
        await api.data(query)
    return sorted(command.name for command in heard)


async def test_page_is_one_find(api: Api) -> None:
    assert await commands(api, '{ tickets(tenantId: "tenant_a", first: 50) { nodes { id subject } } }') == ["find"]


async def test_cursors_cost_nothing_more(api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a") { edges { cursor node { id } } pageInfo { endCursor hasNextPage } } }'
    assert await commands(api, query) == ["find"]


async def test_total_count_is_counted_only_when_asked_for(api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a") { %s nodes { id } } }'
    assert await commands(api, query % "") == ["find"]
    assert "aggregate" in await commands(api, query % "totalCount")


async def test_histories_of_a_page_are_one_command(api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a", first: 50) { nodes { history(first: 5) { action } } } }'
    assert await commands(api, query) == ["aggregate", "find"]


async def test_histories_of_two_sizes_are_two_commands(api: Api) -> None:
    query = """{ tickets(tenantId: "tenant_a", first: 50) { nodes {
      few: history(first: 1) { action } many: history { action } } } }"""
    assert await commands(api, query) == ["aggregate", "aggregate", "find"]


async def test_customers_of_a_page_cost_nothing(api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a", first: 50) { nodes { customer { externalId } } } }'
    assert await commands(api, query) == ["find"]


async def test_tickets_of_all_customers_of_a_page_are_one_command(api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a", first: 50) { nodes { customer { tickets(first: 5) { nodes { id } } } } } }'
    assert await commands(api, query) == ["aggregate", "find"]


async def test_counts_of_all_customers_of_a_page_are_one_command(api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a", first: 50) { nodes { customer { tickets { totalCount } } } } }'
    assert await commands(api, query) == ["aggregate", "aggregate", "find"]


async def test_nesting_costs_one_command_a_level(api: Api) -> None:
    query = """{ tickets(tenantId: "tenant_a", first: 20) { nodes { customer {
      tickets(first: 5) { nodes { history(first: 3) { action } } } } } } }"""
    assert await commands(api, query) == ["aggregate", "aggregate", "find"]


async def test_logs_of_all_jobs_are_one_command(api: Api) -> None:
    query = '{ ingestionJobs(tenantId: "tenant_a", first: 50) { nodes { log { status } } } }'
    assert await commands(api, query) == ["find", "find"]


async def test_tenants_with_counts_and_runs_cost_two_more_commands(api: Api) -> None:
    assert await commands(api, "{ tenants { tenantId } }") == ["distinct", "distinct"]
    query = "{ tenants { ticketCount lastRun { status } } }"
    assert await commands(api, query) == ["aggregate", "aggregate", "distinct", "distinct"]


async def test_statistics_of_tenants_are_one_command_each_and_counts_alone_one_together(api: Api) -> None:
    query = "{ tenants { stats { totalTickets byStatus { value } atRiskCustomers { customerId } } } }"
    assert await commands(api, query) == ["aggregate", "aggregate", "distinct", "distinct"]
    twice = "{ tenants { a: stats { totalTickets } b: stats { byUrgency { count } } c: stats { tenantId } } }"
    assert await commands(api, twice) == ["aggregate", "distinct", "distinct"]


BY_URGENCY, BY_SOURCE = [f"trend(unit: DAY, breakdown: {field}) {{ count }}" for field in ("URGENCY", "SOURCE")]
OF_A_WEEK = 'fromDate: "2026-01-01T00:00:00Z", toDate: "2026-01-08T00:00:00Z"'


@pytest.mark.parametrize(
    ("selection", "number"),
    [
        (f"a: {BY_URGENCY} b: {BY_SOURCE} c: trend(unit: DAY) {{ count }}", 1),
        (f"a: {BY_URGENCY} b: trend(unit: WEEK, breakdown: SOURCE) {{ count }}", 2),
    ],
)
async def test_trends_that_differ_in_the_breakdown_alone_are_one_command(api: Api, selection: str, number: int) -> None:
    query = f'{{ tenantStats(tenantId: "tenant_a", {OF_A_WEEK}) {{ {selection} }} }}'
    assert await commands(api, query) == ["aggregate"] * number


async def test_trends_of_a_part_of_the_tickets_are_a_command_each(api: Api) -> None:
    wanted = f'tenantId: "tenant_a", {OF_A_WEEK}, filter: {{ status: "open" }}'
    assert await commands(api, f"{{ tenantStats({wanted}) {{ a: {BY_URGENCY} b: {BY_SOURCE} }} }}") == ["aggregate"] * 2


async def test_statistics_are_one_command(api: Api) -> None:
    query = '{ tenantStats(tenantId: "tenant_a") { totalTickets topKeywords { keyword } hourlyTrend { count } } }'
    assert await commands(api, query) == ["aggregate"]


@pytest.mark.parametrize(
    ("selection", "reads_hours", "reads_customers"),
    [
        ("totalTickets", False, False),
        ("... on TenantStats { ...Hours }", True, False),
        ("atRiskCustomers { customerId }", False, True),
    ],
)
async def test_only_the_selected_statistics_are_computed(
    api: Api, selection: str, reads_hours: bool, reads_customers: bool
) -> None:
    query = f'{{ tenantStats(tenantId: "tenant_a") {{ {selection} }} }}'
    if "...Hours" in query:
        query += " fragment Hours on TenantStats { hourlyTrend { count } }"
    with COMMANDS.heard() as heard:
        await api.data(query)
    (command,) = heard
    pipeline = str(command.body)
    assert ("hourly_trend" in pipeline, "high_urgency_count" in pipeline) == (reads_hours, reads_customers)


@pytest.mark.parametrize(
    ("selection", "reads"),
    [
        ("nodes { subject }", set()),
        ("nodes { message }", {"message"}),
        ("edges { node { ... on Ticket { matched { rule } } } }", {"matched"}),
        ("nodes { ...Whole }", {"message", "matched"}),
    ],
)
async def test_the_bulk_of_tickets_is_read_only_when_asked_for(api: Api, selection: str, reads: set[str]) -> None:
    query = f'{{ tickets(tenantId: "tenant_a", first: 1) {{ {selection} }} }}'
    if "...Whole" in query:
        query += " fragment Whole on Ticket { text: message reasons: matched { rule } }"
    with COMMANDS.heard() as heard:
        await api.data(query)
    assert {"message", "matched"} & heard[0].body["projection"].keys() == reads
