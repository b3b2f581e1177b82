"""A text of a ticket, read: its words as its writer says them now, and where they stand in the original."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from itertools import accumulate

from services.classification.reading.automatic import (
    automatic_paragraphs,
    is_automatic_message,
    is_automatic_subject,
)
from services.classification.reading.mail import beginning, blanked, says_something, set_aside
from services.classification.reading.markers import kinds_in
from services.classification.reading.markup import Seen, read_markup
from services.classification.reading.positions import PositionMap
from services.classification.reading.words import (
    at_apostrophes,
    keeps_places,
    normalise,
    normalised_pieces,
    plain,
    split_words,
    with_paragraph_ends,
    without_links,
    words_and_gaps,
)


class TicketText(StrEnum):
    """The texts of a ticket, by the names of its fields."""

    SUBJECT = "subject"
    MESSAGE = "message"
    REPLIES = "replies"
    """What the customer wrote later: a row of mails with empty lines between them."""


READ_CHARACTERS = {TicketText.SUBJECT: 1_000, TicketText.MESSAGE: 20_000, TicketText.REPLIES: 20_000}
"""Longer texts are judged by their beginning (about 3,500 words): people say early what they want."""
_SEEN_FOR_ONE = 2
"""So many characters are looked through for one that may count: the others are quoted mail and the like."""
_MARKUP_FOR_ONE = 10
"""So many characters of the original for one that may count: a long mail has some 5 of markup for one that is seen."""
_OF_LOG = r"""[ \t>]*+(?:
    at\ [\w.$<>/]++\(|file\ "|traceback\ \(|caused\ by:|\.\.\.\ \d  # of a stack trace
    |\[?\d{4}-\d\d-\d\d[t\ ]\d\d:|\[?(?:debug|info|warn|warning|error|fatal|critical)[\]:]  # of a log
    )"""
_LOG_LINE = re.compile(rf"{_OF_LOG}|[\w.]{{0,80}}(?:error|exception)\b", re.VERBOSE)
"""How a line of a log or a stack trace begins, in normalised text."""
_LOG_IN_LINE = re.compile(rf"\.\ {_OF_LOG}", re.VERBOSE)
"""Where one begins before which there was an empty line, which has become a full stop."""
_SIGNS_OF_MAIL = (">", "--", "__", "\u2014")


class _Origin:
    """The way from the normalised text back to the original."""

    def __init__(self, seen: Seen, normal: str, looked_at: int) -> None:
        """`looked_at`: how much of the normalised text is."""
        self._seen = seen
        self._normal = normal
        self._looked_at = looked_at

    @cached_property
    def _to_seen(self) -> PositionMap | None:
        seen = self._seen.text
        if keeps_places(seen, self._normal):
            return None
        return PositionMap(normalised_pieces(seen), self._looked_at)

    @cached_property
    def _to_original(self) -> PositionMap | None:
        return None if self._seen.pieces is None else PositionMap(self._seen.pieces)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The range in the original."""
        start, end = self._in_seen(start, end)
        return (start, end) if self._to_original is None else self._to_original.source(start, end)

    def cased(self, start: int, end: int) -> str:
        """What was seen before it was normalised."""
        start, end = self._in_seen(start, end) if end > start else (start, start)
        return self._seen.text[start:end]

    def _in_seen(self, start: int, end: int) -> tuple[int, int]:
        return (start, end) if self._to_seen is None else self._to_seen.source(start, end)

    def quoted(self) -> Sequence[tuple[int, int]]:
        """The ranges of the normalised text that HTML marks as quoted mail."""
        if not self._seen.set_aside or (to_seen := self._to_seen) is None:
            return self._seen.set_aside
        return [(to_seen.result(start), to_seen.result(end)) for start, end in self._seen.set_aside]


class ReadText:
    """The words of a text, punctuation among them, in order.

    `words` are normalised, with their apostrophes; `keys` are the same ones as phrases are compared with them, see
    `plain`. Of an automatic reply or a delivery notice, `is_automatic`, they are nobody's.
    """

    __slots__ = ("_edges", "_origin", "_parted", "_parts_differ", "_pieces", "_text", "is_automatic", "keys", "words")

    def __init__(self, text: str, origin: _Origin, *, is_automatic: bool, joined: "ReadText | None" = None) -> None:
        """`joined`: the same with apostrophes that join words, where here they part them."""
        self._pieces: list[str] = words_and_gaps(text) if joined is None else at_apostrophes(joined._pieces)
        # Not the text itself where both are the same: a circle of objects stays in memory until it is searched for.
        self._parts_differ = joined is None and "'" in text
        self._parted: ReadText | None = None
        self.words: Sequence[str] = self._pieces[1::2]
        self.keys: Sequence[str] = self.words if text.isascii() and not self._parts_differ else plain(self.words)
        self.is_automatic = is_automatic
        self._text = text
        self._origin = origin
        self._edges: list[int] = []
        """Where the pieces end; made when a place is asked for."""

    def parted(self) -> "ReadText":
        """The same with apostrophes that part words, as those of French and Italian do; its words are others."""
        if not self._parts_differ:
            return self
        if self._parted is None:
            self._parted = ReadText(self._text, self._origin, is_automatic=self.is_automatic, joined=self)
        return self._parted

    def said(self) -> Sequence[str]:
        """The keys, split at apostrophes, that tell the language of the writer: none of logs, which are in English."""
        if "\n" in self._text:
            prose = _without_logs(self._text)
            if len(prose) < len(self._text):
                return plain(split_words(prose, apostrophe_parts=True))
        return self.parted().keys

    def place(self, first: int, end: int) -> tuple[int, int]:
        """Where `words[first:end]`, which is not empty, stands in the original: code points, the end exclusive."""
        if not self._edges:
            self._edges = [*accumulate(map(len, self._pieces))]
        return self._origin.original(self._edges[2 * first], self._edges[2 * end - 1])


def _without_logs(text: str) -> str:
    """The text with nothing in place of lines of logs and stack traces, and of what looks like the end of a line."""
    return "\n".join(map(_without_log, text.split("\n")))


def _without_log(line: str) -> str:
    if _LOG_LINE.match(line):
        return ""
    found = _LOG_IN_LINE.search(line)
    return line if found is None else line[: found.start()]


def read_text(original: str, part: TicketText = TicketText.MESSAGE) -> ReadText:
    """Read a text; any text will do, the empty one too, and HTML.

    Quoted mail, signatures and legal footers are set aside unless nothing else is there.
    """
    limit = READ_CHARACTERS[part]
    seen = read_markup(original[: _MARKUP_FOR_ONE * limit])
    seen = seen._replace(text=seen.text[: _SEEN_FOR_ONE * limit])
    normal = normalise(seen.text)
    origin = _Origin(seen, normal, _SEEN_FOR_ONE * limit)
    normal = normal[: _SEEN_FOR_ONE * limit]
    if part is TicketText.SUBJECT:
        return ReadText(_prepared(normal, limit), origin, is_automatic=is_automatic_subject(normal))
    read = ReadText(_prepared(normal, limit), origin, is_automatic=False)
    kinds = kinds_in(read.keys if len(normal) <= limit else plain(split_words(normal)))
    if not {"absences", "companions"} <= kinds:
        kinds -= {"absences", "companions"}
    if ":" not in normal:
        kinds -= {"fields", "verbs"}
    if not (kinds or seen.set_aside or any(sign in seen.text for sign in _SIGNS_OF_MAIL)):
        return read
    kept = set_aside(normal, origin.cased, origin.quoted(), kinds, is_several=part is TicketText.REPLIES)
    is_automatic = False
    if kinds & {"notices", "absences"}:
        kept, is_automatic = _without_automatic(kept, part)
    if kept == normal and not is_automatic:
        return read
    return ReadText(_prepared(kept, limit), origin, is_automatic=is_automatic)


def _without_automatic(kept: str, part: TicketText) -> tuple[str, bool]:
    """A message is an automatic reply or not; of a row of mails some may be."""
    if part is TicketText.MESSAGE:
        return kept, is_automatic_message(kept)
    written = blanked(kept, automatic_paragraphs(kept))
    return (written, False) if says_something(written) else (kept, says_something(kept))


def _prepared(normal: str, limit: int) -> str:
    return with_paragraph_ends(without_links(beginning(normal, limit)))
