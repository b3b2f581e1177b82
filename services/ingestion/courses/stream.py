"""The course of a walk over what has changed at a source since a place: from page to page, until the source says so.

Nothing shifts here: a place names a moment, and what comes after it stays after it. What may go wrong is a source that
leads nowhere, or in a circle.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from services.ingestion.courses.course import CIRCLE, Step
from services.sources.pages import PagePlace, SourcePage

MAX_EMPTY_PAGES = 100
"""So many pages in a row that tell nothing are no way to anywhere, even if each names another one."""


class StreamCourse:
    """Follows one walk page by page. Pure: it asks nobody and waits for nothing."""

    has_moved = False

    def __init__(self, *, max_pages: int) -> None:
        self._max_pages = max_pages
        self._read: set[PagePlace] = set()
        self._shown: set[int] = set()
        self._reads = self._empty = 0

    @property
    def has_seen_anything(self) -> bool:
        """Whether any page showed a record."""
        return bool(self._shown)

    def resume(self, next_place: PagePlace, last: PagePlace | None, total: int | None, shown: Collection[str]) -> None:
        """Take up a walk that has shown these tickets."""
        self._shown = set(map(hash, shown))

    def arrived(self, place: PagePlace, page: SourcePage, born: Mapping[str, datetime]) -> Step:
        """A page has come."""
        keys = [None if name is None else hash(name) for name in page.ids]
        known = frozenset(position for position, key in enumerate(keys) if key in self._shown)
        self._reads += 1
        self._read.add(place)
        self._shown.update(key for key in keys if key is not None)
        is_empty = len(known) == len(keys) and not page.details
        self._empty = self._empty + 1 if is_empty else 0
        remarks = list(page.remarks)
        following = page.next
        if following in self._read or (following is not None and self._empty >= MAX_EMPTY_PAGES):
            following = None
            remarks.append(CIRCLE)
        if following is not None and self._reads >= self._max_pages:
            following = None
            remarks.append(f"stopped after {self._max_pages} pages, and there were more")
        return Step(following, known, tuple(remarks))

    def ended(self, deleted: Collection[str] | None) -> Step:
        """The end was reached."""
        return Step(None)
