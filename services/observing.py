"""What services tell of what they do. They know neither metrics nor collectors: whoever counts and traces listens here.

Each service is given an `Observer`. That of an application (`Observation`) hands on what it is told as soon as somebody
is attached to it; one by itself does nothing.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunTaken:
    """This process goes on with a run."""


@dataclass(frozen=True, slots=True)
class RunLeft:
    """This process no longer works on a run."""

    reason: str | None
    """Why another attempt has to go on with it: `shutdown`, `rolled_back`, `lease_lost`, `database`, `crash`; None: the
    run has ended."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run has come to its end, or a file that a client sent."""

    kind: str
    """`run` or `file`."""
    outcome: str
    """As in the log, in lower case."""
    seconds: float
    """From its start, in whatever processes."""


@dataclass(frozen=True, slots=True)
class TicketsStored:
    """What a transaction has come to, by what became of the tickets and records."""

    counts: Mapping[str, int]
    """By `new`, `updated`, `unchanged`, `deleted`, `skipped`, `quarantined`."""
    pages: int = 0
    """How many pages began with it."""
    seconds: float | None = None
    """How long it took, if it stored a page or a part of one."""


@dataclass(frozen=True, slots=True)
class TicketJudged:
    """A ticket was classified."""

    language: str | None
    """None: it could not be told."""
    seconds: float


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """A lease was lost that this process held."""

    resource: str
    """The kind of what it was on, never whose."""


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """A request may be sent to a source: the outbound limit has let it pass."""

    source: str
    """The kind of source, as of the next two."""
    seconds: float
    """How long it had to wait for that."""


@dataclass(frozen=True, slots=True)
class SourceThrottled:
    """A source has asked to be left alone for a while."""

    source: str


@dataclass(frozen=True, slots=True)
class SourceAnswered:
    """A request to a source has come to its end."""

    source: str
    status: int | None
    """None: there was no whole answer."""
    seconds: float


@dataclass(frozen=True, slots=True)
class NotificationAttempted:
    """One attempt to deliver a notification, or a digest of several."""

    kind: str
    """Of its destination."""
    result: str
    request_seconds: float
    delivery_seconds: float | None
    """Of a delivery: from the ticket's becoming urgent."""


ServiceEvent = (
    RunTaken
    | RunLeft
    | RunEnded
    | TicketsStored
    | TicketJudged
    | LeaseLost
    | SlotTaken
    | SourceThrottled
    | SourceAnswered
    | NotificationAttempted
)
Attribute = str | int
"""What is said of a step in a trace; ids and numbers, no texts of tickets."""


class TracedStep:
    """A step while it is under way. This one is not traced."""

    def add(self, **attributes: Attribute) -> None:
        """Say more of it, for instance what it has come to."""


class Observer:
    """Whoever is told. This one does not care."""

    def note(self, event: ServiceEvent) -> None:
        """Take note of an event, at once and from whatever thread."""

    def span(
        self, name: str, *, parent: str | None = None, **attributes: Attribute
    ) -> AbstractContextManager[TracedStep]:
        """A step that is traced for as long as the block runs.

        `parent`: the `trace` of the step that asked for it, perhaps in another process; None: the one it is part of.
        """
        return nullcontext(NOT_TRACED)

    def trace(self) -> str | None:
        """The step at hand as others can go on from it, a W3C `traceparent`; None: nothing is traced."""
        return None


NOT_TRACED = TracedStep()
UNOBSERVED = Observer()


class Observation(Observer):
    """Hands on what it is told to the observer that is attached."""

    def __init__(self) -> None:
        self._observer = UNOBSERVED

    def attach(self, observer: Observer) -> None:
        """Hand on to this one from now on, and to no other."""
        self._observer = observer

    def note(self, event: ServiceEvent) -> None:
        """Hand the event on."""
        self._observer.note(event)

    def span(
        self, name: str, *, parent: str | None = None, **attributes: Attribute
    ) -> AbstractContextManager[TracedStep]:
        """The observer's span."""
        return self._observer.span(name, parent=parent, **attributes)

    def trace(self) -> str | None:
        """The observer's trace."""
        return self._observer.trace()
