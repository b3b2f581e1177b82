"""Where the pieces of a text come from in the text that it was made of."""

from bisect import bisect_right
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

    def __init__(self, pieces: Iterable[TextPiece], until: int | None = None) -> None:
        """`until`: how much of the text anybody will ask for."""
        self._pieces: list[TextPiece] = []
        self._starts = [0]
        """Of the pieces in the text, and its length."""
        length = 0
        for piece in pieces:
            if until is not None and length > until:
                break
            if piece.text:
                self._pieces.append(piece)
                length += len(piece.text)
                self._starts.append(length)

    def source(self, start: int, end: int) -> tuple[int, int]:
        """What `start` to `end` of the text, which is not empty, stands for in the text before."""
        number = bisect_right(self._starts, start) - 1
        last_number = bisect_right(self._starts, end - 1) - 1
        first, last = self._pieces[number], self._pieces[last_number]
        offset = start - self._starts[number] if first.copied else 0
        beyond = last.start + end - self._starts[last_number] if last.copied else last.end
        return first.start + offset, beyond

    def result(self, source: int) -> int:
        """Where in the text stands what was at `source` in the text before; what follows it, if it is gone."""
        number = bisect_right(self._pieces, source, key=_end)
        if number == len(self._pieces):
            return self._starts[-1]
        piece = self._pieces[number]
        return self._starts[number] + (max(0, source - piece.start) if piece.copied else 0)


def _end(piece: TextPiece) -> int:
    return piece.end
