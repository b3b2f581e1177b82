"""Which language a text is in: of those that are read, or another one.

Frequent words tell: each speaks for the languages that have it, the more, the more frequent it is there. Where they
leave doubt, the letters of the other words do (trigrams, as Cavnar and Trenkle describe). A word counts once, so
that a log of a thousand English lines does not outweigh what its sender says in German.
"""

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Any

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
_HEAD_START = 1.5
"""Of the languages that are read, since most tickets are in one of them."""
_LATIN_ENDS = "\u024f"
_SUPPORTED = frozenset(language.value for language in Language if language is not Language.UNSUPPORTED)

Table = dict[str, tuple[tuple[str, float], ...]]
"""For each word or trigram the languages that it speaks for, and how much."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What a text's language is taken for."""

    language: Language | None
    """None where there are no words to tell it by: there are none, or names and numbers alone."""
    lead: float = 0.0
    """How much more speaks for it than for the next one; 0: just as much."""


def identify(words: Sequence[str]) -> Identified:
    """The language of these words, plain ones that were split at apostrophes."""
    borrowed = _borrowed()
    sample = [word for word in dict.fromkeys(words[:_MAX_WORDS]) if word not in borrowed and word.isalpha()]
    if not sample:
        return Identified(None)
    sample = sample[:: 1 + (len(sample) - 1) // _MAX_SAMPLE]
    letters = "".join(sample)
    if not letters.isascii() and sum(len(word) for word in sample if word[0] > _LATIN_ENDS) * 2 > len(letters):
        return Identified(Language.UNSUPPORTED, SURE)
    unknown, scores = _by_words(sample)
    found = _first(scores)
    if found.lead >= SURE:
        return found
    _add_letters(scores, unknown[:_MAX_SPELLED])
    found = _first(scores)
    if len(sample) <= _FEW_WORDS and _is_doubtful(found, known=len(unknown) < len(sample)):
        return Identified(None)
    return found


def _by_words(sample: Sequence[str]) -> tuple[list[str], defaultdict[str, float]]:
    """The words that are not among the frequent ones, and what the others say for each language."""
    frequent = frequent_words()
    scores: defaultdict[str, float] = defaultdict(float)
    unknown = []
    for word in sample:
        if word in frequent:
            for language, weight in frequent[word]:
                scores[language] += weight
        else:
            unknown.append(word)
    return unknown, scores


def _add_letters(scores: defaultdict[str, float], words: Sequence[str]) -> None:
    trigrams = _trigrams()
    for word in words:
        spelled = f"^{word[:_MAX_LETTERS]}$"
        for start in range(len(spelled) - 2):
            for language, weight in trigrams.get(spelled[start : start + 3], ()):
                scores[language] += weight


def _is_doubtful(found: Identified, *, known: bool) -> bool:
    """Whether a few words, `known` ones among them or none, may be in any language, or be names."""
    if known and found.language is not Language.UNSUPPORTED:
        return found.lead < _EVEN
    return found.lead < _UNSURE or (not known and found.language is Language.UNSUPPORTED)


def _first(scores: dict[str, float]) -> Identified:
    """The language for which most speaks; all that are not read count as one."""
    by_outcome: dict[str, float] = {}
    for language, score in scores.items():
        if language in _SUPPORTED:
            by_outcome[language] = score + _HEAD_START
        elif score > by_outcome.get(Language.UNSUPPORTED, 0.0):
            by_outcome[Language.UNSUPPORTED] = score
    if not by_outcome:
        return Identified(Language.UNSUPPORTED)
    (best, score), *rest = sorted(by_outcome.items(), key=lambda item: (-item[1], item[0]))
    return Identified(Language(best), score - rest[0][1] if rest else score)


@cache
def frequent_words() -> Table:
    """What each frequent word says."""
    return _table(_profiles()["words"], first=12, last=1120, scale=1.0)


@cache
def _trigrams() -> Table:
    return _table(_profiles()["trigrams"], first=30, last=900, scale=0.35)


@cache
def _borrowed() -> frozenset[str]:
    return frozenset(_profiles()["borrowed"].split())


@cache
def _profiles() -> dict[str, Any]:
    return tomllib.loads((PACKS_FOLDER / "profiles.toml").read_text(encoding="utf-8"))


def _table(lists: dict[str, str], *, first: int, last: int, scale: float) -> Table:
    """What each element of the lists says: the more, the earlier it comes."""
    by_rank = [scale * log(last / (first + rank)) for rank in range(last)]
    says: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
    for language, listed in lists.items():
        for element, weight in zip(listed.split(), by_rank, strict=False):
            if weight > 0:
                says[element].append((language, weight))
    return {element: tuple(languages) for element, languages in says.items()}
