"""How long the tickets that are not closed have been there, now or at any moment before."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Row
from documents.ticket import StatusCategory
from services.analytics.history.lives import lives
from services.statuses import in_category, is_closed
from services.tenancy import live

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


def ageing_pipeline(tenant_id: str, at: datetime, *, is_now: bool) -> list[Row]:
    """Ends in one document a bucket that has tickets: `{_id: number or null for undated, count, oldest}`.

    What happened at the moment itself or later does not count: it is as it was before.
    """
    not_closed = live(tenant_id, status={"$not": in_category(StatusCategory.CLOSED)})
    if is_now:
        born = {"$cond": [{"$eq": [{"$type": "$created_at"}, "date"]}, "$created_at", None]}
        then: list[Row] = [
            {"$match": not_closed},
            {"$project": {"_id": 0, "ticket": "$external_id", "born": born}},
            {"$match": {"$expr": {"$lt": ["$born", at]}}},
        ]
    else:
        before = {"$last": {"$filter": {"input": "$steps", "cond": {"$lt": ["$$this.at", at]}}}}
        then = [
            *lives(tenant_id, [not_closed], is_closed, at, with_changed=True),
            {"$project": {"ticket": 1, "born": {"$first": "$steps.at"}, "state": before}},
            {"$match": {"state.live": True, "state.value": False}},
        ]
    return [*then, *_by_age(at)]


def _by_age(at: datetime) -> list[Row]:
    """From `{ticket, born}` to one document a bucket."""
    days = {"$divide": [{"$subtract": [at, "$born"]}, _DAY / timedelta(milliseconds=1)]}
    begins = [{"case": {"$gte": [days, AGES_IN_DAYS[number]]}, "then": number} for number in _NUMBERS[::-1]]
    bucket = {"$cond": [{"$eq": ["$born", None]}, None, {"$switch": {"branches": begins, "default": 0}}]}
    oldest = {"$min": {"born": "$born", "ticket": "$ticket"}}
    return [{"$group": {"_id": bucket, "count": {"$sum": 1}, "oldest": oldest}}]


def to_ageing(found: list[Row], at: datetime) -> Ageing:
    """What the pipeline found."""
    by_number = {row["_id"]: row for row in found}
    dated = [row["oldest"] for number, row in by_number.items() if number is not None]
    oldest = min(dated, key=lambda one: (one["born"], str(one["ticket"])), default=None)
    ends = (*AGES_IN_DAYS[1:], None)
    return Ageing(
        at=at,
        count=sum(row["count"] for row in found),
        buckets=[
            AgeBucket(AGES_IN_DAYS[number], ends[number], by_number.get(number, {"count": 0})["count"])
            for number in _NUMBERS
        ],
        undated_count=by_number.get(None, {"count": 0})["count"],
        oldest_ticket_id=None if oldest is None else str(oldest["ticket"]),
        oldest_created_at=None if oldest is None else oldest["born"],
    )


_NUMBERS = range(len(AGES_IN_DAYS))
