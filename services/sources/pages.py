"""What a source hands to a run: pages at places of its own list, in words that no source needs to explain."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from documents.ticket_history import FieldChange
from services.sources.budget import OnWait

PagePlace = int | str
"""Where a page of a source's list begins: whatever the source understands. A run only keeps it and hands it back; it
is stored with each page as the job's checkpoint."""
BEGINNING: PagePlace = 1
"""The place that every source takes for the beginning of its list."""
MAX_PLACE_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a run may expect of a source."""

    list_may_shift: bool
    """The list is cut into pages by counting, so that a change before a place moves tickets over it. A run then looks
    for signs of that. False: a place names a ticket or a moment, and what comes after it stays after it."""
    names_deleted: bool
    """There is a list of the tickets that were deleted."""
    is_incremental: bool = False
    """Its pages tell what has changed since a place, so that a run begins where the last one ended (`resume`)."""
    tells_deletions: bool = False
    """What has changed since a place includes what was deleted: nobody has to look for that."""


@dataclass(frozen=True, slots=True)
class UpstreamCaller:
    """On whose behalf a request is made, and who wants to know what becomes of it."""

    tenant_id: str
    on_wait: OnWait
    on_retry: Callable[[], None]


class Turn(StrEnum):
    """A turn in the life of a ticket."""

    BORN = "born"
    """It was created; the changes are its first values."""
    GONE = "gone"
    """It was deleted."""
    BACK = "back"
    """It came back."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that has happened to a ticket, as a source tells it beside the ticket's present state."""

    ticket_id: str
    """As the tickets' ids are stored."""
    kind: str
    """The kind of things that `serial` counts, for instance `event`."""
    serial: int
    """Its number: it grows with time among those of its kind, and never changes."""
    at: datetime
    changes: Mapping[str, FieldChange] = field(default_factory=dict)
    """Fields of the ticket as they are stored, with what they were and what they became."""
    turn: Turn | None = None
    said: str = ""
    """What somebody wrote."""
    author: str = ""
    """Who wrote it, as a ticket's `customer_id` is stored; empty: the customer."""


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A page as the source gave it. The records and `next` are to be believed; the rest are hints."""

    records: Sequence[Any]
    ids: Sequence[str | None]
    """What tells the records apart, one for each; None for a record that has nothing of the kind."""
    next: PagePlace | None
    """Where the list goes on; None: nowhere."""
    total: int | None = None
    """Records in the whole list when the page was made."""
    pages: int | None = None
    """Pages in the whole list, for progress bars."""
    at: datetime | None = None
    """When the page was made, by the source's clock."""
    details: Sequence[Detail] = ()
    """What has happened to tickets that later pages show."""
    resume: PagePlace | None = None
    """Where the next run begins once this page is stored; None: where this run began, or was told before."""
    remarks: tuple[str, ...] = ()
    """What was odd about it, in our words: nothing of what the source sent stands in them."""
