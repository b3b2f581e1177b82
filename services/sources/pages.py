"""What a source hands to a run: pages at places of its own list, in words that no source needs to explain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True, slots=True)
class UpstreamCaller:
    """On whose behalf a request is made, and who wants to know what becomes of it."""

    tenant_id: str
    on_wait: OnWait
    on_retry: Callable[[], None]


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
    remarks: tuple[str, ...] = ()
    """What was odd about it, in our words: nothing of what the source sent stands in them."""
