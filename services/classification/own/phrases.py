"""How a tenant's own phrases are written: words, with `a/b` for one of two, `a~` for a word's forms, and `*`.

They are read as the texts of tickets are: neither case nor accents nor punctuation matter.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from services.classification.phrases import Entry, PhraseBook
from services.classification.phrasing.inflections import Inflections
from services.classification.reading.words import PUNCTUATION, folded, normalise, split_words, without_links

GAP = "*"
FORMS = "~"
_SEPARATOR = "/"
_FILLER = "\x01"
"""A word that stands in no text."""
_FILLED_WITH = (0, 2)


def tokens_of(text: str) -> list[str]:
    """What stands between blanks, in one form for what reads alike; addresses are gone, as they are from texts."""
    return without_links(normalise(text)).split()


def choices_in(text: str) -> int:
    """How many phrases without choices it stands for."""
    return math.prod(token.count(_SEPARATOR) + 1 for token in tokens_of(text))


def variants_of(text: str, *, apostrophe_parts: bool) -> list[tuple[str, ...]]:
    """The phrases without choices that it stands for: words, gaps, and words with `~`.

    `apostrophe_parts`: whether an apostrophe parts words in the texts that are to be searched.
    """
    parts = [
        [(GAP,)] if token == GAP else [_words(choice, apostrophe_parts) for choice in token.split(_SEPARATOR)]
        for token in tokens_of(text)
    ]
    return list(dict.fromkeys(sum(combined, ()) for combined in product(*parts)))


def examples_of(variant: Sequence[str]) -> Iterator[list[str]]:
    """Texts that it fits, as words: with nothing in its gaps, and with words that stand in no phrase."""
    for count in _FILLED_WITH:
        filled = [[_FILLER] * count if word == GAP else [folded(word.removesuffix(FORMS))] for word in variant]
        yield [word for words in filled for word in words]


def book_of(
    entries: Iterable[tuple[str, Entry]], inflections: Inflections, *, apostrophe_parts: bool
) -> PhraseBook[Entry]:
    """Phrases with what they mean, compiled; of equal ones the first counts."""
    book = PhraseBook[Entry]({}, inflections)
    for text, entry in entries:
        for variant in variants_of(text, apostrophe_parts=apostrophe_parts):
            book.add(" ".join(variant), entry)
    return book


def keyword_of(text: str) -> str:
    """What statistics count it as."""
    return " ".join(normalise(text.replace(FORMS, "").replace("|", " ")).split())


def _words(choice: str, apostrophe_parts: bool) -> tuple[str, ...]:
    words = split_words(choice.removesuffix(FORMS), apostrophe_parts=apostrophe_parts)
    found = [word.replace("'", "") for word in words if word not in PUNCTUATION]
    if found and choice.endswith(FORMS):
        found[-1] += FORMS
    return tuple(found)
