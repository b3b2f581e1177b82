"""What a walk remembers: the pages of the part of the list that it has read without a gap, and which showed what."""

from collections.abc import Collection
from dataclasses import dataclass

from services.sources.pages import PagePlace

MAX_REMEMBERED = 1_000_000
"""Records, some 100 bytes each; of a longer list, those that were shown last."""
BEFORE = -1
"""In the place of a leg's index: read by another process, on a page that is not known."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A page as it was when it was read."""

    serial: int
    place: PagePlace
    ids: list[int | None]
    """Hashes of what tells its records apart; None for one that has nothing of the kind."""
    total: int | None
    is_settled: bool = False
    """It was read twice in a row and the same both times."""

    def slipped_to(self, ids: list[int | None]) -> int:
        """How many records have slipped on to the page since, which now shows `ids`."""
        position = {key: position for position, key in enumerate(ids)}
        kept = [position[key] for key in self.ids if key is not None and key in position]
        return len(ids) - 1 - max(kept) if kept else 0


class Trail:
    """The legs, in the order of the list."""

    def __init__(self) -> None:
        self._legs: list[Leg] = []
        self._serial = 0
        self._index: dict[int, int] = {}  # of legs, by serial
        self._places: set[PagePlace] = set()
        self._shown: dict[int, int] = {}  # the serial of the leg that showed a record last, even of one cut off

    def __len__(self) -> int:
        return len(self._legs)

    def __contains__(self, place: PagePlace) -> bool:
        return place in self._places

    @property
    def last(self) -> Leg | None:
        """The leg read last."""
        return self._legs[-1] if self._legs else None

    @property
    def has_records(self) -> bool:
        """Whether any record was ever shown."""
        return bool(self._shown)

    def seen_before(self, names: Collection[str]) -> None:
        """Another process has seen these records."""
        self._shown = {hash(name): BEFORE for name in names}
        self._index[BEFORE] = BEFORE

    def knows(self, key: int) -> bool:
        """Whether the record was ever shown."""
        return key in self._shown

    def shows(self, key: int) -> bool:
        """Whether a leg of the trail shows the record."""
        return self._shown.get(key) in self._index

    def index_of(self, key: int) -> int:
        """The leg that shows it; `BEFORE` if that is not known."""
        return self._index[self._shown[key]]

    def repeated_in(self, ids: list[int | None]) -> list[int]:
        """The positions of records that the trail shows already."""
        return [position for position, key in enumerate(ids) if key is not None and self.shows(key)]

    def is_continued_by(self, ids: list[int | None], expected: Leg) -> bool:
        """Whether a page, where `expected` stood, still shows something of what was read."""
        old = set(expected.ids)
        return any(key is not None and (key in old or self.shows(key)) for key in ids)

    def append(self, place: PagePlace, ids: list[int | None], total: int | None, *, is_settled: bool = False) -> None:
        """Put a page to the end."""
        self._serial += 1
        self._index[self._serial] = len(self._legs)
        self._legs.append(Leg(self._serial, place, ids, total, is_settled))
        self._places.add(place)
        for key in ids:
            if key is not None:
                self._shown.pop(key, None)  # what was shown last stands last
                self._shown[key] = self._serial
        while len(self._shown) > MAX_REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def note_at_beginning(self, ids: list[int | None]) -> None:
        """Records that were found at the beginning of the list, beside the trail."""
        for key in ids:
            if key is not None:
                self._shown.setdefault(key, self._legs[0].serial if self._legs else BEFORE)

    def cut(self, index: int) -> Leg | None:
        """Cut the trail off before a leg, and return that; `BEFORE`: forget all of it, and what was seen before."""
        if index == BEFORE:
            self._legs, self._index, self._places = [], {}, set()
            return None
        leg = self._legs[index]
        for stale in self._legs[index:]:
            del self._index[stale.serial]
            self._places.discard(stale.place)
        del self._legs[index:]
        return leg
