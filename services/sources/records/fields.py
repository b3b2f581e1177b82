"""How a record's single fields are read: by what they hold, since a wrong type is no reason to lose a ticket."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from services.kit.clock import truncate
from services.kit.moments import from_iso
from services.kit.words import LONGEST_WORD, clean, number_text, word_of

LONGEST_SUBJECT = 10_000
LONGEST_MESSAGE = 1_000_000
"""A text of so many characters takes 4 MB at most; a history row may hold it twice, a document 16 MB."""
LONGEST_REPLIES = 500_000
"""With a message and its own former value, they still fit into one history row."""
LONGEST_TAG = 200
MOST_TAGS = 100
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)
"""A ticket may come from a machine whose clock is ahead, but not by more than this."""
_LONGEST_DATE = 100
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BETWEEN_TAGS = re.compile(r"[,;]")
_MILLISECONDS_FROM = 10**11
"""A number of seconds as large as this lies in the year 5138."""


def text_of(value: object, limit: int) -> str:
    """Any value as text: null is empty, what is no text is its JSON. Of one that is too long the beginning stays."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > limit:
        text = f"{text[:limit]}\n[cut: these are the first {limit:,} of {len(text):,} characters]"
    return clean(text)


def status_of(value: object) -> str | None:
    """A status: in lower case, with single blanks.

    Raises:
        ValueError: it is no word.
    """
    word = word_of(value)
    return None if word is None else " ".join(word.lower().split())


def tags_of(value: object) -> tuple[list[str], list[object]]:
    """Tags, each once, in their order; and what is none, or too much. They are a list of words, or one text in which
    commas or semicolons part them."""
    given = [value]
    if isinstance(value, str):
        given = _BETWEEN_TAGS.split(value)
    elif isinstance(value, list):
        given = value
    tags: dict[str, None] = {}
    rest = []
    for each in given:
        try:
            tag = word_of(each)
        except ValueError:
            rest.append(each)
            continue
        if tag is None or tag in tags:
            continue
        if len(tag) > LONGEST_TAG or len(tags) == MOST_TAGS:
            rest.append(each)
        else:
            tags[tag] = None
    return list(tags), rest


def key_of(value: object) -> str:
    """An id, exactly as upstream has it, since it is asked for by it; of a whole number, its text.

    Raises:
        ValueError: it is none, or cannot be written down.
    """
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("is no whole number")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("must be a text or a whole number")  # noqa: TRY004  (a fault of the record)
    key = value if isinstance(value, str) else number_text(value)
    if not key.strip():
        raise ValueError("is empty")
    if len(key) > LONGEST_WORD:
        raise ValueError(f"longer than {LONGEST_WORD:,} characters")
    if _UNUSABLE.search(key):
        raise ValueError("has characters that cannot be part of an id")
    return key


def moment_of(value: object) -> datetime:
    """A moment, in UTC and to the millisecond: ISO 8601, RFC 2822, or seconds or milliseconds since 1970.

    Without a zone it is UTC.

    Raises:
        ValueError: it is none, or lies before 1990 or in the future.
    """
    try:
        moment = _parsed(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        is_plausible = EARLIEST <= moment <= datetime.now(UTC) + CLOCK_SKEW
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise ValueError("is no date") from error  # whose words may quote the record
    if not is_plausible:
        raise ValueError("the date is absurd")
    return truncate(moment)


def _parsed(value: object) -> datetime:
    match value:
        case datetime():
            return value
        case int() | float() if not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
            return datetime.fromtimestamp(seconds, UTC)
        case str():
            return _written(value.strip())
        case _:
            raise TypeError


def _written(text: str) -> datetime:
    if len(text) > _LONGEST_DATE:
        raise ValueError
    if text.isdecimal() and len(text) > len("20260205"):
        return _parsed(int(text))
    try:
        return from_iso(text.removesuffix(" UTC"))
    except ValueError:
        return parsedate_to_datetime(text)
