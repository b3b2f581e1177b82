"""The events that the rollups count, since a moment: from rows of whole quarters of an hour, and where a moment cuts
one, from the lives themselves."""

from dataclasses import dataclass
from datetime import datetime

from documents.database import Row
from documents.ticket_life import TicketLife
from documents.ticket_rollup import TicketRollup
from services.analytics.partition import QUARTER_HOUR, CutDay
from services.analytics.pipeline import count_of_part
from services.kit.clock import EPOCH
from services.rollups.events import FLOW, STORED, STORED_EVENTS
from services.rollups.lives import lives_among
from services.rollups.rows import QUARTERS_A_DAY, rows_of

_FIELDS: dict[str, object] = {FLOW: FLOW, STORED: {"$in": list(STORED_EVENTS)}}
_MILLISECOND = EPOCH.resolution * 1000


def milliseconds(moment: datetime) -> int:
    """A moment as lives hold it."""
    return (moment - EPOCH) // _MILLISECOND


@dataclass(frozen=True, slots=True)
class CountedEvents:
    """A tenant's events from `start` on, shared out over what tells of them."""

    tenant_id: str
    kind: str
    """`flow` or `stored`."""
    start: datetime
    cuts: tuple[datetime, ...] = ()
    """Further moments that may cut a quarter of an hour, of which the events are then told one by one."""
    one_by_one: bool = False
    """Whether all events are told one by one."""

    @property
    def cut_quarters(self) -> list[int]:
        """The quarters of an hour whose events are told one by one, in quarters since 1970."""
        moments = [self.start, *self.cuts]
        return sorted({(moment - EPOCH) // QUARTER_HOUR for moment in moments if (moment - EPOCH) % QUARTER_HOUR})

    @property
    def first_quarter(self) -> int:
        """The first one that rows tell of as a whole, unless it is cut."""
        return -((EPOCH - self.start) // QUARTER_HOUR)

    def rows(self) -> list[Row]:
        """A stage that adds rows of the rollups: `{day, field, value, tickets, quarters}`."""
        days = {"$gte": self.first_quarter // QUARTERS_A_DAY}
        where = rows_of(self.tenant_id, field=_FIELDS[self.kind], day=days)
        shown = {"_id": 0, "day": 1, "field": 1, "value": 1, "tickets": 1, "quarters": 1}
        pipeline: list[Row] = [{"$match": where}, {"$project": shown}]
        return [] if self.one_by_one else [{"$unionWith": {"coll": TicketRollup.Settings.name, "pipeline": pipeline}}]

    def sums(self, further: list[Row]) -> list[Row]:
        """Stages that add what `further` makes of all that rows tell: `{_id: {field, value}, count}`."""
        day, begin = divmod(self.first_quarter, QUARTERS_A_DAY)
        where = rows_of(self.tenant_id, field=_FIELDS[self.kind], day={"$gte": day})
        of_part = count_of_part(CutDay(day, begin, QUARTERS_A_DAY))
        count = {"$sum": {"$cond": [{"$eq": ["$day", day]}, of_part, "$tickets"]}}
        pipeline = [{"$match": where}, {"$group": {"_id": {"field": "$field", "value": "$value"}, "count": count}}]
        union = {"$unionWith": {"coll": TicketRollup.Settings.name, "pipeline": [*pipeline, *further]}}
        return [] if self.one_by_one else [union]

    def single(self, further: list[Row]) -> list[Row]:
        """Stages that add what `further` makes of events that rows do not tell: `{event, born}`."""
        start, quarter = milliseconds(self.start), milliseconds(EPOCH + QUARTER_HOUR)
        spans: list[Row] = [
            {"$gte": max(start, number * quarter), "$lt": (number + 1) * quarter} for number in self.cut_quarters
        ]
        if self.one_by_one:
            spans = [{"$gte": start}]
        return [
            {"$unionWith": {"coll": TicketLife.Settings.name, "pipeline": [*self._of_span(span), *further]}}
            for span in spans
        ]

    def _of_span(self, span: Row) -> list[Row]:
        within = {"$and": [{operator: ["$$this.at", bound]} for operator, bound in span.items()]}
        return [
            {"$match": lives_among(self.tenant_id, **{self.kind: {"$elemMatch": {"at": span}}})},
            {"$project": {"_id": 0, "born": 1, "event": {"$filter": {"input": f"${self.kind}", "cond": within}}}},
            {"$unwind": "$event"},
        ]

    def since(self, events: str) -> Row:
        """The expression for those of a life's events that came since."""
        return {"$filter": {"input": events, "cond": {"$gte": ["$$this.at", milliseconds(self.start)]}}}
