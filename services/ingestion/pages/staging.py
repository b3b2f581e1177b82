"""Keeping what a source tells of tickets before it shows them.

A first run keeps nearly everything that ever happened, so it must cost little: a row is inserted without a look at what
is there. What is kept twice is sorted out when it is worked in.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pymongo import DeleteMany

from documents.database import Database, Row
from documents.staged_detail import StagedDetail
from documents.ticket import Ticket
from services.ingestion.pages.details import is_unheard
from services.ingestion.run import Run
from services.kit.clock import Clock
from services.sources.pages import Detail, Turn
from services.tenancy import owned

MOST_DETAILS = 500
MOST_CHARACTERS = 2_000_000
"""Of one row at most, or of a single detail: MongoDB takes rows of 16 MB."""
_NOTHING: Row = {"changes": {}, "turn": None, "said": "", "author": ""}


class Staging:
    """Details that wait for their tickets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._rows = database.collection(StagedDetail)
        self._tickets = database.collection(Ticket)
        self._clock = clock

    async def fresh(self, run: Run, portion: int, details: Sequence[Detail]) -> list[Row]:
        """Rows that keep those of a portion's details that are not worked in already."""
        by_ticket: defaultdict[str, list[Row]] = defaultdict(list)
        for detail in details:
            if detail.turn is not Turn.BORN:  # the first values follow from the present ones and the changes
                by_ticket[detail.ticket_id].append(_told(detail))
        if not by_ticket:
            return []
        stored = self._tickets.find(
            owned(run.tenant_id, external_id={"$in": list(by_ticket)}, told={"$exists": True}),
            {"_id": 0, "external_id": 1, "told": 1},
        )
        for row in await stored.to_list(None):
            name = row["external_id"]
            by_ticket[name] = [detail for detail in by_ticket[name] if is_unheard(detail, row["told"])]
        return list(_rows(run, portion, by_ticket, self._clock))

    async def of(self, run: Run, ticket_ids: Collection[str]) -> dict[str, list[Row]]:
        """What waits for each of these tickets, each detail with the `_id` of the row that keeps it."""
        if not run.origin.tells_moments or not ticket_ids:
            return {}
        waiting = owned(run.tenant_id, ticket_id={"$in": list(ticket_ids)}, connection_id=run.origin.connection_id)
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for row in await self._rows.find(waiting, {"ticket_id": 1, "told": 1}).to_list(None):
            found[row["ticket_id"]] += [{**_NOTHING, **detail, "_id": row["_id"]} for detail in row["told"]]
        return found


def used(tenant_id: str, details: Iterable[Row]) -> list[DeleteMany]:
    """The write that removes the rows of details that were worked into their tickets."""
    ids = list({detail["_id"] for detail in details})
    return [DeleteMany(owned(tenant_id, _id={"$in": ids}))] if ids else []


def _rows(run: Run, portion: int, by_ticket: Mapping[str, Sequence[Row]], clock: Clock) -> Iterator[Row]:
    front, now = f"{run.job.id}:{portion}", clock.now()
    for ticket_id, told in by_ticket.items():
        for number, part in enumerate(_parts(told)):
            yield {
                "_id": f"{front}:{ticket_id}" + (f":{number}" if number else ""),
                "tenant_id": run.tenant_id,
                "connection_id": run.origin.connection_id,
                "ticket_id": ticket_id,
                "told": part,
                "staged_at": now,
            }


def _parts(told: Sequence[Row]) -> Iterator[list[Row]]:
    """What is told of a ticket in parts that fit into a row, mostly one."""
    part: list[Row] = []
    characters = 0
    for detail in told:
        size = len(detail.get("said", ""))
        if part and (len(part) == MOST_DETAILS or characters + size > MOST_CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(detail)
        characters += size
    if part:
        yield part


def _told(detail: Detail) -> Row:
    row: Row = {"kind": detail.kind, "serial": detail.serial, "at": detail.at}
    if detail.changes:
        # Nothing is stored as null, as it is of tickets.
        row["changes"] = {
            name: {"old": change.old or None, "new": change.new or None} for name, change in detail.changes.items()
        }
    if detail.turn:
        row["turn"] = detail.turn.value
    if detail.said:
        row["said"] = detail.said
    if detail.author:
        row["author"] = detail.author
    return row
