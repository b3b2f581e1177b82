"""What the history tells over GraphQL: flow, backlog, ageing, times in status, and the past."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.database import Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from tests.api.graphql.client import COMMANDS, Api
from tests.fakes import ingest

DAY = datetime(2026, 1, 10, tzinfo=UTC)
PERIOD = 'fromDate: "2026-01-10T00:00:00Z", toDate: "2026-01-12T00:00:00Z"'


def ticket(number: int, days: float, **fields: Any) -> Row:
    created = DAY + timedelta(days=days)
    return {"tenant_id": "acme", "external_id": f"t{number}", "created_at": created, "status": "open", **fields}


def change(number: int, days: float, action: str = "updated", **fields: Any) -> Row:
    at = DAY + timedelta(days=days)
    row = {"_id": f"{number} {days} {action}", "tenant_id": "acme", "ticket_id": f"t{number}", "action": action}
    return {**row, "occurred_at": at, "recorded_at": at + timedelta(hours=1), "job_id": "j", **fields}


def status(old: str | None, new: str | None) -> Row:
    return {"changes": {"status": {"old": old, "new": new}}}


async def store(api: Api, tickets: list[Row], history: list[Row]) -> None:
    await api.db.collection(Ticket).insert_many(tickets)
    if history:
        await api.db.collection(TicketHistory).insert_many(history)


async def stats(api: Api, fields: str, arguments: str = "") -> Row:
    query = f'{{ tenantStats(tenantId: "acme" {arguments}) {{ {fields} }} }}'
    found: Row = (await api.data(query))["tenantStats"]
    return found


async def test_flow_and_backlog_by_day(resting: Api) -> None:
    await store(
        resting,
        [ticket(1, 0.1, status="solved"), ticket(2, 0.2), ticket(3, -5), ticket(4, 1.2, status="closed")],
        [
            change(1, 1.5, **status("open", "Solved")),
            change(2, 0.3, **status("open", "closed")),
            change(2, 0.4, **status("closed", "open")),
        ],
    )
    counts = "start created createdClosed closed reopened deletedNotClosed restoredNotClosed"
    found = await stats(resting, f"flow(unit: DAY) {{ {counts} }} backlog(unit: DAY) {{ at count }}", PERIOD)
    nothing = {"deletedNotClosed": 0, "restoredNotClosed": 0}
    assert found["flow"] == [
        {"start": "2026-01-10T00:00:00Z", "created": 2, "createdClosed": 0, "closed": 1, "reopened": 1, **nothing},
        {"start": "2026-01-11T00:00:00Z", "created": 1, "createdClosed": 1, "closed": 1, "reopened": 0, **nothing},
    ]
    assert found["backlog"] == [
        {"at": "2026-01-10T00:00:00Z", "count": 1},
        {"at": "2026-01-11T00:00:00Z", "count": 3},
        {"at": "2026-01-12T00:00:00Z", "count": 2},
    ]


async def test_a_deleted_ticket_is_in_the_backlog_until_it_was_deleted(resting: Api) -> None:
    last = {"changes": {"status": {"old": "open", "new": None}, "created_at": {"old": DAY, "new": None}}}
    foreign = ticket(2, 0, deleted_at=DAY + timedelta(days=1.5))
    await store(
        resting, [ticket(1, 0, deleted_at=DAY + timedelta(days=0.5)), foreign], [change(1, 0.5, "deleted", **last)]
    )
    points = 'backlog(unit: DAY, toDate: "2026-01-13T00:00:00Z") { count } flow(unit: DAY) { deletedNotClosed }'
    found = await stats(resting, points, PERIOD)
    assert [point["count"] for point in found["backlog"]] == [0, 1, 0, 0]
    assert [step["deletedNotClosed"] for step in found["flow"]] == [1, 1]
    await resting.db.collection(Ticket).delete_one({"external_id": "t1"})
    assert (await stats(resting, points, PERIOD))["flow"] == found["flow"]


async def test_the_backlog_of_now_is_what_is_not_closed_now(resting: Api) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    words = ["open", "Closed", "on hold", None, 5]
    rows = [ticket(number, 0, status=word) for number, word in enumerate(words)]
    gone = ticket(8, 0) | {"deleted_at": now}
    undated = ticket(9, 0) | {"created_at": None}
    await store(resting, [*rows, undated, gone], [])
    fields = """byStatusCategory { statusCategory count } backlog(unit: HOUR) { count }
      ageing { count undatedCount buckets { count } oldestTicketId oldestCreatedAt }"""
    found = await stats(resting, fields)
    not_closed = sum(each["count"] for each in found["byStatusCategory"] if each["statusCategory"] != "CLOSED")
    assert (not_closed, found["backlog"][-1]["count"], found["ageing"]["count"]) == (5, 5, 5)
    assert found["ageing"]["undatedCount"] == 1
    assert [bucket["count"] for bucket in found["ageing"]["buckets"]] == [0, 0, 0, 0, 4]
    assert (found["ageing"]["oldestTicketId"], found["ageing"]["oldestCreatedAt"]) == ("t0", "2026-01-10T00:00:00Z")


async def test_ages_at_a_past_moment(resting: Api) -> None:
    days = [0, -0.99, -1, -2.99, -3, -6.99, -7, -29.99, -30, -400, 1]
    await store(resting, [ticket(number, day) for number, day in enumerate(days)], [])
    fields = 'ageing(at: "2026-01-10T00:00:00.001Z") { at count buckets { fromDays toDays count } }'
    assert (await stats(resting, fields))["ageing"] == {
        "at": "2026-01-10T00:00:00.001000Z",
        "count": 10,
        "buckets": [
            {"fromDays": 0, "toDays": 1, "count": 2},
            {"fromDays": 1, "toDays": 3, "count": 2},
            {"fromDays": 3, "toDays": 7, "count": 2},
            {"fromDays": 7, "toDays": 30, "count": 2},
            {"fromDays": 30, "toDays": None, "count": 2},
        ],
    }


async def test_times_in_status_and_category(resting: Api) -> None:
    hour = 1 / 24
    await store(
        resting,
        [ticket(1, 0, status="closed")],
        [change(1, hour, **status("open", "in progress")), change(1, 3 * hour, **status("in progress", "closed"))],
    )
    fields = "statusCategory ticketCount medianSeconds p90Seconds totalSeconds"
    found = await stats(resting, f"timeInStatus {{ status {fields} }} timeInStatusCategory {{ {fields} }}")
    by_status = {row["status"]: row for row in found["timeInStatus"]}
    by_category = {row["statusCategory"]: row for row in found["timeInStatusCategory"]}
    alike = {"statusCategory": "OPEN", "ticketCount": 1}
    seconds = ("medianSeconds", "p90Seconds", "totalSeconds")
    assert by_status["open"] == {"status": "open", **alike, **dict.fromkeys(seconds, 3600.0)}
    assert by_status["in progress"] == {"status": "in progress", **alike, **dict.fromkeys(seconds, 7200.0)}
    assert by_category["OPEN"] == {**alike, **dict.fromkeys(seconds, 10800.0)}
    assert by_status["closed"]["statusCategory"] == "CLOSED"
    assert by_category.keys() == {"OPEN", "CLOSED"}


EVERYTHING = """flow(unit: DAY) { created closed } backlog(unit: DAY) { count }
  ageing(at: "2026-01-12T00:00:00Z") { count }
  timeInStatus { status ticketCount } timeInStatusCategory { statusCategory }
  heatMap { count } repeatContacts { ticketCount }"""


@pytest.mark.parametrize(
    "odd",
    [
        {"occurred_at": "yesterday"},
        {"recorded_at": None},
        {"occurred_at": None, "recorded_at": None},
        {"changes": None},
        {"changes": {"status": "closed"}},
        {"changes": {"status": {"old": 5, "new": ["closed"]}}},
        {"changes": {"status": {"new": None}}},
        {"action": 7},
        {"action": "deleted", "changes": {}},
        {"action": "restored", "changes": None},
        {"action": "created", "changes": 5},
        {"ticket_id": None},
    ],
)
async def test_history_of_other_programs_is_answered(resting: Api, odd: Row) -> None:
    tickets = [ticket(1, 0.5), ticket(2, 0.5, status=5), ticket(3, 0, created_at="yesterday", updated_at=5)]
    rows = [change(1, 0.6, **status("open", "closed")) | odd, {"_id": "x", "tenant_id": "acme"}]
    await store(resting, [*tickets, {"tenant_id": "acme", "deleted_at": "yesterday"}], rows)
    found = await stats(resting, EVERYTHING, PERIOD)
    assert sum(step["created"] for step in found["flow"]) == 2
    past = 'asOf: "2026-01-11T00:00:00Z"'
    told = await stats(resting, "totalTickets byStatusCategory { count }", past)
    assert told["totalTickets"] == sum(each["count"] for each in told["byStatusCategory"])


async def test_each_figure_is_one_command_and_times_in_status_are_two(api: Api) -> None:
    with COMMANDS.heard() as heard:
        await stats(api, EVERYTHING)
    own = [command.name for command in heard if command.body.get(command.name) == "tickets"]
    assert own == ["aggregate"] * 9


@pytest.mark.parametrize(
    ("field", "argument"),
    [
        ('flow(unit: HOUR, fromDate: "2020-01-01T00:00:00Z") { created }', "fromDate"),
        ('flow(unit: DAY, timeZone: "Mars/Base") { created }', "timeZone"),
        ('backlog(unit: DAY, fromDate: "2026-01-02T00:00:00Z", toDate: "2026-01-01T00:00:00Z") { count }', "toDate"),
        ('ageing(at: "2100-01-01T00:00:00Z") { count }', "at"),
        ('ageing(at: "0001-01-01T00:00:00Z") { count }', "at"),
        ('timeInStatus(fromDate: "0001-01-01T00:00:00Z") { status }', "fromDate"),
        ('heatMap(timeZone: "") { count }', "timeZone"),
        ('heatMap(fromDate: "2026-01-02T00:00:00Z", toDate: "2026-01-01T00:00:00Z") { count }', "toDate"),
        ("repeatContacts(days: 0) { share }", "days"),
        ("repeatContacts(days: 2147483647) { share }", "days"),
    ],
)
async def test_what_makes_no_sense_has_a_code_and_names_the_argument(resting: Api, field: str, argument: str) -> None:
    error = await resting.error(f'{{ tenantStats(tenantId: "acme") {{ {field} }} }}')
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert argument in error["message"].replace(":", " ").split()


COUNTS = """totalTickets urgencyHighRatio negativeSentimentRatio byStatus { value count } bySource { value count }
  byStatusCategory { statusCategory count } byUrgency { urgency count } bySentiment { sentiment count }"""


async def test_the_past_is_what_was_told_then(fresh: Api) -> None:
    query = f'query ($at: DateTime) {{ tenantStats(tenantId: "tenant_a", asOf: $at) {{ {COUNTS} }} }}'
    upstream, told = fresh.mock_api.upstream.store, []
    for edit in range(4):
        if edit:
            live = upstream.with_ids(fresh.mock_api.live_ids("tenant_a"))
            fields = {"status": ["open", "solved", "pending"][edit % 3], "message": "It is broken!"}
            upstream.edit(live[:: edit + 2], fields)
            upstream.set_deleted(live[edit::17], deleted=True)
        await ingest(fresh.services, "tenant_a")
        told.append((datetime.now(UTC).isoformat(), (await fresh.data(query))["tenantStats"]))
    assert len({str(then) for _, then in told}) == 4
    for moment, then in told:
        assert (await fresh.data(query, at=moment))["tenantStats"] == then


@pytest.mark.parametrize(
    "field",
    [
        "topKeywords { keyword }",
        "hourlyTrend { count }",
        "atRiskCustomers { customerId }",
        "comparison { totalTickets }",
        "trend(unit: DAY) { count }",
        "customers { ticketCount }",
        "timeToClose { ticketCount }",
        "...F } } fragment F on TenantStats { ageing { count }",
    ],
)
async def test_what_the_history_does_not_tell_is_refused_by_name(resting: Api, field: str) -> None:
    closing = "" if field.startswith("...") else " }"
    query = f'{{ tenantStats(tenantId: "acme", asOf: "2026-01-01T00:00:00Z") {{ totalTickets {field}{closing} }}'
    error = await resting.error(query)
    assert error["extensions"]["code"] == "INVALID_INPUT"
    name = "ageing" if "ageing" in field else field.split("(")[0].split(" ")[0]
    assert error["message"].startswith("asOf: ")
    assert name in error["message"]


async def test_the_future_is_refused(resting: Api) -> None:
    query = '{ tenantStats(tenantId: "acme", asOf: "2100-01-01T00:00:00Z") { totalTickets } }'
    assert (await resting.error(query))["message"] == "asOf: must not lie in the future."
