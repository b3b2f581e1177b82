"""What was worked out for a word, kept for the next text that has it."""

from collections.abc import Callable
from typing import Generic, TypeVar

_MAX_WORDS = 50_000
_MAX_LETTERS = 40
"""Letters: texts have few longer words that come again."""

Made = TypeVar("Made")


class Remembered(dict[str, Made], Generic[Made]):
    """What a function makes of words, as far as there is room.

    A dictionary is looked up many times faster than a function is called, and most words of a text were met before.
    Threads may use one together: at worst they work a word out twice.
    """

    __slots__ = ("_at_most", "_function", "_letters")

    def __init__(
        self, function: Callable[[str], Made], *, at_most: int = _MAX_WORDS, letters: int = _MAX_LETTERS
    ) -> None:
        """`at_most`: so many words are kept, none that is longer than `letters`."""
        super().__init__()
        self._function = function
        self._at_most = at_most
        self._letters = letters

    def __missing__(self, word: str) -> Made:
        made = self._function(word)
        if len(word) <= self._letters:
            if len(self) >= self._at_most:
                self.clear()
            self[word] = made
        return made
