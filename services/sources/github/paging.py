"""Which page of a list comes next.

Lists by `updated_at` are read by time: each page is asked for since the second in which the last one ended, so that
nothing which moves in between is passed over. Where that second is longer than a page, and in the list of events, pages
follow one another: after GitHub's mark where its link has one, which stays where it is. Numbered pages shift when
something before them goes; they are asked for so that each shows again where the last one ended, and if it does not,
it is gone back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.sources.github.answers import Listed
from services.sources.github.places import Phase, Spot

TAIL = 5
"""Entries by which it is told that a page joins the last one."""
_MOST_OVERLAP = 10
FEW = 20
"""The least that is asked for at once. So many entries fit into an answer however large they are; and a page of so many
can always be numbered so that it begins a little before a given place and goes beyond it."""


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """What a list is ordered by."""

    key: int | None
    """Its number or id; None: it has none that can be read."""
    second: int | None
    """When it was changed; None: it does not say."""


def following_spot(spot: Spot, listed: Listed, keys: Sequence[int | None], size: int) -> Spot | None:
    """The next page of the same answer, None at its end. `size`: entries of a usual page."""
    length = spot.size or size
    turn = spot.turn + 1
    start = 0 if spot.after else (spot.page - 1) * length
    if start and spot.tail and not set(spot.tail).intersection(keys):
        # Something went, and what came after it moved up.
        return _numbered(max(0, start - size), size, spot.tail, turn)
    if not keys or not (listed.has_next or len(keys) >= length):
        return None
    if listed.after:
        return Spot(after=listed.after, turn=turn)
    if spot.after:  # nobody knows how far it led; but whatever ends a list after a mark is its end
        return _numbered(size, size, (), turn) if listed.has_next else None
    return _numbered(start + len(keys), size, tuple(key for key in keys if key is not None)[-TAIL:], turn)


def fewer_at_once(here: Phase) -> Phase:
    """The same place with a small page, for entries that are too large to come together."""
    spot = here.spot
    if spot.page == 1:
        return here.at(spot=spot.at(size=FEW))
    return here.at(spot=_numbered(spot.past, FEW, spot.tail, spot.turn))


def _numbered(end: int, size: int, tail: tuple[int, ...], turn: int) -> Spot:
    """The largest page that begins a little before `end`, and goes beyond it."""
    if end == 0:
        return Spot(turn=turn)
    starts = range(max(1, end - _MOST_OVERLAP), end)
    sizes = ((start, each) for start in starts for each in range(size, 0, -1) if start % each == 0)
    start, length = max(sizes, key=sum, default=(end, 1))
    if start == end or start + length <= end:  # no page but one that begins just there
        start = end
        length = next(each for each in range(size, 0, -1) if start % each == 0)
        tail = ()
    return Spot(page=start // length + 1, size=length, past=end, tail=tail, turn=turn)


def fresh_positions(here: Phase, entries: Sequence[ListedEntry]) -> list[int]:
    """Which entries of a page by time are to be told: up to the horizon, and not told before."""
    return [
        position
        for position, entry in enumerate(entries)
        if (entry.second is None or entry.second <= here.horizon)
        and not (entry.second == here.since and entry.key in here.seen)
    ]


def following_second(here: Phase, listed: Listed, entries: Sequence[ListedEntry], size: int) -> Phase | None:
    """Where a list by time goes on, None at its end or the horizon."""
    seconds = [entry.second for entry in entries if entry.second is not None]
    spot = following_spot(here.spot, listed, [entry.key for entry in entries], size)
    if spot is None or max(seconds, default=0) > here.horizon:
        return None
    last = max(seconds, default=None)
    if last is None or (here.since is not None and last <= here.since):
        return here.at(spot=spot)
    ended = tuple(entry.key for entry in entries if entry.second == last and entry.key is not None)
    return here.at(since=last, seen=ended, spot=Spot())
