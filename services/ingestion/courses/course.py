"""The course of a walk over a source's list: where it goes next, and whether it has seen everything.

The order of belief is the records, then where a page says that the list goes on, then counts. Only repetition ends a
walk early. A list that is cut into pages by counting moves under the walk: what is deleted before the place that the
walk has reached lets tickets slip to pages that were read already. The signs of that are a total that changes, a page
that shows what an earlier one has shown, an end where a page had promised more; and at the end, a ticket that was shown
and is now named as deleted, or one that came into being during the walk without raising the total. Where there is a
sign, the walk goes back to the page where it was, and on from there.

Going back is sound because tickets that stay keep their order: a page that shows any ticket of the part that was read
without a gap continues that part without a gap.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.ingestion.courses.balance import Balance
from services.ingestion.courses.trail import BEFORE, Leg, Trail
from services.sources.pages import BEGINNING, PagePlace, SourcePage

MAX_DULL_PAGES = 10
"""So many pages in a row that show nothing new are a circle."""
SPARE_READS = 20
READS_A_PAGE = 3
"""How often a page is read, on average, before a list that keeps moving is believed to go on doing so."""
KEPT_MOVING = "the list kept moving while it was read: a ticket may be missing"
CIRCLE = "upstream's pages lead in a circle"


@dataclass(frozen=True, slots=True)
class Step:
    """What a page means for the walk."""

    next: PagePlace | None
    """Where to go; None: this was the end."""
    known: frozenset[int] = frozenset()
    """The positions of its records that were read before in this run."""
    remarks: tuple[str, ...] = ()
    """Why the walk may not have seen everything."""
    goes_back: bool = False


class Course:
    """Follows one walk page by page. Pure: it asks nobody and waits for nothing."""

    def __init__(self, *, may_shift: bool, max_pages: int) -> None:
        """`may_shift`: whether the source's list does; without it no sign of it is looked for."""
        self._may_shift = may_shift
        self._max_pages = max_pages
        self._trail = Trail()
        self._read: set[PagePlace] = set()
        self._reads = self._dull = 0
        self._said: list[str] = []
        self._has_given_up = False
        self.has_moved = False
        """Whether there was any sign that the list moved."""
        self._expected: Leg | None = None  # what stood at the place that the walk has gone back to
        self._twice: set[int] = set()  # shown on two pages that are not neighbours, and looked into
        self._excused: set[int] = set()  # named as deleted, and looked into
        self._head: int | None = None  # records at the beginning that are yet to be read again
        self._pushed = 0  # by how much tickets that came in pushed later ones on
        self._balance = Balance()

    @property
    def has_seen_anything(self) -> bool:
        """Whether any page showed a record."""
        return self._trail.has_records

    def resume(self, next_place: PagePlace, last: PagePlace | None, total: int | None, shown: Collection[str]) -> None:
        """Take up a walk at `next_place`; page `last`, with that total, was read last, and `shown` are its tickets."""
        self._trail.seen_before(shown)
        self._balance = Balance(total)
        if last == next_place:
            self._expected = Leg(0, last, [], total)
        elif last is not None:
            self._trail.append(last, [], total)

    def arrived(self, place: PagePlace, page: SourcePage, born: Mapping[str, datetime]) -> Step:
        """A page has come. `born`: when its tickets came into being, by id."""
        self._said = list(page.remarks)
        ids = [None if name is None else hash(name) for name in page.ids]
        known = frozenset(
            position
            for position, key in enumerate(ids)
            if (place in self._read if key is None else self._trail.knows(key))
        )
        self._reads += 1
        self._balance.note(page, born, known)
        expected, self._expected = self._expected, None
        is_circle = place in self._trail
        looks_for_signs = self._may_shift and not (self._has_given_up or is_circle or self._head is not None)
        back = self._sign(page, ids, expected) if looks_for_signs else None
        is_new = len(known) < len(ids) and any(ids[at] is not None for at in range(len(ids)) if at not in known)
        following = page.next if ids else None
        if self._head is not None:
            following = self._head_read(ids, following, is_new=is_new)
        else:
            is_settled = expected is not None and expected.ids == ids
            self._put_down(place, page, ids, is_circle=is_circle, is_settled=is_settled)
            following = self._unless_circling(place, following, is_circle=is_circle, is_new=is_new)
        previous = None if back is None else self._back_to(back)
        self._read.add(place)
        following = following if previous is None else previous
        if following is not None and self._reads >= self._max_pages:
            self._give_up(f"stopped after {self._max_pages} pages, and there were more")
            following = None
        return Step(following, known, tuple(self._said), previous is not None)

    def ended(self, deleted: Collection[str] | None) -> Step:
        """The end was reached; the step leads back to where the list is to be walked again, if it is.

        `deleted`: the ids that the source names as deleted by now; None: it names none.
        """
        self._said = []
        if not self._may_shift or self._has_given_up:
            return Step(None)
        went = {key for key in map(hash, deleted or ()) if self._trail.knows(key)}
        gone = self._gone(went)
        following: PagePlace | None = None
        if gone:
            self._excused |= gone
            following = self._back_to(min(self._trail.index_of(key) for key in gone))
        elif self._pushed:
            self._head, self._pushed = self._pushed, 0
            following = BEGINNING if self._may_read_again() else None
        elif self._balance.is_unexplained(went=len(went), names_deleted=bool(deleted)):
            following = self._back_to(BEFORE)
        return Step(following, remarks=tuple(self._said), goes_back=following is not None)

    def _gone(self, went: set[int]) -> set[int]:
        """Of the tickets that were shown and then deleted, those that may have moved others past the walk."""
        if len(went) == self._balance.slipped and not self._balance.has_grown:
            return set()  # all that they moved was found
        return {key for key in went if self._trail.shows(key)} - self._excused

    def _sign(self, page: SourcePage, ids: list[int | None], expected: Leg | None) -> int | None:
        """The leg to go back to, if the page shows that the list has moved."""
        last = len(self._trail) - 1
        if expected is not None:
            is_beginning = last < 0 and expected.place == BEGINNING
            if not is_beginning and not self._trail.is_continued_by(ids, expected):
                return last
            if not expected.ids:
                return None  # read last by another process: what it showed is not known page by page
            self._balance.slipped += expected.slipped_to(ids)
        again = self._trail.repeated_in(ids)
        if again:
            return self._after_repetition(ids, again)
        before = self._trail.last
        if before is None or expected is not None:
            return None
        if page.total is not None and before.total is not None:
            return last if page.total != before.total else None
        return last if not ids and not before.is_settled else None

    def _after_repetition(self, ids: list[int | None], again: list[int]) -> int | None:
        """A page repeats the end of the one before when something came in; else something was moved to its place."""
        self.has_moved = self._balance.has_grown = True
        keys = {key for position in again if (key := ids[position]) is not None}
        before = self._trail.last
        is_continued = before is None or not before.ids or before.ids[-1] == ids[len(again) - 1]
        if again[-1] == len(again) - 1 and is_continued:
            self._pushed += len(again)
            return None
        if keys <= self._twice:
            self._say(KEPT_MOVING)
            return None
        self._twice |= keys
        return min(map(self._trail.index_of, keys))

    def _put_down(
        self, place: PagePlace, page: SourcePage, ids: list[int | None], *, is_circle: bool, is_settled: bool
    ) -> None:
        before = self._trail.last
        if is_circle:
            self._say(CIRCLE)
            return
        if before is not None and any(ids) and before.ids == ids:
            self._say(f"page {len(self._trail) + 1} repeats page {len(self._trail)}")
        self._trail.append(place, ids, page.total, is_settled=is_settled)

    def _unless_circling(
        self, place: PagePlace, following: PagePlace | None, *, is_circle: bool, is_new: bool
    ) -> PagePlace | None:
        if is_circle or place not in self._read:
            self._dull = 0 if is_new else self._dull + 1
        if following is not None and self._dull >= MAX_DULL_PAGES:
            self._give_up(f"stopped after {MAX_DULL_PAGES} pages that showed nothing new")
            return None
        return following

    def _head_read(self, ids: list[int | None], following: PagePlace | None, *, is_new: bool) -> PagePlace | None:
        """What was moved to the beginning during the walk stands among as many tickets as were pushed on since."""
        assert self._head is not None  # noqa: S101  (narrows the type)
        self._trail.note_at_beginning(ids)
        self._head -= len(ids)
        if following is not None and (is_new or self._head > -len(ids)):
            return following
        self._head = None
        return None

    def _back_to(self, index: int) -> PagePlace | None:
        """Forget the trail from the leg on and read it again; None if that was done too often."""
        if not self._may_read_again():
            return None
        self.has_moved = True
        self._expected = self._trail.cut(index)
        if self._expected is None:
            self._pushed, self._balance = 0, Balance()
            return BEGINNING
        return self._expected.place

    def _may_read_again(self) -> bool:
        if self._reads < READS_A_PAGE * len(self._read) + SPARE_READS:
            return True
        self._give_up(KEPT_MOVING)
        return False

    def _give_up(self, remark: str) -> None:
        self._has_given_up = True
        self._say(remark)

    def _say(self, remark: str) -> None:
        if remark not in self._said:
            self._said.append(remark)
