"""Whether nobody wrote a text: out-of-office replies and delivery notices, in the form of `normalise`."""

import re
from collections.abc import Iterator

from services.classification.reading.markers import mail_markers

_BEGINNING = 500
"""Characters, within which absent people say that they are."""
_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n[^\S\n]*\S[^\n]*)*")


def is_automatic_subject(text: str) -> bool:
    """Whether a subject is that of an automatic reply or of a delivery notice."""
    markers = mail_markers().automatic
    return bool(markers.titles.match(text) or markers.bounces.match(text))


def is_automatic_message(text: str) -> bool:
    """Whether a message is one, by how it begins, or because it tells of an absence and of whom else to ask."""
    markers = mail_markers().automatic
    if markers.notices.match(text) or markers.titles.match(text):
        return True
    return markers.absences.search(text, 0, _BEGINNING) is not None and markers.companions.search(text) is not None


def automatic_paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """In a row of mails, the paragraphs that only automatic replies have; if there is no such reply, none."""
    markers = mail_markers().automatic
    spans = [paragraph.span() for paragraph in _PARAGRAPH.finditer(text)]
    begun = [span for span in spans if markers.notices.match(text, *span) or markers.absences.search(text, *span)]
    going_on = [span for span in spans if markers.companions.search(text, *span)]
    if going_on or any(markers.notices.match(text, *span) for span in begun):
        yield from {*begun, *(span for span in going_on if begun and span > begun[0])}
