"""What of a mail its writer says now: without quoted mail, signatures and legal footers.

All of it works on a text in the form of `normalise`, in which white space is as it was, and finds ranges to set aside.
Never is everything set aside: where a mail is nothing but a forwarded one, or has only "Hello, see below" above it,
that one is what is said.
"""

import re
from collections.abc import Iterable, Sequence, Set

from services.classification.reading.markers import mail_markers
from services.classification.reading.quotes import Heading, find_headings, quoted_lines
from services.classification.reading.signatures import Cased, end_of_quoted_mail, find_signatures
from services.classification.reading.words import without_links

Ranges = Sequence[tuple[int, int]]
_SAID = re.compile(r"[^\W_]|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]")
_SET_ASIDE = re.compile(r" {5,}")
_MAX_FORWARDS = 4
"""So many mails, each of them only a wrapping of the next one, are opened."""


def set_aside(text: str, cased: Cased, quoted_by_html: Ranges, kinds: Set[str], *, is_several: bool) -> str:
    """The text with blanks in place of what its writer does not say now, at the same positions.

    `kinds`: of the markers that may be in it, see `kinds_in`.
    `is_several`: it is a row of replies, so a quoted mail does not go on to the end, but to its own signature. Where
    they only quote and sign, they say nothing; a message was there before.
    """
    signatures = list(find_signatures(text, cased, kinds))
    headings = find_headings(text, kinds)
    quoted = list(quoted_lines(text))
    if not (signatures or headings or quoted or quoted_by_html):
        return text
    is_forward = any(not heading.is_marked for heading in headings)
    for by_html in [quoted_by_html] if is_several or not quoted_by_html else [quoted_by_html, ()]:
        for opened in range(min(len(headings), _MAX_FORWARDS) + 1):
            rest = _quoted_below(text, headings, opened, cased, is_several=is_several)
            kept = blanked(text, [*by_html, *quoted, *rest, *signatures])
            if says_something(mail_markers().quotes.pointers.sub("", kept) if is_forward else kept):
                return kept
    if is_several:
        return blanked(text, [*quoted_by_html, *quoted, *signatures])
    for ranges in ([heading[:2] for heading in headings] + signatures, signatures):
        if says_something(kept := blanked(text, ranges)):
            return kept
    return text


def _quoted_below(
    text: str, headings: Sequence[Heading], opened: int, cased: Cased, *, is_several: bool
) -> list[tuple[int, int]]:
    """The headings, all but the first `opened` ones with the mail below."""
    ranges: list[tuple[int, int]] = []
    for number, heading in enumerate(headings):
        end = heading.end
        if number >= opened and not heading.is_marked:
            end = end_of_quoted_mail(text, end, cased) if is_several else len(text)
        ranges.append((heading.start, end))
        if end == len(text):
            break
    return ranges


def says_something(text: str) -> bool:
    """Whether there is a word or an emoji besides addresses."""
    return _SAID.search(without_links(text)) is not None


def blanked(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """The text with a full stop and blanks in place of each of the ranges."""
    parts = []
    position = 0
    for start, end in sorted(ranges):
        start = max(start, position)
        if end > start:
            parts += [text[position:start], ".", " " * (end - start - 1)]
            position = end
    return "".join([*parts, text[position:]])


def beginning(kept: str, limit: int) -> str:
    """The first `limit` characters, not counting what is set aside, nor other rows of blanks."""
    if len(kept) > limit:
        for blanks in _SET_ASIDE.finditer(kept):
            if blanks.start() >= limit:
                break
            limit += len(blanks[0])
    return kept[:limit]
