"""How long tickets are in each status, exactly, from their history."""

from dataclasses import dataclass
from datetime import datetime

from documents.database import Row
from documents.ticket import StatusCategory, Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_life import TicketLife
from services.analytics.closing_times import nearest_rank
from services.analytics.history.counted_events import milliseconds
from services.rollups.joins import Joined, in_batches, joined, looked_up
from services.rollups.lives import lives_among
from services.rollups.steps import lives, stored_life, told_rows
from services.rollups.write import LIFE_NOT_OVER, NOT_ROLLED_UP
from services.statuses import category_expression, category_of
from services.tenancy import deleted, live, owned
from services.tickets.filter import created_in_period

MAX_STATUSES = 50


@dataclass(frozen=True, slots=True)
class StatusTime:
    """How long tickets were in a status or a category, all their stays in it together, up to now."""

    status: str
    """The status, or the category that was asked for."""
    status_category: StatusCategory
    ticket_count: int
    """Tickets that were in it."""
    median_seconds: float
    p90_seconds: float
    total_seconds: float


@dataclass(frozen=True, slots=True)
class TimesQuestion:
    """The times of which tickets are asked for: of the live ones of a tenant that were created in a period."""

    tenant_id: str
    created_from: datetime | None
    created_to: datetime | None
    now: datetime
    by_category: bool

    def outdated(self) -> list[Row]:
        """A pipeline on tickets: `{ticket}` for each whose life was another when it was rolled up, or has ended."""
        only_ids = {"$project": {"_id": 0, "ticket": "$external_id"}}
        gone: list[Row] = [{"$match": deleted(self.tenant_id, rolled_up=LIFE_NOT_OVER)}, only_ids]
        among = Joined(TicketLife, "ticket", ({"$match": lives_among(self.tenant_id)}, {"$project": {"ticket": 1}}))
        return [
            {"$match": live(self.tenant_id, rolled_up=NOT_ROLLED_UP)},
            only_ids,
            {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": gone}},
            {"$group": {"_id": "$ticket"}},
            *in_batches("$_id"),
            {"$lookup": looked_up(among, "ids", "lives")},
            {"$unwind": "$lives"},
            {"$replaceWith": {"ticket": "$lives.ticket"}},
        ]

    def pipeline(self, outdated: list[str], *, rolled_up: bool) -> list[Row]:
        """A pipeline on tickets. Ends in one document a status, most tickets first: `{_id, count, total, median, p90}`,
        times in milliseconds.

        A stay that still lasts counts up to now; stays of no length do not count, nor does the time in which a ticket
        was deleted. `outdated`: what the other pipeline found. `rolled_up`: whether there are rollups at all.
        """
        alone = {"rolled_up": NOT_ROLLED_UP} if rolled_up else {}
        period = created_in_period(self.created_from, self.created_to)
        told = ({"$match": owned(self.tenant_id, recorded_at={"$type": "date"})}, *told_rows())
        return [
            {"$match": live(self.tenant_id, **alone, **period)},
            {"$project": {"_id": "$external_id", "stored": stored_life()}},
            *in_batches({"ticket": "$_id", "stored": "$stored"}),
            *joined(Joined(TicketHistory, "ticket_id", told)),
            {"$group": {"_id": "$ticket", "stored": {"$max": "$stored"}, "rows": {"$push": "$row"}}},
            *lives(),
            {"$match": {"steps.0.at": {"$type": "date"}}},
            # One document a stay after these two, {ticket, stays: {status, time}}.
            {"$project": {"stays": self._stays()}},
            {"$unwind": "$stays"},
            {"$match": {"stays.time": {"$gt": 0}}},
            {"$group": {"_id": {"ticket": "$_id", "status": "$stays.status"}, "time": {"$sum": "$stays.time"}}},
            {"$project": {"_id": 0, "status": "$_id.status", "time": 1}},
            *(self._rolled_up(outdated) if rolled_up else []),
            {"$group": {"_id": "$status", **_COUNTED}},
            {"$sort": {"count": -1, "_id": 1}},
            {"$limit": MAX_STATUSES},
            {"$set": {"times": {"$sortArray": {"input": "$times", "sortBy": 1}}}},
            {"$project": {"count": 1, "total": 1, "median": nearest_rank(0.5), "p90": nearest_rank(0.9)}},
        ]

    def _rolled_up(self, outdated: list[str]) -> list[Row]:
        """A stage that adds what lives in the rollups tell."""
        until_now = {"$cond": ["$stay.goes_on", milliseconds(self.now), 0]}
        bounds = {"$gte": self.created_from, "$lt": min(filter(None, (self.created_to, self.now)))}
        born = {operator: milliseconds(moment) for operator, moment in bounds.items() if moment is not None}
        pipeline: list[Row] = [
            {"$match": lives_among(self.tenant_id, born=born, over=False, ticket={"$nin": outdated})},
            {"$project": {"_id": 0, "stay": "$in_category" if self.by_category else "$in_status"}},
            {"$unwind": "$stay"},
            {"$project": {"status": "$stay.status", "time": {"$add": ["$stay.time", until_now]}}},
            {"$match": {"time": {"$gt": 0}}},
        ]
        return [{"$unionWith": {"coll": TicketLife.Settings.name, "pipeline": pipeline}}]

    def _stays(self) -> Row:
        """The expression for the time between each step and the next one, or now."""
        end = {"$ifNull": [{"$arrayElemAt": ["$steps.at", {"$add": ["$$number", 1]}]}, self.now]}
        step = {"$arrayElemAt": ["$steps", "$$number"]}
        time = {"$subtract": [{"$min": ["$$end", self.now]}, {"$min": ["$$step.at", self.now]}]}
        status = category_expression("$$step.value") if self.by_category else "$$step.value"
        stay = {"status": status, "time": {"$cond": ["$$step.live", time, 0]}}
        return {
            "$map": {
                "input": {"$range": [0, {"$size": "$steps"}]},
                "as": "number",
                "in": {"$let": {"vars": {"step": step}, "in": {"$let": {"vars": {"end": end}, "in": stay}}}},
            }
        }


_COUNTED: Row = {"count": {"$sum": 1}, "total": {"$sum": "$time"}, "times": {"$push": "$time"}}


def to_status_times(found: list[Row], *, by_category: bool) -> list[StatusTime]:
    """What the pipeline found."""
    return [
        StatusTime(
            status=str(row["_id"]),
            status_category=StatusCategory(row["_id"]) if by_category else category_of(row["_id"]),
            ticket_count=row["count"],
            median_seconds=row["median"] / 1000,
            p90_seconds=row["p90"] / 1000,
            total_seconds=row["total"] / 1000,
        )
        for row in found
    ]
