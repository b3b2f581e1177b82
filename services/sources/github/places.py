"""Where a walk over a repository stands, and where the next one begins: JSON of ours, which others only keep."""

from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.sources.pages import MAX_PLACE_CHARACTERS, PagePlace

MOST_KEPT_KEYS = 100
"""As many as a page has entries."""
Second = Annotated[int, Field(ge=0, lt=2**40)]
"""Whole seconds since 1970, as fine as GitHub's times."""
Key = Annotated[int, Field(ge=0, lt=2**63)]
"""An issue's number, or the id of an event or comment."""
P = TypeVar("P", bound="_Written")


class _Written(BaseModel):
    """Written as text, without what is as it is by default."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    def text(self) -> str:
        """The place as it is kept."""
        return self.model_dump_json(exclude_defaults=True)

    def at(self, **changes: object) -> Self:
        """The same with other values."""
        return self.model_copy(update=changes)


class GithubCursor(_Written):
    """What was read."""

    v: Literal[1]
    since: Second | None = None
    """From which second on issues have still to be read; None: all."""
    said: Second | None = None
    """The same of comments."""
    event: Key = 0
    """The newest event that was read."""
    etag: Annotated[str, Field(max_length=300)] = ""
    """Of the answer that there is nothing since then."""
    unchanged: Annotated[int, Field(ge=0)] = 0
    """How often that was the answer, in a row."""


class Spot(_Written):
    """Which page of an answer: the one after a mark of GitHub's, or by its number."""

    page: Annotated[int, Field(ge=1, lt=2**31)] = 1
    size: Annotated[int, Field(ge=0, le=100)] = 0
    """Entries of a page; 0: as many as usual."""
    after: Annotated[str, Field(max_length=500)] = ""
    turn: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """How many pages of the same answer were read before it: no place comes twice, even if it is gone back."""
    past: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """How many entries lie before what a numbered page has to show."""
    tail: tuple[Key, ...] = ()
    """The last entries that were shown before it: one of them must be shown again, or some were passed over."""


class Phase(_Written):
    """A place within a walk."""

    v: Literal[1]
    what: Literal["ask", "events", "comments", "issues"] = "ask"
    """What is read at it; `ask`: whether there is anything."""
    cursor: GithubCursor
    whole: bool = False
    is_anew: bool = False
    """The place where the walk should have begun could not be read."""
    horizon: Second = 0
    """Up to which second the walk reads, including it."""
    since: Second | None = None
    """From which second on the present list is read."""
    seen: Annotated[tuple[Key, ...], Field(max_length=MOST_KEPT_KEYS)] = ()
    """What of that second was shown."""
    spot: Spot = Spot()
    newest: Key = 0
    """The newest event up to the horizon."""
    unread: Key | None = None
    """The oldest event beyond it."""


NOTHING_READ = GithubCursor(v=1)


def read_cursor(cursor: PagePlace | None) -> GithubCursor | None:
    """What was read; None where that cannot be told."""
    return NOTHING_READ if cursor is None else _read(GithubCursor, cursor)


def read_phase(place: PagePlace) -> Phase | None:
    """The place, None where it is none."""
    return _read(Phase, place)


def first_phase(cursor: GithubCursor | None, *, whole: bool) -> Phase:
    """Where a walk begins; without a cursor at the very beginning, since it could not be read."""
    if cursor is None:
        return Phase(v=1, cursor=NOTHING_READ, whole=True, is_anew=True)
    return Phase(v=1, cursor=cursor, whole=whole or cursor.since is None, since=None if whole else cursor.since)


def _read(kind: type[P], text: PagePlace) -> P | None:
    if not isinstance(text, str) or len(text) > MAX_PLACE_CHARACTERS:
        return None
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        return None
