"""What somebody who searches demands: every word of the search, in any inflection."""

from dataclasses import dataclass

from services.errors import InvalidInputError
from services.search.tokens import Token, demanded_by

MAX_SEARCH_CHARACTERS = 200

_COMMON_WORDS = """
    a about above after again against all am an and any are as at be because been before being below between both but
    by cannot could did do does doing down during each few for from further had has have having he her here hers
    herself him himself his how i if in into is it its itself me more most my myself no nor not of off on once only or
    other ought our ours ourselves out over own same she should so some such than that the their theirs them
    themselves then there these they this those through to too under until up very was we were what when where which
    while who whom why with would you your yours yourself yourselves
    """
COMMON_WORDS = frozenset(_COMMON_WORDS.split())
"""English words that are in so many tickets that a search demands them only if there is nothing else in it."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search that was understood."""

    tokens: tuple[Token, ...]
    """What is demanded, in the order in which it was written; there is at least one."""
    places: tuple[int, ...]
    """Of each, how many white spaces stand before it."""

    @property
    def terms(self) -> list[str]:
        """The terms that a ticket must have, each once."""
        return list(dict.fromkeys(token.term for token in self.tokens))


def parse_search(q: str) -> SearchQuery:
    """Read a search; signs that are no part of a word, a name or a number mean nothing.

    Raises:
        InvalidInputError: it is too long, or holds nothing that can be searched for.
    """
    if len(q) > MAX_SEARCH_CHARACTERS:
        raise InvalidInputError(f"a search has at most {MAX_SEARCH_CHARACTERS} characters.", argument="q")
    written = [(token, place) for place, chunk in enumerate(q.split()) for token in demanded_by(chunk)]
    if not written:
        raise InvalidInputError("a search needs at least one word, number or symbol.", argument="q")
    demanded = [(token, place) for token, place in written if token.form not in COMMON_WORDS] or written
    tokens, places = zip(*demanded, strict=True)
    return SearchQuery(tokens, places)
