"""How long the tickets that are not closed have been there, now or at any moment before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Row
from documents.ticket import CountedField, StatusCategory, Ticket
from documents.ticket_life import TicketLife
from services.analytics.history.candidates import candidates
from services.analytics.history.counted_events import milliseconds
from services.analytics.partition import partition_of
from services.analytics.pipeline import combined_counts
from services.analytics.values import counted_by
from services.kit.clock import EPOCH
from services.rollups.events import FLOW, GROWTH
from services.rollups.lives import lives_among
from services.rollups.steps import lives, stored_life, told_rows
from services.rollups.write import ROLLED_UP
from services.statuses import in_category, is_closed
from services.tenancy import Filter, live

_DAY = timedelta(days=1)
AGES_IN_DAYS = (0, 1, 3, 7, 30)
"""Where the buckets begin; the last one has no end."""


@dataclass(frozen=True, slots=True)
class AgeBucket:
    """The tickets of an age."""

    from_days: int
    to_days: int | None
    """Younger than this; None: of any age."""
    count: int


@dataclass(frozen=True, slots=True)
class Ageing:
    """The tickets that were not closed at a moment, by the time since their creation."""

    at: datetime
    count: int
    buckets: list[AgeBucket]
    undated_count: int
    """Tickets without a creation time, which are in no bucket."""
    oldest_ticket_id: str | None
    oldest_created_at: datetime | None


def present_ageing_pipeline(tenant_id: str, now: datetime, *, rolled_up: bool) -> list[Row]:
    """A pipeline on tickets. Ends in documents with the number of tickets that were born in a `period` (a bucket's
    number, or a name) and are not closed, `{period, count}`, and in one with the `oldest`: `{born, ticket}`.

    `rolled_up`: whether there are rollups at all.
    """
    return [*_counts_now(tenant_id, now, rolled_up=rolled_up), *_oldest(live(tenant_id, status=_NOT_CLOSED), now)]


def past_ageing_pipeline(tenant_id: str, at: datetime, *, rolled_up: bool) -> list[Row]:
    """The same for a past moment. What happened at the moment itself or later does not count: it is as it was before.

    Tickets are counted as they are, and put right by what has happened since, in further documents: `{_id: number of
    the bucket or null for undated, count, oldest}`.
    """
    before = {"$last": {"$filter": {"input": "$steps", "cond": {"$lt": ["$$this.at", at]}}}}
    parts = [
        {"ticket": "$ticket", "born": {"$first": "$steps.at"}, "count": {"$cond": [_is_counted("$then"), 1, 0]}},
        # Taken off as it is, whatever it was: so it is nobody's.
        {"ticket": None, "born": "$stored.born", "count": {"$cond": [_is_counted("$present"), -1, 0]}},
        {"ticket": "$ticket", "born": _as_moment("$born"), "count": _growth_since("$outdated", at)},
    ]
    rest = [*_changed_lives(tenant_id, at), *_grouped(at), *_oldest_unchanged(tenant_id, at)]
    return [
        *candidates(tenant_id, at, stored_life(), told_rows(), FLOW, rolled_up=rolled_up),
        *lives(),
        {"$set": {"then": before}},
        # From here on {ticket, born, count}, in which the ticket was counted, or is and must not be.
        {"$project": {"part": parts}},
        {"$unwind": "$part"},
        {"$replaceWith": "$part"},
        *(rest if rolled_up else _grouped(at)),
        {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": _counts_now(tenant_id, at, rolled_up=rolled_up)}},
    ]


_NOT_CLOSED: Row = {"$not": in_category(StatusCategory.CLOSED)}
_ALL, _LATER = "all", "later"
_MILLISECOND = timedelta(milliseconds=1)


def _is_counted(state: str) -> Row:
    """The expression for whether a ticket was there and not closed; where nothing is known of it, it was not."""
    return {"$and": [{"$ifNull": [f"{state}.live", False]}, {"$not": [is_closed(f"{state}.value")]}]}


def _counts_now(tenant_id: str, at: datetime, *, rolled_up: bool) -> list[Row]:
    """A pipeline on tickets that counts those that are not closed now: by age at the moment, all, and later ones."""
    begins = [max(at - days * _DAY + _MILLISECOND, EPOCH) for days in AGES_IN_DAYS]
    ends = [max(at, EPOCH), *begins[1:]]
    periods: list[tuple[int | str, datetime | None, datetime | None]] = [(_ALL, None, None), (_LATER, ends[0], None)]
    periods += [(number, begin, ends[number]) for number, begin in enumerate((*begins[1:], None))]
    pipelines: list[list[Row]] = [
        [
            *combined_counts(
                partition_of(tenant_id, begin, end, rolled_up=rolled_up), [CountedField.STATUS], is_led=False
            ),
            *counted_by(CountedField.STATUS),
            {"$match": {"$expr": {"$not": [is_closed("$_id")]}}},
            {"$group": {"_id": None, "count": {"$sum": "$count"}}},
            {"$project": {"_id": 0, "period": {"$literal": period}, "count": 1}},
        ]
        for period, begin, end in periods
    ]
    unions = [{"$unionWith": {"coll": Ticket.Settings.name, "pipeline": pipeline}} for pipeline in pipelines[1:]]
    return [*pipelines[0], *unions]


def _grouped(at: datetime) -> list[Row]:
    """From `{ticket, born, count}` to the buckets, with the oldest of the tickets that are counted more often than
    they are taken off."""
    is_dated = {"$eq": [{"$type": "$oldest.born"}, "date"]}
    return [
        {"$match": {"count": {"$ne": 0}, "$expr": {"$lt": ["$born", at]}}},
        {"$group": {"_id": {"born": "$born", "ticket": "$ticket"}, "count": {"$sum": "$count"}}},
        {"$set": {"oldest": {"$cond": [{"$gt": ["$count", 0]}, "$_id", "$$REMOVE"]}}},
        {
            "$group": {
                "_id": _bucket("$_id.born", at),
                "count": {"$sum": "$count"},
                "oldest": {"$min": {"$cond": [is_dated, "$oldest", None]}},
            }
        },
    ]


def _oldest(where: Filter, at: datetime, leave_out: Sequence[Row] = ()) -> list[Row]:
    """A stage that adds the oldest ticket. `leave_out`: stages on `{ticket}` that drop those that must not be it."""
    of_the_same_age = {
        "from": Ticket.Settings.name,
        "localField": "born",
        "foreignField": "created_at",
        "pipeline": [{"$match": where}, {"$project": {"_id": 0, "ticket": "$external_id"}}, *leave_out],
        "as": "same_age",
    }
    pipeline: list[Row] = [
        {"$match": {**where, "created_at": {"$lt": at}}},
        {"$sort": {"created_at": 1}},
        {"$project": {"_id": 0, "born": "$created_at", "ticket": "$external_id"}},
        *leave_out,
        {"$limit": 1},
        {"$lookup": of_the_same_age},
        {"$project": {"oldest": {"born": "$born", "ticket": {"$min": "$same_age.ticket"}}}},
    ]
    return [{"$unionWith": {"coll": Ticket.Settings.name, "pipeline": pipeline}}]


def _oldest_unchanged(tenant_id: str, at: datetime) -> list[Row]:
    """A stage that adds the oldest ticket in the rollups that is not closed and was not then."""
    changed: Row = {
        "from": TicketLife.Settings.name,
        "localField": "ticket",
        "foreignField": "ticket",
        "pipeline": [
            {"$match": lives_among(tenant_id)},
            {"$project": {"growth": _growth_since("$flow", at)}},
            {"$match": {"growth": {"$ne": 0}}},
        ],
        "as": "changed",
    }
    leave_out: list[Row] = [{"$lookup": changed}, {"$match": {"changed": []}}]
    return _oldest(live(tenant_id, rolled_up=ROLLED_UP, status=_NOT_CLOSED), at, leave_out)


def _changed_lives(tenant_id: str, at: datetime) -> list[Row]:
    """A stage that puts them right, by what has happened since."""
    lost = {"$multiply": [_growth_since("$flow", at), -1]}
    born_before = {"$not": {"$gte": milliseconds(at)}}
    pipeline: list[Row] = [
        {"$match": lives_among(tenant_id, **{"flow.at": {"$gte": milliseconds(at)}, "born": born_before})},
        {"$project": {"_id": 0, "ticket": 1, "born": _as_moment("$born"), "count": lost}},
    ]
    return [{"$unionWith": {"coll": TicketLife.Settings.name, "pipeline": pipeline}}]


def _growth_since(events: str, at: datetime) -> Row:
    """The expression for by how many more tickets are not closed after those of the events that came since."""
    growth = {"$cond": [{"$in": ["$$this.value", [name for name, by in GROWTH.items() if by > 0]]}, 1, -1]}
    came_since = {"$gte": ["$$this.at", milliseconds(at)]}
    return {"$sum": {"$map": {"input": events, "in": {"$cond": [came_since, growth, 0]}}}}


def _as_moment(number: str) -> Row:
    """The expression for a moment that lives hold as a number, or null."""
    return {"$toDate": {"$ifNull": [number, None]}}


def _bucket(born: str, at: datetime) -> Row:
    """The expression for the number of the bucket; null where it is not known when the ticket was born."""
    days = {"$divide": [{"$subtract": [at, born]}, _DAY / timedelta(milliseconds=1)]}
    begins = [{"case": {"$gte": [days, AGES_IN_DAYS[number]]}, "then": number} for number in _NUMBERS[::-1]]
    return {"$cond": [{"$eq": [born, None]}, None, {"$switch": {"branches": begins, "default": 0}}]}


def to_ageing(found: list[Row], at: datetime) -> Ageing:
    """What the pipeline found."""
    counts: Counter[int | None] = Counter()
    now: Counter[int | str] = Counter()
    for row in found:
        if "period" in row:
            now[row["period"]] += row["count"]
        else:
            counts[row.get("_id")] += row.get("count", 0)
    counts.update({number: now[number] for number in _NUMBERS})
    counts[None] += now[_ALL] - now[_LATER] - sum(now[number] for number in _NUMBERS)
    dated = [row["oldest"] for row in found if row.get("oldest") is not None]
    oldest = min(dated, key=lambda one: (one["born"], str(one["ticket"])), default=None)
    ends = (*AGES_IN_DAYS[1:], None)
    return Ageing(
        at=at,
        count=counts.total(),
        buckets=[AgeBucket(AGES_IN_DAYS[number], ends[number], counts[number]) for number in _NUMBERS],
        undated_count=counts[None],
        oldest_ticket_id=None if oldest is None else str(oldest["ticket"]),
        oldest_created_at=None if oldest is None else oldest["born"],
    )


_NUMBERS = range(len(AGES_IN_DAYS))
