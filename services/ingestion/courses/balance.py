"""What came into a list and what went out of it during a walk, as far as the source tells."""

from collections.abc import Mapping
from datetime import datetime

from services.sources.pages import SourcePage


class Balance:
    """A ticket that comes in can hide from the total one that was deleted: both are counted."""

    def __init__(self, total: int | None = None) -> None:
        """`total`: that of the page read last, where the walk was taken up from another process."""
        self.slipped = 0
        """Tickets that slipped to a page already read, and were found there."""
        self.has_grown = False
        """Whether anything came in."""
        self._total = total
        self._born = self._risen = self._fallen = 0
        self._began: datetime | None = None

    def note(self, page: SourcePage, born: Mapping[str, datetime], known: frozenset[int]) -> None:
        """Count what a page tells. `born`: when its tickets came into being, by id; `known`: see `Step`."""
        self._began = self._began or page.at
        if self._began is not None and page.at is not None:
            fresh = {name for position, name in enumerate(page.ids) if position not in known}
            self._born += sum(self._began < moment <= page.at for name, moment in born.items() if name in fresh)
        if page.total is not None:
            change = page.total - (page.total if self._total is None else self._total)
            self._risen += max(0, change)
            self._fallen += max(0, -change)
            self._total = page.total
        self.has_grown = self.has_grown or self._born > 0 or self._risen > 0

    def is_unexplained(self, *, went: int, names_deleted: bool) -> bool:
        """Whether more came or went than there is an explanation for. `went`: tickets named as deleted meanwhile."""
        came_uncounted = self._born > self._risen
        went_unnamed = self.slipped > went
        unknown = (self.has_grown and self._born != self._risen) or self._fallen > self.slipped
        return came_uncounted or went_unnamed or (unknown and not names_deleted)
