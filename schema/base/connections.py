"""Connections: lists that are read page by page along cursors, after the Relay specification."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from schema.base.cost import DEFAULT_PAGE_SIZE, Cost
from schema.base.info import Info
from services.errors import InvalidInputError
from services.lists.cursors import Cursor
from services.lists.keyset import Slice, Window

N = TypeVar("N")
T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="How many from the start: 1 to 100; 20 if neither is given.")
]
Last = Annotated[int | None, strawberry.argument(description="How many from the end: 1 to 100; not with `first`.")]
After = Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor.")]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """The Relay page info."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is something before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first node; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last node; null on an empty page.")


@strawberry.type(description="A node and its place in the list.")
class Edge(Generic[N]):
    """The Relay edge."""

    cursor: str = strawberry.field(description="The node's place, for `after` and `before`.")
    node: N = strawberry.field(description="The object.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[N]):
    """The Relay connection; what is not asked for is not computed."""

    nodes: list[N] = strawberry.field(description="The objects of this page, without their cursors.")
    cursor_of: strawberry.Private[Callable[[int], str]]
    """The cursor of the nth node."""
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    has_next: strawberry.Private[bool]
    has_previous: strawberry.Private[bool]

    @strawberry.field(description="The objects of this page with their cursors.")
    def edges(self) -> list[Edge[N]]:
        """The nodes with their cursors."""
        return [Edge(cursor=self.cursor_of(index), node=node) for index, node in enumerate(self.nodes)]

    @strawberry.field(description="Where this page lies in the list.")
    def page_info(self) -> PageInfo:
        """The page's place."""
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=self.has_previous,
            start_cursor=self.cursor_of(0) if self.nodes else None,
            end_cursor=self.cursor_of(len(self.nodes) - 1) if self.nodes else None,
        )

    @strawberry.field(
        description="How many there are on all pages together; counted only when asked for.",
        directives=[Cost(weight=10)],
    )
    async def total_count(self) -> int:
        """The length of the whole list."""
        return await self.count()


class Pager(Generic[T]):
    """Reads the page arguments of one connection field, and builds the connection from what was found."""

    def __init__(self, info: Info, listing: str, *, place: Callable[[T], Cursor], newest_first: bool = True) -> None:
        """`listing` names the list and its order, so that a cursor of another one is refused."""
        self._max_size = info.context.max_page_size
        self._listing = f"{listing}:{newest_first}"
        self._place = place
        self._newest_first = newest_first

    def window(self, first: int | None, last: int | None, after: str | None, before: str | None) -> Window:
        """The stretch that the arguments ask for.

        Raises:
            InvalidInputError: both `first` and `last` are given, or one is out of range.
            InvalidCursorError: a cursor is broken or of another list.
        """
        if first is not None and last is not None:
            raise InvalidInputError("Give either first or last, not both.")
        for name, size in (("first", first), ("last", last)):
            if size is not None and not 1 <= size <= self._max_size:
                raise InvalidInputError(f"{name} must be 1 to {self._max_size}.")
        return Window(
            limit=first or last or min(DEFAULT_PAGE_SIZE, self._max_size),
            after=None if after is None else Cursor.decode(after, self._listing),
            before=None if before is None else Cursor.decode(before, self._listing),
            from_end=last is not None,
            newest_first=self._newest_first,
        )

    def connection(
        self, found: Slice[T], window: Window, convert: Callable[[T], N], count: Callable[[], Awaitable[int]]
    ) -> Connection[N]:
        """The page that was found."""
        return Connection(
            nodes=[convert(item) for item in found.items],
            cursor_of=lambda index: self._place(found.items[index]).encode(self._listing),
            count=count,
            has_next=window.before is not None if window.from_end else found.has_more,
            has_previous=found.has_more if window.from_end else window.after is not None,
        )
