"""Where the pieces of a text come from in the text that it was made of."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class TextPiece(NamedTuple):
    """Some of a text, and the range that it stands for in the text before."""

    text: str
    start: int
    end: int
    copied: bool
    """Character by character the same places; otherwise the whole piece stands for the whole range."""


class PositionMap:
    """The way back from a text to the text that it was made of.

    Ranges are in code points, their ends exclusive. What was replaced by something else counts as a whole: a part of
    it stands for all of it.
    """

    __slots__ = ("_copied", "_ends", "_length", "_sources", "_starts")

    def __init__(self, pieces: Iterable[TextPiece]) -> None:
        self._starts: list[int] = []
        self._sources: list[int] = []
        self._ends: list[int] = []
        self._copied: list[bool] = []
        position = 0
        for piece in pieces:
            if piece.text:
                self._starts.append(position)
                self._sources.append(piece.start)
                self._ends.append(piece.end)
                self._copied.append(piece.copied)
                position += len(piece.text)
        self._length = position

    def source(self, start: int, end: int) -> tuple[int, int]:
        """What `start` to `end` of the text, which is not empty, stands for in the text before."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        offset = start - self._starts[first] if self._copied[first] else 0
        beyond = self._sources[last] + end - self._starts[last] if self._copied[last] else self._ends[last]
        return self._sources[first] + offset, beyond

    def result(self, source: int) -> int:
        """Where in the text stands what was at `source` in the text before; what follows it, if it is gone."""
        index = bisect_left(self._ends, source + 1)
        if index == len(self._ends):
            return self._length
        return self._starts[index] + (max(0, source - self._sources[index]) if self._copied[index] else 0)
