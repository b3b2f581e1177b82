"""Where a walk over Zendesk's exports stands, as the text that a run keeps. All moments are seconds since 1970."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from services.sources.pages import BEGINNING, PagePlace

CURSOR_FORM = r"^[!-~]{1,2000}$"
"""What we keep of a cursor's possible forms: it has to fit into a place."""
_Second = Annotated[int, Field(ge=0, lt=2**40)]


class ZendeskPhase(StrEnum):
    """What the next request is for."""

    LOOK = "look"
    """To know whether there is anything new."""
    EVENTS = "events"
    TICKETS = "tickets"


@dataclass(frozen=True, slots=True)
class ZendeskPlace:
    """A place, and everything that a run has to know there."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    phase: ZendeskPhase = ZendeskPhase.EVENTS
    at: _Second = 0
    """Where the next page of events begins."""
    events_from: _Second = 0
    """Where this run's events begin."""
    cursor: Annotated[str, Field(pattern=CURSOR_FORM)] | None = None
    """Where the next page of tickets begins; None: at `since`."""
    since: _Second = 0
    """All tickets that were generated before have been read: what a cursor that is refused is replaced by."""
    known: int = -1
    """All tickets that were generated up to here have been read."""
    horizon: _Second | None = None
    """What happened later is left to the next run; None: not fixed yet."""
    proven: _Second = 0
    """Up to here the horizon cannot be in the future: by our clock, and by what events have shown."""
    is_anew: bool = False
    """The place before could not be read."""
    v: Literal[1] = 1

    @property
    def text(self) -> str:
        """What a run keeps of it."""
        return _PLACE.dump_json(self).decode()

    @property
    def end(self) -> int:
        """The horizon once all events are read: never later than what is proven, whatever the clock of Zendesk says."""
        return self.proven if self.horizon is None else min(self.horizon, self.proven)

    def resumed(self, cursor: str | None, since: int, *, is_complete: bool) -> str:
        """Where the next run begins.

        Unless all tickets up to the end have been read, it reads this run's events once more: nobody promises that
        those which belong to tickets not shown yet are kept.
        """
        # Of the second `since` itself some may be behind the cursor.
        events_from, known = (self.end, self.end) if is_complete else (self.events_from, since - 1)
        return ZendeskPlace(
            ZendeskPhase.LOOK, at=events_from, events_from=events_from, cursor=cursor, since=since, known=known
        ).text


_PLACE = TypeAdapter(ZendeskPlace)


def zendesk_place(place: PagePlace) -> ZendeskPlace:
    """The place that a text means; one that cannot be read means the beginning."""
    if place == BEGINNING:
        return ZendeskPlace()
    try:
        return _PLACE.validate_json(str(place))
    except ValidationError:
        return ZendeskPlace(is_anew=True)


def begun(cursor: PagePlace | None, *, whole: bool) -> PagePlace:
    """Where a walk begins for whoever has read up to `cursor`."""
    if whole or cursor is None:
        return BEGINNING
    place = zendesk_place(cursor)
    return place.text if place.phase is ZendeskPhase.LOOK else replace(ZendeskPlace(), is_anew=True).text
