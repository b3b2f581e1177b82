"""What a status means: any word is data, and its category says whether work on the ticket is over, waits, or goes on.

The category follows from the status alone, wherever it is needed: it is the same for tickets of other programs, for
those that were stored before there were categories, and after somebody has edited nothing but the status. In MongoDB
a regular expression does what `category_of` does here; both know ASCII letters and white space only.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from documents.database import Row
from documents.ticket import StatusCategory

CLOSING_WORDS = (
    *("closed", "solved", "resolved", "done", "completed", "cancelled", "canceled", "archived", "merged", "spam"),
)
"""A status that begins with one of them is closed: also `closed successful`, `resolved by bot`."""
_PENDING_WORDS = ("pending", "hold", "on hold", "on-hold", "on_hold", "onhold", "snoozed", "waiting")


def _beginning_with(words: Iterable[str]) -> str:
    """A pattern that ignores the case without a flag, whose meaning differs between Python and MongoDB."""
    either_case = ("".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in word) for word in words)
    return rf"^[ \t\r\n]*(?:{'|'.join(either_case)})(?![A-Za-z0-9])"


_PATTERNS = {
    StatusCategory.CLOSED: _beginning_with(CLOSING_WORDS),
    StatusCategory.PENDING: _beginning_with(_PENDING_WORDS),
}
_COMPILED = {category: re.compile(pattern) for category, pattern in _PATTERNS.items()}


def category_of(status: object) -> StatusCategory:
    """The category of a stored status. What is no text, as other programs may store it, is open."""
    return _category(status) if status.__class__ is str else StatusCategory.OPEN


@lru_cache(maxsize=1024)
def _category(status: str) -> StatusCategory:
    return next((name for name, pattern in _COMPILED.items() if pattern.match(status)), StatusCategory.OPEN)


def spellings_of(status: str) -> list[str]:
    """How a status may be stored: as it is written, by other programs, or in lower case with single blanks, by us."""
    return list(dict.fromkeys([status, " ".join(status.lower().split()) or status]))


def category_expression(status: str) -> Row:
    """The expression for the category of the status that an expression such as `$status` yields."""
    return {
        "$switch": {
            "branches": [
                {"case": _matches(status, category), "then": category.value} for category in _PATTERNS
            ],
            "default": StatusCategory.OPEN.value,
        }
    }  # fmt: skip


def is_closed(status: str = "$status") -> Row:
    """The expression for whether a status is closed."""
    return _matches(status, StatusCategory.CLOSED)


def in_category(category: StatusCategory) -> Row:
    """The condition on a field that holds a status."""
    return in_categories([category])


def in_categories(chosen: Collection[StatusCategory | None]) -> Row:
    """The condition on a field that holds a status of one of these categories."""
    is_open_chosen = StatusCategory.OPEN in chosen
    named = [pattern for category, pattern in _PATTERNS.items() if (category in chosen) is not is_open_chosen]
    if is_open_chosen:  # all but the others
        return {"$not": {"$regex": "|".join(named)}} if named else {"$nin": []}
    return {"$regex": "|".join(named)} if named else {"$in": []}


def _matches(status: str, category: StatusCategory) -> Row:
    is_text = {"$eq": [{"$type": status}, "string"]}
    return {"$and": [is_text, {"$regexMatch": {"input": status, "regex": _PATTERNS[category]}}]}
