"""The terms that a ticket is found by: those of its text, and labels for the rules and keywords that it matched."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from documents.database import Row
from documents.ticket import KEYWORD_SEPARATOR
from services.classification.reading.markup import visible_text
from services.search.tokens import terms_of

SEARCH_VERSION = 1
"""Of how terms are made: whoever changes that raises it, and every ticket gets its terms anew."""
SEARCHED_TEXTS = ("subject", "message", "replies")
SEARCHED_FIELDS = (*SEARCHED_TEXTS, "matched", "keyword_key")
"""The fields of a ticket that its terms are made of."""
MAX_TERMS = 1_000
"""What a ticket is found by: the first ones of its texts, in this order. What comes later is not found."""
_CHUNKS_AT_ONCE = 200
INDEXED_CHARACTERS = 20_000
"""Of each text; what stands behind is not found."""
MAX_LABELS = 500
"""Of the rules, and of the keywords, that a ticket matched; it has some hundred at the very most."""
MAX_LABEL_CHARACTERS = 200
_LABEL = "\x01"
"""What labels begin with; no term of a text does."""


def rule_term(rule: str) -> str:
    """What finds the tickets that matched a rule."""
    return f"{_LABEL}rule:{rule[:MAX_LABEL_CHARACTERS]}"


def keyword_term(keyword: str) -> str:
    """What finds the tickets that keyword statistics count for a keyword."""
    return f"{_LABEL}keyword:{keyword[:MAX_LABEL_CHARACTERS]}"


def search_fields(ticket: Mapping[str, Any]) -> Row:
    """The fields by which a ticket is found, made of its other fields as they are stored; whatever they hold."""
    terms = dict.fromkeys([*islice(_rule_labels(ticket), MAX_LABELS), *islice(_keyword_labels(ticket), MAX_LABELS)])
    for name in SEARCHED_TEXTS:
        text = ticket.get(name)
        _add(terms, text if isinstance(text, str) else "")
    return {"search_terms": list(islice(terms, MAX_TERMS)), "search_version": SEARCH_VERSION}


def _add(terms: dict[str, None], text: str) -> None:
    chunks = iter(visible_text(text[:INDEXED_CHARACTERS]).split())
    while len(terms) < MAX_TERMS and (some := [*islice(chunks, _CHUNKS_AT_ONCE)]):
        terms |= dict.fromkeys(terms_of(some))


def _rule_labels(ticket: Mapping[str, Any]) -> Iterator[str]:
    matched = ticket.get("matched")
    for reason in matched if isinstance(matched, list) else ():
        if isinstance(reason, dict) and isinstance(rule := reason.get("rule"), str):
            yield rule_term(rule)


def _keyword_labels(ticket: Mapping[str, Any]) -> Iterator[str]:
    keyword_key = ticket.get("keyword_key")
    if isinstance(keyword_key, str) and keyword_key:
        yield from map(keyword_term, keyword_key.split(KEYWORD_SEPARATOR))
