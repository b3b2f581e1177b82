"""What has become of tickets that changed, for somebody who shows those that match a filter."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from documents.database import Database, Row
from documents.described import DescribedEnum
from documents.ticket import Ticket
from services.coordination.ticket_edits import EditedTickets, TicketEdit
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.search.terms import SEARCHED_FIELDS
from services.tenancy import Filter, deleted, live, owned
from services.tickets.filter import TicketFilter, condition
from services.tickets.record import PROJECTION, TicketRecord, to_record

_EXTERNAL_ID: Row = {"external_id": 1}
_TENANCY = frozenset(["tenant_id", "deleted_at"])
"""What a condition on tickets says of whose they are, and whether they live."""
_DELETION = frozenset(["deleted_at"])
_JOINING = frozenset(["$and", "$or", "$nor"])


class TicketUpdateKind(DescribedEnum):
    """What has become of a ticket."""

    CREATED = "created", "It is new, and matches."
    UPDATED = "updated", "It changed, or came back, and matches; it may not have matched before."
    UNMATCHED = "unmatched", "It changed, and does not match; it may have matched before."
    DELETED = "deleted", "It matched until it was deleted."


@dataclass(frozen=True, slots=True)
class TicketUpdate:
    """What has become of one ticket."""

    kind: TicketUpdateKind
    external_id: str
    ticket: TicketRecord | None = None
    """The ticket, where it matches."""


@dataclass(frozen=True, slots=True)
class TicketUpdates:
    """What has become of tickets within a moment, in the order in which they changed first."""

    updates: list[TicketUpdate]
    has_more: bool
    """Whether more has changed than is told."""


class FollowedTickets:
    """Looks at tickets that have changed."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)

    async def look_at(
        self, tenant_id: str, wanted: TicketFilter, changed: EditedTickets, *, omit: Collection[str] = ()
    ) -> TicketUpdates:
        """What has become of the tenant's tickets that have changed. The fields to `omit` are not read: they are empty.

        A ticket that does not match is told of only if it may have matched before: if a field changed that the
        filter rests on.

        Raises:
            InvalidInputError: the filter makes no sense.
            QueryTimeoutError: the database did not finish.
        """
        wanted_of_it = {name: value for name, value in condition(tenant_id, wanted).items() if name not in _TENANCY}
        ids = [edit.row_id for edit in changed.edits]
        projection = {name: 1 for name in PROJECTION if name not in omit}
        async with time_limited():
            found = await self._find(live(tenant_id, **wanted_of_it, _id={"$in": ids}), projection)
            matching = {row["_id"]: row for row in found}
            rest = {"$in": [row_id for row_id in ids if row_id not in matching]}
            gone, others = await asyncio.gather(
                self._find(deleted(tenant_id, **wanted_of_it, _id=rest)), self._find(owned(tenant_id, _id=rest))
            )
        judging = _Judging(matching, _names_of(gone), _names_of(others), fields_in(wanted_of_it))
        updates = [update for edit in changed.edits if (update := judging.update(edit)) is not None]
        return TicketUpdates(updates, changed.has_more)

    async def _find(self, where: Filter, projection: Row = _EXTERNAL_ID) -> list[Row]:
        """The rows that meet a condition, which names some by their ids."""
        if not where["_id"]["$in"]:
            return []
        return await self._tickets.find(where, projection, max_time_ms=LIST_MILLISECONDS).to_list(None)


@dataclass(frozen=True, slots=True)
class _Judging:
    """Judges what edits mean."""

    matching: dict[Any, Row]
    gone: dict[Any, str]
    """External ids of those that are deleted and match apart from that."""
    others: dict[Any, str]
    """Of all that do not match, those among them."""
    rests_on: frozenset[str] | None

    def update(self, edit: TicketEdit) -> TicketUpdate | None:
        """What the follower is told, if anything."""
        row = self.matching.get(edit.row_id)
        if row is not None:
            ticket = to_record(row)
            kind = TicketUpdateKind.CREATED if edit.is_new else TicketUpdateKind.UPDATED
            return TicketUpdate(kind, ticket.external_id, ticket)
        if edit.is_new or edit.row_id not in self.others:
            return None
        if edit.row_id in self.gone:
            kind, has_left = TicketUpdateKind.DELETED, edit.touches(_DELETION)
        else:
            kind = TicketUpdateKind.UNMATCHED
            has_left = self.rests_on is None or edit.touches(self.rests_on)
        return TicketUpdate(kind, self.others[edit.row_id]) if has_left else None


def fields_in(where: Filter) -> frozenset[str] | None:
    """The fields of a ticket that a condition rests on; None: it cannot be told."""
    names = frozenset(_names_in(where))
    return None if any(name.startswith("$") for name in names) else names


def _names_in(where: Filter) -> Iterator[str]:
    for name, value in where.items():
        if name == "search_terms":
            yield from (name, *SEARCHED_FIELDS)
        elif name in _JOINING:
            for each in value:
                yield from _names_in(each)
        elif name == "$expr":
            yield from _names_read(value)
        else:
            yield name.partition(".")[0]


def _names_read(expression: Any) -> Iterator[str]:
    """The fields that an expression reads."""
    if isinstance(expression, str) and expression.startswith("$") and not expression.startswith("$$"):
        yield from _names_in({expression[1:]: True})
    elif isinstance(expression, Mapping):
        for operator, operand in expression.items():
            yield from () if operator == "$literal" else _names_read(operand)
    elif isinstance(expression, list):
        for each in expression:
            yield from _names_read(each)


def _names_of(rows: Iterable[Row]) -> dict[Any, str]:
    """External ids by row ids, as `to_record` has them."""
    return {row["_id"]: name if isinstance(name := row.get("external_id"), str) else str(row["_id"]) for row in rows}
