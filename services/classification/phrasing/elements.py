"""The small language that phrases are written in, described at the top of `packs/en.toml`, and what its words fit."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from services.classification.phrasing.inflections import Inflections
from services.classification.reading.words import PUNCTUATION

MAX_GAP = 3
"""How many words a `*` stands for at most."""
_ENDING = "-"
_MAX_LETTERS = 40
"""Of a word whose ending is looked for, as far as it is looked at."""


@dataclass(slots=True, eq=False)
class PhraseElement:
    """An element of phrases: one object for all those that have it."""

    choices: Sequence[str] = ()
    """Which of them a word may fit, those of macros among them."""
    phrases: Sequence[tuple["PhraseElement", ...]] = ()
    """What macros allow beyond that: more or fewer words than one."""
    is_optional: bool = False
    after_word: tuple["PhraseElement", ...] | None = None
    """Of a gap: what is left of it after a word of any kind."""


class PhraseLanguage:
    """Reads phrases, and tells which of the choices in all of them a word fits."""

    def __init__(self, macros: Mapping[str, str], inflections: Inflections, words: Set[str]) -> None:
        """`words`: those of the vocabulary that may stand in no phrase."""
        self._macros = macros
        self._inflections = inflections
        self._gap = _gap(MAX_GAP)
        self._elements: dict[str, PhraseElement] = {}
        self._choices: dict[str, Sequence[str]] = dict.fromkeys(words, ())
        """The choices that a word fits; as dozens are forms of one word, most have theirs in common."""
        self._known_choices: set[str] = set()
        self._endings: set[str] = set()

    @property
    def vocabulary(self) -> Set[str]:
        """The words that fit a choice, with those named at the beginning."""
        return self._choices.keys()

    def read(self, phrases: str) -> list[tuple[PhraseElement, ...]]:
        """The elements of each of some phrases, which commas or line ends separate.

        Raises KeyError for an unknown macro, ValueError for a choice without words.
        """
        return [tuple(map(self._element, phrase.split())) for phrase in _split_phrases(phrases)]

    def _element(self, written: str) -> PhraseElement:
        """The same few thousand stand in all the phrases."""
        if written == "*":
            return self._gap
        element = self._elements.get(written)
        if element is None:
            element = self._elements[sys.intern(written)] = self._made_of(written)
        return element

    def _made_of(self, written: str) -> PhraseElement:
        choices: dict[str, None] = {}
        phrases: list[tuple[PhraseElement, ...]] = []
        for choice in written.strip("[]").split("/"):
            if not choice:
                raise ValueError(f"a phrase has an empty choice: {written!r}")
            if choice[0] != "{":
                choices[self._choice(choice)] = None
                continue
            for phrase in self.read(self._macros[choice.strip("{}")]):
                if len(phrase) == 1 and not phrase[0].is_optional:
                    choices |= dict.fromkeys(phrase[0].choices)
                    phrases += phrase[0].phrases
                else:
                    phrases.append(phrase)
        return PhraseElement(tuple(choices), tuple(phrases), written[0] == "[")

    def _choice(self, choice: str) -> str:
        choice = sys.intern(choice)
        if choice not in self._known_choices:
            self._known_choices.add(choice)
            alone = (choice,)
            for form in PUNCTUATION if choice == "^" else self._forms(choice):
                others = self._choices.get(form)
                self._choices[form] = (*others, choice) if others else alone
        return choice

    def _forms(self, choice: str) -> Set[str]:
        if choice[0] == _ENDING and len(choice) > 1:
            endings = self._forms(choice[1:])
            self._endings |= endings
            return {_ENDING + ending for ending in endings}
        if choice[-1] == "~":
            return self._inflections.forms(choice[:-1])
        return self._inflections.spellings(choice)

    def choices_of(self, word: str) -> Sequence[str]:
        """The choices that a word fits, by itself or by its ending."""
        choices = self._choices.get(word, ())
        if self._endings:
            for start in range(max(0, len(word) - _MAX_LETTERS), len(word)):
                if word[start:] in self._endings:
                    choices = (*choices, *self._choices[_ENDING + word[start:]])
        return choices


def _gap(words: int) -> PhraseElement:
    """The element that stands for so many words at most."""
    return PhraseElement(is_optional=True, after_word=(_gap(words - 1),) if words > 1 else ())


def _split_phrases(phrases: str) -> Iterator[str]:
    return filter(None, (phrase.strip() for phrase in re.split(r"[,\n]", phrases)))
