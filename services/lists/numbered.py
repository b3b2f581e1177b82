"""Numbered pages, as REST serves them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pymongo import DESCENDING

from documents.database import Collection, Row
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.tenancy import Filter

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; pages count from 1."""

    items: Sequence[T]
    page: int
    page_size: int
    total_count: int

    @property
    def next_page(self) -> int | None:
        """The number of the page that follows, if one does."""
        return self.page + 1 if self.items and self.page * self.page_size < self.total_count else None

    def turned(self, convert: Callable[[T], U]) -> "Page[U]":
        """The same page of converted items."""
        return Page([convert(item) for item in self.items], self.page, self.page_size, self.total_count)


async def read_newest(rows: Collection, where: Filter, moment: str, *, page: int, page_size: int) -> Page[Row]:
    """A page of the rows that match, newest first by the field `moment`.

    Raises:
        QueryTimeoutError: the database did not finish.
    """
    found = rows.find(where, max_time_ms=LIST_MILLISECONDS).sort([(moment, DESCENDING), ("_id", DESCENDING)])
    async with time_limited():
        total = await rows.count_documents(where, maxTimeMS=LIST_MILLISECONDS)
        items = await found.skip((page - 1) * page_size).limit(page_size).to_list(None)
    return Page(items, page, page_size, total)
