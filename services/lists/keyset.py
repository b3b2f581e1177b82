"""Keyset pagination: the rows on one side of a cursor, at the same cost however deep in the list it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from documents.database import Collection, Row
from services.lists.cursors import LIST_MILLISECONDS, Cursor, time_limited
from services.tenancy import Filter

_BEFORE_DATES = ["number", "string", "object", "binData", "objectId", "bool"]
"""The types of which every value sorts before every date. An index knows where each of them begins and ends."""
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of a list that is asked for: the first `limit` rows between two cursors, or the last ones."""

    limit: int
    after: Cursor | None = None
    before: Cursor | None = None
    from_end: bool = False
    """Take the last rows instead of the first; they come in the list's order all the same."""
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """A stretch of a list, in the list's order."""

    items: list[T]
    has_more: bool
    """Whether the list goes on in the direction that was asked for."""

    def map(self, convert: Callable[[T], U]) -> "Slice[U]":
        """The same stretch of converted items."""
        return Slice([convert(item) for item in self.items], self.has_more)


async def read_slice(rows: Collection, where: Filter, moment: str, window: Window) -> Slice[Row]:
    """Read a window of the rows that match, ordered by the field `moment` and then by `_id`.

    Raises:
        QueryTimeoutError: the database did not finish.
    """
    return cut(await read_rows(rows, where, moment, window), window)


async def read_rows(
    rows: Collection,
    where: Filter,
    moment: str,
    window: Window,
    projection: Mapping[str, int] | None = None,
    index: str | None = None,
) -> list[Row]:
    """Read what `cut` needs: the window's rows in the order of reading, and one more if the list goes on.

    `index`: the one to walk along; without it the planner chooses.

    Raises:
        QueryTimeoutError: the database did not finish.
    """
    async with time_limited():
        window = await placed(rows, where, moment, window)
        found = rows.find(between_cursors(where, moment, window), projection, hint=index, max_time_ms=LIST_MILLISECONDS)
        read: list[Row] = (
            await found.sort(list(sort_order(moment, window).items())).limit(window.limit + 1).to_list(None)
        )
    return read


async def placed(rows: Collection, where: Filter, moment: str, window: Window) -> Window:
    """The window, with cursors that know where their rows lie: what other programs have stored in the place of a
    moment, a text for instance, has its place in the order, too, and cursors are not made of it.

    Raises:
        DatabaseTimeoutError: the database did not finish.
    """

    async def at_its_place(cursor: Cursor | None) -> Cursor | None:
        if cursor is None or cursor.moment is not None:
            return cursor
        own = {"$and": [where, {"_id": cursor.row_id}]}
        row = await rows.find_one(own, {moment: 1}, hint="_id_", max_time_ms=LIST_MILLISECONDS)
        return replace(cursor, moment=(row or {}).get(moment))

    return replace(window, after=await at_its_place(window.after), before=await at_its_place(window.before))


def parts_of(window: Window, count: int) -> list[tuple[int, Window]]:
    """Of a list that is made of `count` lists: those that the window can lie in, in the order of reading, each with
    the stretch of it that lies between the cursors."""
    after, before = window.after, window.before
    numbers = range(after.part if after else 0, min(before.part + 1 if before else count, count))
    return [
        (
            number,
            replace(
                window,
                after=after if after and after.part == number else None,
                before=before if before and before.part == number else None,
            ),
        )
        for number in (reversed(numbers) if window.from_end else numbers)
    ]


def between_cursors(where: Filter, moment: str, window: Window) -> Filter:
    """`where` and the bounds that the window's cursors set."""
    bounds = [
        _beyond(cursor, moment, descending=descending)
        for cursor, descending in ((window.after, window.newest_first), (window.before, not window.newest_first))
        if cursor is not None
    ]
    return {"$and": [where, *bounds]} if bounds else where


def sort_order(moment: str, window: Window) -> dict[str, int]:
    """The order in which the window's rows have to be read."""
    direction = -1 if window.newest_first is not window.from_end else 1
    return {moment: direction, "_id": direction}


def cut(read: list[Row], window: Window) -> Slice[Row]:
    """The window out of the `limit + 1` rows that were read for it."""
    items = read[: window.limit]
    return Slice(items[::-1] if window.from_end else items, has_more=len(read) > window.limit)


def _beyond(cursor: Cursor, moment: str, *, descending: bool) -> Filter:
    """The rows behind a cursor. A row without a moment sorts as the oldest; one with anything else in its place, which
    `placed` finds out, by the database's order of types."""
    operator = "$lt" if descending else "$gt"
    same_moment = {moment: cursor.moment, "_id": {operator: cursor.row_id}}
    if cursor.moment is None:
        return same_moment if descending else {"$or": [same_moment, {moment: {"$ne": None}}]}
    if not isinstance(cursor.moment, datetime):
        return {"$or": [{"$expr": {operator: [f"${moment}", {"$literal": cursor.moment}]}}, same_moment]}
    branches: list[Filter] = [{moment: {operator: cursor.moment}}, same_moment]
    return {"$or": [*branches, {moment: {"$type": _BEFORE_DATES}}, {moment: None}] if descending else branches}
