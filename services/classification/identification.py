"""Which language a text is in: of those that are read, or another one.

Frequent words tell: each counts for the languages that have it, the more, the fewer they are. Where a text is too
short for such words, the words of the phrases do.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache

from documents.ticket import Language
from services.classification.languages import all_packs
from services.classification.reading.words import folded
from services.classification.rules import PACKS_FOLDER

_SAMPLE_WORDS = 300
"""More of a text is not looked at."""
_FEW_WORDS = 3
"""In so few words that no language knows, names and numbers may be all there is."""
_PHRASE_WEIGHT = 0.4
"""Of a word of the phrases, beside a frequent word."""
_LATIN_ENDS = "\u024f"


def language_of(words: Sequence[str]) -> Language | None:
    """The language of these words, plain ones; None where there is none to tell by."""
    sample = [word for word in words[:_SAMPLE_WORDS] if word[0].isalpha()]
    if not sample:
        return None
    if sum(word[0] > _LATIN_ENDS for word in sample) * 2 > len(sample):
        return Language.UNSUPPORTED
    scores: defaultdict[str, float] = defaultdict(float)
    for word in sample:
        for language, weight in _known_words().get(word, ()):
            scores[language] += weight
    if not scores:
        return Language.UNSUPPORTED if len(sample) > _FEW_WORDS else None
    best = max(scores, key=scores.__getitem__)
    return Language(best) if best in _SUPPORTED else Language.UNSUPPORTED


_SUPPORTED = frozenset(language.value for language in Language)


@cache
def _known_words() -> dict[str, tuple[tuple[str, float], ...]]:
    """What each word says: for which languages it speaks, and how much."""
    speaks: dict[str, dict[str, float]] = {}
    others = tomllib.loads((PACKS_FOLDER / "others.toml").read_text(encoding="utf-8"))
    for pack in all_packs():
        _add(speaks, pack.language.value, (word for word in pack.phrases.vocabulary if word.isalpha()), _PHRASE_WEIGHT)
        _add(speaks, pack.language.value, pack.function, 1.0)
    for name, listed in others["function"].items():
        _add(speaks, name, folded(listed).split(), 1.0)
    return {word: tuple((name, w / len(weights)) for name, w in weights.items()) for word, weights in speaks.items()}


def _add(speaks: dict[str, dict[str, float]], language: str, words: Iterable[str], weight: float) -> None:
    for word in words:
        speaks.setdefault(word, {})[language] = weight
