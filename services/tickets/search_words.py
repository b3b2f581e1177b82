"""What the words of a search mean to MongoDB's text index.

Every word has to occur, in any inflection: `refunds` finds "refunded". The index finds tickets that have the stem
of *any* of the words; that *all* are there is said by quoting each, and a quoted text is matched literally, so what
is quoted is the word's beginning, without its ending. Words such as `the` are in no index and are left out. Case and
accents do not matter. Operators (`-`, quotes) are no part of words, so a search cannot contain any.
"""

import unicodedata
from itertools import groupby

from services.errors import InvalidInputError

MAX_SEARCH_CHARACTERS = 200
SHORTEST_BEGINNING = 3

_STOP_WORDS = """
    a about above after again against all am an and any are as at be because been before being below between both but
    by cannot could did do does doing down during each few for from further had has have having he her here hers
    herself him himself his how i if in into is it its itself me more most my myself no nor not of off on once only or
    other ought our ours ourselves out over own same she should so some such than that the their theirs them
    themselves then there these they this those through to too under until up very was we were what when where which
    while who whom why with would you your yours yourself yourselves
    """
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""The English words that MongoDB 6 leaves out of text indexes."""


def search_text(q: str) -> str:
    """The `$search` that demands every word of `q`.

    Raises:
        InvalidInputError: `q` is too long, or holds no word that can be searched for.
    """
    if len(q) > MAX_SEARCH_CHARACTERS:
        raise InvalidInputError(f"A search has at most {MAX_SEARCH_CHARACTERS} characters.")
    words = ["".join(group) for is_word, group in groupby(q, _is_of_a_word) if is_word]
    sought = [word for word in words if word.casefold() not in STOP_WORDS]
    if not sought:
        raise InvalidInputError("A search needs at least one word that is not as common as 'the'.")
    return " ".join(f'"{_beginning(word)}" {word}' for word in dict.fromkeys(sought))


def _is_of_a_word(character: str) -> bool:
    """Letters, digits and the marks that some scripts combine them with."""
    return character == "_" or unicodedata.category(character)[0] in "LNM"


def _beginning(word: str) -> str:
    """What the inflections of an English word begin with: `refund` of `refunded`, `repl` of `replies`."""
    if not word.isascii() or not word.isalpha():
        return word
    for ending in ("ies", "ied", "ing", "ed", "es", "s", "e", "y"):
        beginning = word[: -len(ending)]
        if word.lower().endswith(ending) and len(beginning) >= SHORTEST_BEGINNING:
            is_doubled = (
                ending in ("ing", "ed") and beginning[-1] == beginning[-2] and len(beginning) > SHORTEST_BEGINNING
            )
            return beginning[:-1] if is_doubled else beginning
    return word
