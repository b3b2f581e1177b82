"""From text to tokens: what of it can be searched for, and what a search for it demands.

Everything is decided between two white spaces, so any run of words of a text finds the text. Such a chunk is split into

- words, letters and digits: `Using` becomes the stem `use`; `O'Brien` becomes `obrien`, and can be found by its parts;
- runs of scripts that put no spaces between words, as single characters and as pairs: `退款` in `我要退款`;
- symbols: emoji, currency signs and the like, one by one.

Words joined by other signs form a compound (`INV-2024-001`, `anna@example.com`), which can be found by each of its
words. If it holds a digit, or one of `.@_` joins two words, it can also be found by up to four words in a row, and a
search for it demands these; `follow-up` and `and/or` are just their words.
"""

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain, pairwise
from threading import Lock
from typing import NamedTuple

from Stemmer import Stemmer

from services.classification.reading.remembered import Remembered
from services.kit.folding import APOSTROPHES, characters_of, fold

MAX_TERM_CHARACTERS = 64
"""Of longer words, and of longer rows of words, the beginning counts."""
ROW_WORDS = 4
"""So many words in a row are found as one: an IP address; of what is longer, any four in a row."""
_MAX_CHUNK_TERMS = 1_000
"""Of a chunk, the first ones; a ticket has no more either."""
_MAX_JOINER = 3
"""`://`; of longer ones, the beginning counts."""
_NAMING_JOINERS = frozenset("._@")
_CACHED_CHARACTERS = 32
_CACHED_CHUNKS = 8_192
"""Some 6 MB of the chunks that were seen last."""

# Han, kana, bopomofo, hangul; Thai, Lao, Myanmar, Khmer; without their digits.
_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u303b\u3041-\u309f\u30a1-\u30fa\u30fc-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ecf\u1000-\u103f\u1050-\u108f\u1780-\u17dd"
)
_ASCII_PIECE = re.compile(r"(?P<word>[A-Za-z0-9]+(?:['`][A-Za-z0-9]+)*)|(?P<run>(?!))|(?P<symbol>\$)")


class Token(NamedTuple):
    """Something that a search can demand."""

    term: str
    """As it is stored: of a word in any of its inflections, the stem."""
    form: str
    """As it was written, folded."""


class Chunk(NamedTuple):
    """What stands between two white spaces. Not to be changed: it is remembered."""

    words: tuple[Token, ...]
    """Its words, their parts and their rows."""
    terms: dict[str, None]
    """What finds it: the terms of `words`, and its characters and pairs of them."""


class Piece(NamedTuple):
    """A part of a chunk, as it stands there."""

    text: str
    start: int
    is_word: bool
    is_run: bool


def analyse(chunk: str) -> Chunk:
    """What a chunk of text is found by."""
    return _remembered(chunk) if len(chunk) <= _CACHED_CHARACTERS else _analysed(chunk)


def terms_of(chunks: Iterable[str]) -> Iterator[str]:
    """The terms that find each of some chunks of text, those that find several ones again and again."""
    return chain.from_iterable(map(_TERMS.__getitem__, chunks))


def demanded_by(chunk: str) -> Iterator[Token]:
    """What a search for a chunk demands; their terms are among those that it is found by."""
    for compound in _compounds(fold(chunk)):
        if isinstance(compound, Piece):
            yield from (Token(term, term) for term in _pairs(compound.text) or compound.text)
            continue
        words = dict(enumerate(map(_token, compound.words)))
        size = min(ROW_WORDS, len(words))
        rows = compound.rows([size]) if size > 1 else {}
        for start, _ in rows:
            for position in range(start, start + size):
                words.pop(position, None)
        yield from (*rows.values(), *words.values())


def pieces(chunk: str) -> Iterator[Piece]:
    """The words, runs and symbols of a chunk, folded or not."""
    for found in (_ASCII_PIECE if chunk.isascii() else _any_piece()).finditer(chunk):
        yield Piece(found[0], found.start(), found.lastgroup == "word", found.lastgroup == "run")


@cache
def _any_piece() -> re.Pattern[str]:
    """As `_ASCII_PIECE`, in any script; made when it is needed, as to look through all of Unicode takes a while."""
    letter = rf"(?:(?![{_UNSPACED}])[^\W_]|(?![{_UNSPACED}])[{characters_of('Mc', 'Me', 'Mn')}])"
    return re.compile(
        rf"(?P<word>{letter}+(?:[{APOSTROPHES}]{letter}+)*)"
        rf"|(?P<run>[{_UNSPACED}]+)"
        rf"|(?P<symbol>[{characters_of('Sc', 'So')}])"
    )


def _analysed(chunk: str) -> Chunk:
    words, terms = _finding(fold(chunk))
    return Chunk(tuple(words), terms)


_remembered = lru_cache(_CACHED_CHUNKS)(_analysed)


def _terms_of(chunk: str) -> tuple[str, ...]:
    return tuple(_finding(fold(chunk), _MAX_CHUNK_TERMS)[1])


_TERMS = Remembered(_terms_of, at_most=_CACHED_CHUNKS, letters=_CACHED_CHARACTERS)


def _finding(folded: str, at_most: float = math.inf) -> tuple[dict[Token, None], dict[str, None]]:
    """The `words` and the `terms` of a chunk, until there are `at_most` terms."""
    words: dict[Token, None] = {}
    terms: dict[str, None] = {}
    for compound in _compounds(folded):
        if isinstance(compound, Piece):
            terms.update(dict.fromkeys(compound.text))
            terms.update(dict.fromkeys(_pairs(compound.text)))
        else:
            found = dict.fromkeys(compound.finding())
            words.update(found)
            terms.update(dict.fromkeys(token.term for token in found))
        if len(terms) >= at_most:
            break
    return words, terms


class _Compound(NamedTuple):
    words: list[str]
    joiners: list[str]
    """What stands behind each word; nothing behind the last one."""

    def finding(self) -> Iterator[Token]:
        """What finds it."""
        for word in self.words:
            yield _token(word)
            yield from _parts(word)
        if len(self.words) > 1:
            yield from self.rows(range(2, ROW_WORDS + 1)).values()

    def rows(self, sizes: Iterable[int]) -> dict[tuple[int, int], Token]:
        """So many of its words in a row, as one token, by where they begin: those that name something."""
        tokens = list(map(_token, self.words))
        terms = [token.term + joiner for token, joiner in zip(tokens, self.joiners, strict=True)]
        forms = [token.form + joiner for token, joiner in zip(tokens, self.joiners, strict=True)]
        digits = [any(map(str.isdigit, word)) for word in self.words]
        naming = [joiner in _NAMING_JOINERS for joiner in self.joiners]
        rows = {}
        for size in sizes:
            for start in range(len(tokens) - size + 1):
                end = start + size
                if any(digits[start:end]) or any(naming[start : end - 1]):
                    term = "".join(terms[start:end]).removesuffix(self.joiners[end - 1])[:MAX_TERM_CHARACTERS]
                    rows[start, size] = Token(term, "".join(forms[start:end]).removesuffix(self.joiners[end - 1]))
        return rows


def _compounds(folded: str) -> Iterator[_Compound | Piece]:
    """The compounds of words (most are of one), the runs and the symbols."""
    compound, end = _Compound([], []), 0
    for piece in pieces(folded):
        joiner = folded[end : piece.start]
        if compound.words:
            if piece.is_word and joiner and joiner.isprintable() and " " not in joiner:
                compound.joiners.append(joiner[:_MAX_JOINER])
            else:
                compound.joiners.append("")
                yield compound
                compound = _Compound([], [])
        if piece.is_word:
            compound.words.append(piece.text)
        else:
            yield piece
        end = piece.start + len(piece.text)
    if compound.words:
        compound.joiners.append("")
        yield compound


def _pairs(run: str) -> list[str]:
    return list(map("".join, pairwise(run)))


def _token(word: str) -> Token:
    form = word.removesuffix("'s").replace("'", "")[:MAX_TERM_CHARACTERS]
    return Token(_stem(form) if form.isascii() and form.isalpha() else form, form)


def _parts(word: str) -> Iterator[Token]:
    """`o` and `brien` of `o'brien`, but not the `t` of `don't`."""
    if "'" in word:
        yield from (_token(part) for index, part in enumerate(word.split("'")) if index == 0 or len(part) > 1)


_stemmer, _stemming = Stemmer("english", 0), Lock()


def _stem(word: str) -> str:
    with _stemming:  # it is not made for several threads
        stem: str = _stemmer.stemWord(word)
        return stem
