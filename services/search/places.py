"""Places in a list by relevance, as cursors."""

from dataclasses import dataclass

from services.errors import InvalidCursorError
from services.lists.cursors import Cursor

_LONGEST_RANK = 12


@dataclass(frozen=True, slots=True)
class RankedSpan:
    """The matches that are ranked in a list by relevance: those that were the newest ones at its first page.

    Both ends are places in the list by date, so that the span stays what it is when tickets come and go.
    """

    newest: Cursor
    oldest: Cursor | None
    """None: there are no older matches."""


@dataclass(frozen=True, slots=True)
class SearchPlace:
    """A ticket's place in a list by relevance."""

    own: Cursor
    """Its place in the list by date."""
    fit: int | None
    """How well it fits; None: it is older than those that are ranked."""
    span: RankedSpan

    def encode(self) -> Cursor:
        """As a cursor of a list."""
        span = self.span
        places = [self.own, span.newest, *([] if span.oldest is None else [span.oldest])]
        rank = "" if self.fit is None else str(self.fit)
        return Cursor(self.own.moment, ":".join([rank, *(place.encode("") for place in places)]))

    @classmethod
    def decode(cls, cursor: Cursor) -> "SearchPlace":
        """The place that became the cursor.

        Raises:
            InvalidCursorError: none did.
        """
        rank, *places = str(cursor.row_id).split(":")
        if rank and not (rank.isascii() and rank.isdecimal() and len(rank) < _LONGEST_RANK):
            raise InvalidCursorError("The cursor is broken.")
        match [Cursor.decode(place, "") for place in places]:
            case [own, newest]:
                return cls(own, int(rank or 0), RankedSpan(newest, None))
            case [own, newest, oldest]:
                return cls(own, int(rank) if rank else None, RankedSpan(newest, oldest))
        raise InvalidCursorError("The cursor is broken.")
