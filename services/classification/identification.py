"""Which language a text is in: of those that are read, or another one.

Frequent words tell: each speaks for the languages that have it, the more, the more frequent it is there. Where they
leave doubt, the letters of the other words do (trigrams, as Cavnar and Trenkle describe). A word counts once, so
that a log of a thousand English lines does not outweigh what its sender says in German.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse
from math import log
from struct import Struct
from typing import Any, NamedTuple

from documents.ticket import Language
from services.classification.rules import PACKS_FOLDER

_MAX_WORDS = 300
"""More of a text is not looked at."""
_MAX_SAMPLE = 48
"""Of the different words among them, evenly spread, these many are."""
SURE = 6.0
"""A lead from which on frequent words are enough; three or four of them give it."""
_UNSURE, _EVEN = 1.0, 0.5
"""Leads below which a language is not believed of a few words: one that nothing but letters speak for, or another."""
_FEW_WORDS = 3
"""So few unknown words may be names."""
_MAX_SPELLED = 24
_MAX_LETTERS = 24
"""Unknown words whose letters are looked at, and how many of them."""
_LATIN_ENDS = "\u024f"
_READ = sorted(language for language in Language if language is not Language.UNSUPPORTED)


class _Scale(NamedTuple):
    """How much the elements of a list say, by their ranks: those from `last - first` on nothing."""

    first: int
    last: int
    weight: float


_OF_WORDS = _Scale(first=12, last=1120, weight=1.0)
_OF_TRIGRAMS = _Scale(first=30, last=900, weight=0.35)

_UNIT = 1 << 20
"""Of a score of 1.0. That of no text reaches 1,000, so each has room in 32 bits."""

Table = dict[str, int]
"""For each word or trigram how much it says for each language: 32 bits each, side by side in one number, so that the
scores of all languages are added in one step."""
_HEAD_START = _UNIT * 3 // 2
"""Of the languages that are read, since most tickets are in one of them."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What a text's language is taken for."""

    language: Language | None
    """None where there are no words to tell it by: there are none, or names and numbers alone."""
    lead: float = 0.0
    """How much more speaks for it than for the next one; 0: just as much."""


def identify(words: Sequence[str]) -> Identified:
    """The language of these words, plain ones that were split at apostrophes."""
    sample = [*filterfalse(_borrowed().__contains__, filter(str.isalpha, dict.fromkeys(words[:_MAX_WORDS])))]
    if not sample:
        return Identified(None)
    sample = sample[:: 1 + (len(sample) - 1) // _MAX_SAMPLE]
    letters = "".join(sample)
    if not letters.isascii() and sum(len(word) for word in sample if word[0] > _LATIN_ENDS) * 2 > len(letters):
        return Identified(Language.UNSUPPORTED, SURE)
    says = _frequent_words()
    scores = sum(filter(None, map(says.get, sample)))
    found = _first(scores)
    if found.lead >= SURE:
        return found
    unknown = [word for word in sample if word not in says]
    found = _first(scores + _by_letters(unknown[:_MAX_SPELLED]))
    if len(sample) <= _FEW_WORDS and _is_doubtful(found, known=len(unknown) < len(sample)):
        return Identified(None)
    return found


def _by_letters(words: Sequence[str]) -> int:
    says = _trigrams()
    spelled = [f"^{word[:_MAX_LETTERS]}$" for word in words]
    return sum([says.get(each[start : start + 3], 0) for each in spelled for start in range(len(each) - 2)])


def _is_doubtful(found: Identified, *, known: bool) -> bool:
    """Whether a few words, `known` ones among them or none, may be in any language, or be names."""
    if known and found.language is not Language.UNSUPPORTED:
        return found.lead < _EVEN
    return found.lead < _UNSURE or (not known and found.language is Language.UNSUPPORTED)


def _first(scores: int) -> Identified:
    """The language for which most speaks, the first of even ones; all that are not read count as one."""
    scale = _scores_in_a_row()
    each = scale.unpack(scores.to_bytes(scale.size, "little"))
    outcomes = [score and score + _HEAD_START for score in each[: len(_READ)]]
    outcomes.append(max(each[len(_READ) :]))
    best = max(outcomes)
    number = outcomes.index(best)
    outcomes[number] = 0
    language = _READ[number] if best and number < len(_READ) else Language.UNSUPPORTED
    return Identified(language, (best - max(outcomes)) / _UNIT)


@cache
def _scores_in_a_row() -> Struct:
    return Struct(f"<{len(_names())}I")


@cache
def frequent_words_of(language: Language) -> frozenset[str]:
    """The frequent words of a language; of the unsupported one, those of all that are not read."""
    names = _names()[len(_READ) :] if language is Language.UNSUPPORTED else (language.value,)
    return frozenset(word for name in names for word, _ in _weighed(_profiles()["words"][name], _OF_WORDS))


@cache
def _frequent_words() -> Table:
    return _table(_profiles()["words"], _OF_WORDS)


@cache
def _trigrams() -> Table:
    return _table(_profiles()["trigrams"], _OF_TRIGRAMS)


@cache
def _borrowed() -> frozenset[str]:
    return frozenset(_profiles()["borrowed"].split())


@cache
def _names() -> tuple[str, ...]:
    """The languages that are known, those that are read first."""
    return (*_READ, *(name for name in _profiles()["words"] if name not in _READ))


@cache
def _profiles() -> dict[str, Any]:
    return tomllib.loads((PACKS_FOLDER / "profiles.toml").read_text(encoding="utf-8"))


def _table(lists: dict[str, str], scale: _Scale) -> Table:
    """What each element of the lists says."""
    says: defaultdict[str, int] = defaultdict(int)
    for place, name in enumerate(_names()):
        for element, weight in _weighed(lists[name], scale):
            says[element] += round(weight * _UNIT) << 32 * place
    return dict(says)


def _weighed(listed: str, scale: _Scale) -> Iterator[tuple[str, float]]:
    """The elements of a list with what they say: the more, the earlier they come."""
    for rank, element in enumerate(listed.split()[: scale.last - scale.first]):
        yield element, scale.weight * log(scale.last / (scale.first + rank))
