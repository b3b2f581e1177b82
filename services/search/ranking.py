"""How well a ticket fits a search, and which of its words were found: pure functions of the two."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby, islice, pairwise

from services.classification.reading.markup import visible_text
from services.kit.folding import fold
from services.search.query import SearchQuery
from services.search.terms import INDEXED_CHARACTERS
from services.search.tokens import Piece, Token, analyse, pieces

MAX_FOUND_WORDS = 20
RANKED_CHARACTERS = 4_000
"""So much of a message, and of replies, is looked at in order to rank a ticket: some 700 words."""
_LEVELS = 256
"""More than a search has words."""
_GAP = 1_000_000
"""Between the places of the words of two texts: nothing follows across."""


def fit(query: SearchQuery, subject: str, *others: str) -> int:
    """How well a ticket that has all of the words fits the search; the higher, the better.

    What counts first is how many of the words are in the subject; then how many occur as they were typed, and not in
    another inflection; then how many follow each other as they do in the search.
    """
    wanted = frozenset(query.terms)
    in_subject = _places(wanted, subject, 0)
    everywhere = in_subject.union(
        *(_places(wanted, text[:RANKED_CHARACTERS], number * _GAP) for number, text in enumerate(others, start=1))
    )
    subject_terms = {token.term for token, _ in in_subject}
    forms = {token for token, _ in everywhere}
    found = sum(token.term in subject_terms for token in query.tokens)
    exact = sum(token in forms for token in query.tokens)
    return (found * _LEVELS + exact) * _LEVELS + _in_order(query, everywhere)


def found_words(query: SearchQuery, *texts: str) -> list[str]:
    """The words of the texts that the search has found, as they stand there, each once, in order."""
    wanted = frozenset(query.terms)
    found: dict[str, None] = {}
    for chunk in (chunk for text in texts for chunk in _chunks(text)):
        found.update(dict.fromkeys(_found_in(chunk, wanted)))
        if len(found) >= MAX_FOUND_WORDS:
            break
    return list(islice(found, MAX_FOUND_WORDS))


def _chunks(text: str) -> list[str]:
    return visible_text(text[:INDEXED_CHARACTERS]).split()


def _places(wanted: frozenset[str], text: str, start: int) -> set[tuple[Token, int]]:
    """The tokens of a text that have one of the terms, with the place of their chunk."""
    places: set[tuple[Token, int]] = set()
    for place, chunk in enumerate(_chunks(text), start):
        analysed = analyse(chunk)
        if not wanted.isdisjoint(analysed.terms):
            words = [token for token in analysed.words if token.term in wanted]
            characters = wanted.intersection(analysed.terms).difference(token.term for token in words)
            places.update((token, place) for token in words)
            places.update((Token(term, term), place) for term in characters)
    return places


def _in_order(query: SearchQuery, places: set[tuple[Token, int]]) -> int:
    """How many of the search's words stand behind the one before them, as far behind as in the search."""
    by_term: defaultdict[str, set[int]] = defaultdict(set)
    for token, place in places:
        by_term[token.term].add(place)
    return sum(
        any(place + second_place - first_place in by_term[second.term] for place in by_term[first.term])
        for (first, first_place), (second, second_place) in pairwise(zip(query.tokens, query.places, strict=True))
    )


def _found_in(chunk: str, wanted: frozenset[str]) -> Iterator[str]:
    """What of a chunk was found: of a compound, the whole if that was sought, else the words; of a run, stretches."""
    analysed = analyse(chunk)
    if wanted.isdisjoint(analysed.terms):
        return
    parts = list(pieces(chunk))
    sought_words = wanted.intersection(token.term for token in analysed.words)
    rows = sought_words.difference(*(analyse(piece.text).terms for piece in parts if piece.is_word))
    if rows:
        yield chunk[parts[0].start : parts[-1].start + len(parts[-1].text)]
    else:
        yield from (word for piece in parts for word in _found_of(piece, wanted))


def _found_of(piece: Piece, wanted: frozenset[str]) -> Iterator[str]:
    """A piece that was found; of a run, the stretches of it that are covered by what was found."""
    if not piece.is_run:
        if not wanted.isdisjoint(analyse(piece.text).terms):
            yield piece.text
        return
    text, folded = piece.text, fold(piece.text)
    if len(text) != len(folded):  # rare characters, of which the places are not known
        yield text
        return
    covered = {place for term in wanted for place in _covered_by(term, folded)}
    for is_covered, places in groupby(range(len(text)), covered.__contains__):
        if is_covered:
            yield "".join(text[place] for place in places)


def _covered_by(term: str, run: str) -> Iterator[int]:
    start = run.find(term)
    while start >= 0:
        yield from range(start, start + len(term))
        start = run.find(term, start + 1)
