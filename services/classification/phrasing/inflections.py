"""The forms of words, by patterns that a pack lists."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.classification.reading.words import folded

_GROUP = re.compile(r"\\(?:g<)?(\d)>?")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class Inflections:
    """What a word of a phrase may look like in a text, folded as texts are.

    Raises ValueError for a pattern or a form that is none.
    """

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        """`rows`: `pattern`, a regular expression for the whole word, and `forms`, templates of what it becomes."""
        try:
            self._rows = [(re.compile(row["pattern"]), _templates(row["forms"])) for row in rows]
        except re.error as error:
            raise ValueError(f"a pattern of the inflections is none: {error}") from error
        for pattern, templates in self._rows:
            if any(int(group) > pattern.groups for template in templates for group in template[1::2]):
                raise ValueError(f"a form names a group that {pattern.pattern!r} has not")

    def spellings(self, word: str) -> set[str]:
        """The word alone, as it may be written."""
        if word.isascii():
            return {word}
        return {folded(word), folded(word.translate(_UMLAUTS))}

    def forms(self, word: str) -> set[str]:
        """All its forms, of which a verb has a hundred; itself alone where no pattern fits."""
        for pattern, forms in self._rows:
            if found := pattern.fullmatch(word):
                groups = (word, *found.groups(""))
                return set().union(*(self.spellings("".join(_filled(form, groups))) for form in forms))
        return self.spellings(word)


def _templates(forms: str) -> list[list[str]]:
    """Each form as text and numbers of groups in turns; `re` would read a template anew for each word."""
    return [_GROUP.split(form) for form in "".join(forms.split()).split(",")]


def _filled(template: Sequence[str], groups: Sequence[str]) -> Iterator[str]:
    for index, piece in enumerate(template):
        yield groups[int(piece)] if index % 2 else piece
