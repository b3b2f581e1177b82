"""Every filter in every order: lists, cursors, counts and exports say the same as a look at each ticket."""

import json
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import Sentiment, StatusCategory, Ticket, Urgency
from services.errors import InvalidInputError
from services.kit.civil_time import zone
from services.lists.keyset import Window
from services.rollups.write import Rollups
from services.search.terms import search_fields
from services.statuses import category_of
from services.tickets.batches import TicketBatches
from services.tickets.choices import MAX_CHOICES, Choice, only
from services.tickets.export import Exports
from services.tickets.filter import TicketFilter, condition
from services.tickets.formats import ExportFormat
from services.tickets.ordering import ORDERINGS, TicketOrder
from services.tickets.reading import Tickets
from tests.properties import tried_on

NOW = datetime(2026, 2, 5, 12, tzinfo=UTC)
moments = st.integers(0, 5).map(lambda days: NOW - timedelta(days=days))
rows = st.lists(
    st.fixed_dictionaries(
        {"created_at": st.one_of(moments, st.none()), "deleted_at": st.sampled_from([None, None, None, NOW])},
        optional={
            "updated_at": moments,
            "status": st.sampled_from(["open", "Closed", "solved", "on hold", "unknown", None, 4]),
            "urgency": st.sampled_from(["high", "medium", "low", None, "critical"]),
            "sentiment": st.sampled_from(["negative", "neutral", "positive", 7]),
            "source": st.sampled_from(["email", "chat", None]),
            "priority": st.sampled_from(["high", "Low", "unknown", None]),
            "assignee": st.sampled_from(["ann", "7", 7, "unknown", None]),
            "tags": st.sampled_from([None, [], ["vip"], ["eu", "vip"], ["unknown", "eu"], "vip", [7, "", "eu"]]),
            "customer_id": st.sampled_from(["c1", "c2", None]),
            "keyword_key": st.sampled_from(["", "refund", "bug|refund", "bug", "refunds"]),
            "matched": st.sampled_from([[], [{"rule": "defect"}], [{"rule": "outage"}, {"rule": "defect"}], None]),
            "requires_action": st.booleans(),
        },
    ),
    max_size=25,
)


def choice(values: list[Any]) -> st.SearchStrategy[Choice[Any] | None]:
    some = st.lists(st.sampled_from(values), max_size=3).map(tuple)
    return st.one_of(st.none(), st.builds(Choice, st.one_of(st.none(), some), some))


maybe = st.one_of(st.none(), moments)
filters = st.builds(
    TicketFilter,
    status=choice(["open", "Closed", "closed", "unknown", "4"]),
    status_category=choice(list(StatusCategory)),
    urgency=choice([*Urgency, None]),
    sentiment=choice([*Sentiment, None]),
    source=choice(["email", "chat", "unknown"]),
    priority=choice(["high", "Low", "unknown"]),
    assignee=choice(["ann", "7", "unknown"]),
    tag=choice(["vip", "eu", "unknown", ""]),
    customer_id=choice(["c1", "c2", "unknown"]),
    keyword=choice(["refund", "bug", "re.*"]),
    rule=choice(["defect", "outage"]),
    requires_action=st.sampled_from([None, None, True, False]),
    created_weekday=st.sampled_from([1, 2, 3, 4, 5]),
    created_hour=st.sampled_from([1, 12, 17]),
    time_zone=st.sampled_from([None, "Pacific/Auckland", "+05:30"]),
)
few = st.sampled_from([each.name for each in fields(TicketFilter) if each.name != "q"])


def names_of(row: Row, name: str) -> list[Any]:
    """What the ticket has there, in the words of a filter."""
    match name:
        case "status_category":
            return [category_of(row.get("status"))]
        case "urgency" | "sentiment":
            known: dict[str, Any] = {each.value: each for each in (Urgency if name == "urgency" else Sentiment)}
            return [known.get(row.get(name))]  # type: ignore[arg-type]
        case "keyword":
            return row.get("keyword_key", "").split("|")
        case "tag":
            tags = row.get("tags") or []
            return [tag for tag in ([tags] if isinstance(tags, str) else tags) if isinstance(tag, str) and tag]
        case "rule":
            return [reason["rule"] for reason in row.get("matched") or []]
        case _:
            value = row.get(name)
            lower = [value.lower()] if isinstance(value, str) and name == "status" else []
            return ["unknown"] if value is None else [str(value), *lower]


def matches(row: Row, wanted: TicketFilter) -> bool:
    for each in fields(TicketFilter):
        demanded = getattr(wanted, each.name)
        if isinstance(demanded, Choice):
            has = names_of(row, each.name)
            asked = {spelling for value in demanded.any_of or () for spelling in spelled(value, each.name)}
            excluded = {spelling for value in demanded.none_of for spelling in spelled(value, each.name)}
            exact = set(has[:1]) if each.name == "status" else set(has)
            if (demanded.any_of is not None and not exact & asked) or exact & excluded:
                return False
    action = row.get("requires_action")
    if wanted.requires_action is not None and action is not wanted.requires_action:
        return False
    created_at = row.get("created_at")
    shown = created_at and created_at.astimezone(zone(wanted.time_zone or "UTC"))
    for name, clock in (("created_weekday", shown and shown.isoweekday()), ("created_hour", shown and shown.hour)):
        if getattr(wanted, name) is not None and clock != getattr(wanted, name):
            return False
    for name in ("created", "updated"):
        moment = row.get(f"{name}_at")
        start, end = getattr(wanted, f"{name}_from"), getattr(wanted, f"{name}_to")
        if (start and (moment is None or moment < start)) or (end and (moment is None or moment >= end)):
            return False
    return row["deleted_at"] is None


def spelled(value: Any, name: str) -> list[Any]:
    return [value, value.lower()] if name in ("status", "priority") and value is not None else [value]


def expected(stored: list[Row], wanted: TicketFilter, order: TicketOrder) -> list[str]:
    moment = "updated_at" if "updated" in order else "created_at"
    long_ago = datetime(1, 1, 1, tzinfo=UTC)
    found = [row for row in stored if matches(row, wanted)]
    found.sort(key=lambda row: (row.get(moment) or long_ago, row["_id"]))
    if order not in (TicketOrder.OLDEST_FIRST, TicketOrder.LAST_UPDATED_LAST):
        found.reverse()
    ranks = {TicketOrder.MOST_URGENT_FIRST: "high medium low", TicketOrder.LEAST_URGENT_FIRST: "low medium high"}
    if order in ranks:
        rank = ranks[order].split()
        found.sort(key=lambda row: rank.index(row["urgency"]) if row.get("urgency") in rank else len(rank))
    return [row["external_id"] for row in found]


async def stored_for(database: Database, tenant: str, rolled_up: list[Row], single: list[Row]) -> list[Row]:
    whole = [
        {"_id": ObjectId(), "tenant_id": tenant, "external_id": f"t{number}", **row}
        for number, row in enumerate([*rolled_up, *single])
    ]
    tickets = database.collection(Ticket)
    if rolled_up:
        await tickets.insert_many([row | search_fields(row) for row in whole[: len(rolled_up)]])
        await Rollups(database).roll_up(tenant)
    if single:
        await tickets.insert_many([dict(row) for row in whole[len(rolled_up) :]])
    return whole


async def along_cursors(database: Database, tenant: str, wanted: TicketFilter, order: TicketOrder, size: int) -> Any:
    """The list read forwards, and read backwards from its end."""
    tickets, ordering = Tickets(database), ORDERINGS[order]
    forwards, backwards = [], []
    window = Window(size, newest_first=ordering.newest_first)
    while True:
        found = await tickets.slice(tenant, wanted, window, order=ordering)
        forwards += [ticket.external_id for ticket in found.items]
        if not found.has_more:
            break
        window = Window(size, after=ordering.place(found.items[-1]), newest_first=ordering.newest_first)
    window = Window(size, from_end=True, newest_first=ordering.newest_first)
    while True:
        found = await tickets.slice(tenant, wanted, window, order=ordering)
        backwards = [ticket.external_id for ticket in found.items] + backwards
        if not found.has_more:
            break
        before = ordering.place(found.items[0])
        window = Window(size, before=before, from_end=True, newest_first=ordering.newest_first)
    return forwards, backwards


async def exported(chunks: AsyncIterator[bytes]) -> list[str]:
    lines = b"".join([chunk async for chunk in chunks]).decode().splitlines()
    return [json.loads(line)["external_id"] for line in lines]


@given(
    rolled_up=rows,
    single=rows,
    whole=filters,
    kept=st.sets(few, max_size=3),
    created=st.tuples(maybe, maybe),
    updated=st.tuples(maybe, maybe),
    order=st.sampled_from(TicketOrder),
    size=st.integers(1, 7),
)
@tried_on(60, one_in=6)
async def test_a_filter_means_the_same_everywhere(
    database: Database,
    rolled_up: list[Row],
    single: list[Row],
    whole: TicketFilter,
    kept: set[str],
    created: tuple[datetime | None, datetime | None],
    updated: tuple[datetime | None, datetime | None],
    order: TicketOrder,
    size: int,
) -> None:
    periods = {"created": sorted(filter(None, created)), "updated": sorted(filter(None, updated))}
    bounds = {f"{name}_{end}": moment for name, pair in periods.items() for end, moment in zip(("from", "to"), pair)}  # noqa: B905
    conditions = {name: getattr(whole, name) for name in kept if not name.endswith(("_from", "_to"))}
    wanted = TicketFilter(**conditions, **{name: bounds[name] for name in kept & bounds.keys()})
    tenant = uuid4().hex
    right = expected(await stored_for(database, tenant, rolled_up, single), wanted, order)
    tickets, ordering = Tickets(database), ORDERINGS[order]
    assert await along_cursors(database, tenant, wanted, order, size) == (right, right)
    pages = []
    for page in range(1, len(right) // size + 3):
        found = await tickets.page(tenant, wanted, page=page, page_size=size, order=ordering)
        assert found.total_count == len(right)
        pages += [ticket.external_id for ticket in found.items]
    assert pages == right
    assert await tickets.count(tenant, wanted) == len(right)
    assert await exported(Exports(database).stream(tenant, wanted, ExportFormat.NDJSON, order=ordering)) == right
    batches, both = TicketBatches(database), [wanted, TicketFilter()]
    assert (await batches.counts(tenant, both))[wanted] == len(right)
    window = Window(size, newest_first=ordering.newest_first)
    assert [one.external_id for one in (await batches.slices(tenant, both, window, ordering))[wanted].items] == (
        right[:size]
    )


LABELLED: list[Row] = [
    {"keyword_key": "refund", "matched": [{"rule": "money"}]},
    {"keyword_key": "bug|refund", "matched": [{"rule": "defect"}, {"rule": "money"}]},
    {"keyword_key": "refunds", "matched": [{"rule": "defect"}]},
    {"keyword_key": "refund", "matched": [{"rule": "money"}], "deleted_at": NOW},
    {"keyword_key": "refund", "matched": [{"rule": "money"}], "created_at": NOW - timedelta(days=9)},
]


@pytest.mark.parametrize("chosen", [{"keyword": only("refund")}, {"rule": only("money")}])
@pytest.mark.parametrize("indexed", range(len(LABELLED) + 1))
async def test_a_keyword_or_a_rule_is_counted_whether_its_tickets_are_indexed_or_not(
    database: Database, indexed: int, chosen: dict[str, Any]
) -> None:
    labelled: list[Row] = [{"created_at": NOW, "deleted_at": None, **row} for row in LABELLED]
    tenant, other = uuid4().hex, uuid4().hex
    for name in (tenant, other):
        await stored_for(database, name, labelled[:indexed], labelled[indexed:])
    tickets, period = Tickets(database), {"created_from": NOW - timedelta(days=1)}
    assert await tickets.count(tenant, TicketFilter(**chosen)) == 3
    assert await tickets.count(tenant, TicketFilter(**chosen, **period)) == 2
    counted = await TicketBatches(database).counts(tenant, [TicketFilter(**chosen), TicketFilter(**chosen, **period)])
    assert list(counted.values()) == [3, 2]


@pytest.mark.parametrize(
    "wanted",
    [
        TicketFilter(status=only(*(f"s{number}" for number in range(MAX_CHOICES + 1)))),
        TicketFilter(source=only("x" * 1_001)),
        TicketFilter(keyword=only("a\x00b")),
        TicketFilter(rule=Choice(none_of=("\ud800",))),
        TicketFilter(updated_from=NOW, updated_to=NOW - timedelta(days=1)),
        TicketFilter(updated_from=datetime(1, 1, 1, tzinfo=UTC)),
        TicketFilter(created_weekday=0),
        TicketFilter(created_weekday=8),
        TicketFilter(created_hour=24),
        TicketFilter(created_hour=-1),
        TicketFilter(time_zone="Mars/Base"),
    ],
)
def test_filters_that_make_no_sense_are_refused(wanted: TicketFilter) -> None:
    with pytest.raises(InvalidInputError):
        condition("acme", wanted)
