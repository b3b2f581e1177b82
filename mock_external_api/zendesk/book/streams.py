"""The orders in which the incremental exports show things."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from mock_external_api.zendesk.book.records import DeskAudit

Position = tuple[int, int]
"""A place in an export: seconds since 1970, and an id."""


class GeneratedOrder:
    """Things in the order of their latest change: (moment in seconds, id). A change moves a thing to its new place."""

    def __init__(self) -> None:
        self._moments: dict[int, int] = {}
        self._keys: list[Position] | None = None

    def put(self, number: int, moment: int) -> None:
        """Note that the thing with this number changed at `moment`."""
        if self._keys is not None:
            old = self._moments.get(number)
            if old is not None:
                del self._keys[bisect_left(self._keys, (old, number))]
            insort(self._keys, (moment, number))
        self._moments[number] = moment

    def page(
        self, start: Position, limit: int, until: int, *, inclusive: bool, ragged: bool
    ) -> tuple[list[Position], bool]:
        """Return up to `limit` places after `start` with moments up to `until`, and whether more follow.

        `ragged` adds, of each second after `until`, the highest number alone.
        """
        keys = self._sorted()
        first = (bisect_left if inclusive else bisect_right)(keys, start)
        end = bisect_left(keys, (until + 1, -1))
        found = keys[first : min(end, first + limit)]
        if not ragged or first + limit < end:
            return found, first + limit < end
        tail = {moment: (moment, number) for moment, number in keys[end:]}
        late = [key for key in tail.values() if key > start or (inclusive and key == start)]
        shown = (found + late)[:limit]
        return shown, len(found) + len(late) > limit

    def _sorted(self) -> list[Position]:
        if self._keys is None:
            self._keys = sorted((moment, number) for number, moment in self._moments.items())
        return self._keys


class EventOrder:
    """All updates by (moment, id)."""

    def __init__(self) -> None:
        self._keys: list[Position] = []
        self._audits: list[DeskAudit] = []

    def add(self, audit: DeskAudit) -> None:
        """Add an update; nearly always the newest."""
        key = (audit.at, audit.id)
        place = bisect_right(self._keys, key) if self._keys and self._keys[-1] > key else len(self._keys)
        self._keys.insert(place, key)
        self._audits.insert(place, audit)

    def page(self, start: int, limit: int, until: int, *, whole_seconds: bool) -> tuple[Sequence[DeskAudit], bool]:
        """Return up to `limit` updates from second `start` up to second `until`, and whether more follow.

        With `whole_seconds` the page is extended to the end of the second in which it would be cut.
        """
        first = bisect_left(self._keys, (start, -1))
        end = bisect_left(self._keys, (until + 1, -1))
        stop = min(end, first + limit)
        if whole_seconds and first < stop < end:
            stop = bisect_left(self._keys, (self._keys[stop - 1][0] + 1, -1))
        return self._audits[first:stop], stop < end

    def newest_first(self, before: int | None, limit: int) -> Sequence[DeskAudit]:
        """Return up to `limit` updates, newest first, older than the update with the id `before`."""
        stop = len(self._audits)
        if before is not None:
            stop = next((place for place, audit in enumerate(self._audits) if audit.id == before), 0)
        return self._audits[max(0, stop - limit) : stop][::-1]
