"""A list of tickets that changes between any two requests, cut into pages by counting: pure, for tests of the walk."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.ingestion.courses.course import Course
from services.sources.pages import BEGINNING, PagePlace, SourcePage

ORDERS = ("oldest first", "newest first", "edited last", "edited first", "anywhere")
"""Where a ticket that comes in stands, and where one that is edited moves to."""
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class MovingList:
    """Pages of it, with everything that a source may or may not tell beside them."""

    chance: random.Random
    size: int
    order: str
    liveliness: float
    """The chance that something changes before a request, and again that one more thing does."""
    counts: bool = True
    names_deleted: bool = True
    ids: list[str] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    born: dict[str, datetime] = field(default_factory=dict)
    now: datetime = datetime(2026, 2, 5, tzinfo=UTC)
    requests: list[PagePlace] = field(default_factory=list)

    def fill(self, number: int) -> None:
        """So many tickets, from long ago."""
        self.ids = [f"T-{index}" for index in range(number)]
        self.born = dict.fromkeys(self.ids, LONG_AGO)

    def page(self, place: PagePlace) -> SourcePage:
        """The page with that number, after the list has moved."""
        self._pass_time()
        self.requests.append(place)
        first = (int(place) - 1) * self.size
        shown = self.ids[first : first + self.size]
        has_more = first + self.size < len(self.ids)
        total = len(self.ids) if self.counts else None
        return SourcePage(shown, list(shown), int(place) + 1 if has_more else None, total, at=self.now)

    def deleted_now(self) -> set[str] | None:
        """The deleted tickets, after the list has moved."""
        self._pass_time()
        return set(self.deleted) if self.names_deleted else None

    def _pass_time(self) -> None:
        self.now += timedelta(seconds=1)
        while self.chance.random() < self.liveliness:
            self.chance.choice([self.insert, self.delete, self.edit])()

    def insert(self) -> None:
        """A ticket comes in."""
        name = f"N-{len(self.born)}"
        self.born[name] = self.now
        ends: dict[str, Callable[[], int]] = {
            "newest first": lambda: 0,
            "edited first": lambda: 0,
            "anywhere": lambda: self.chance.randint(0, len(self.ids)),
        }
        self.ids.insert(ends.get(self.order, lambda: len(self.ids))(), name)

    def delete(self) -> None:
        """A ticket is deleted."""
        if self.ids:
            self.deleted.add(self.ids.pop(self.chance.randrange(len(self.ids))))

    def edit(self) -> None:
        """A ticket is edited, and moves if the order goes by that."""
        if self.ids and self.order.startswith("edited"):
            name = self.ids.pop(self.chance.randrange(len(self.ids)))
            self.ids.insert(0 if self.order == "edited first" else len(self.ids), name)


@dataclass
class Walked:
    """What a walk came to."""

    seen: set[str]
    remarks: list[str]


def walk(listed: MovingList, course: Course, *, start: PagePlace = BEGINNING) -> Walked:
    """Follow the course to its end, as a run does."""
    walked = Walked(set(), [])
    place: PagePlace | None = start
    while place is not None:
        while place is not None:
            page = listed.page(place)
            walked.seen |= set(page.records)
            step = course.arrived(place, page, {name: listed.born[name] for name in page.records})
            walked.remarks += step.remarks
            place = step.next
        step = course.ended(listed.deleted_now())
        walked.remarks += step.remarks
        place = step.next
    return walked
