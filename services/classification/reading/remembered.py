"""What was worked out for a word, kept for the next text that has it."""

from collections.abc import Callable

_MAX_WORDS = 50_000
_MAX_LETTERS = 40
"""Letters: texts have few longer words that come again."""


class Remembered(dict[str, str]):
    """What a function makes of words, as far as there is room.

    A dictionary is looked up many times faster than a function is called, and most words of a text were met before.
    Threads may use one together: at worst they work a word out twice.
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, word: str) -> str:
        made = self._function(word)
        if len(word) <= _MAX_LETTERS:
            if len(self) >= _MAX_WORDS:
                self.clear()
            self[word] = made
        return made
