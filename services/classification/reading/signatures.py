"""Signatures, legal footers and what mail programs add, in a text in the form of `normalise`.

After a closing ("Best regards,") only lines that look like names, titles, addresses and numbers are a signature. What
reads like a sentence counts, wherever it stands.
"""

import re
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cache
from itertools import islice

from services.classification.reading.labels import (
    LONGEST_LABEL,
    MOST_WORDS,
    has_address,
    is_first_name,
    is_label,
    is_title,
)
from services.classification.reading.markers import SignatureMarkers, mail_markers

Cased = Callable[[int, int], str]
"""The original text of a range: in it, names have capitals."""
MAX_SIGNATURE_LINES = 14
_DELIMITER = re.compile(r"^[^\S\n]*(?:--+|__+|-)[^\S\n]*$", re.MULTILINE)
_DASH_IN_LINE = re.compile(r"(?<=[^\s-])\s{1,3}(?:--|-)\s{1,3}(?=\S)")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n")
_CLOSING_KINDS = ("closings", "thanks", "sent_from")
# Begins with one class of characters, since `re` skips what is not in it.
_GAP = re.compile(r"[\n.!?,>)](?:(?<=\n)|\s)\W{0,20}")
_SENTENCE_START = re.compile(r"[.!?]\s+")
_WORD_OF_NAME = re.compile(r"[^\W_]+")
_MAX_DELIMITERS = 1_000
"""So many lines of hyphens are looked below; no real mail has more."""
_LONGEST_SENTENCE = 400
_MAX_WORDS_OF_THANKER = 4


def find_signatures(text: str, cased: Cased, kinds: Set[str]) -> Iterator[tuple[int, int]]:
    """The ranges of everything of this kind, in no order; they may overlap.

    Only what is of one of the `kinds` of markers is looked for, and lines of hyphens.
    """
    markers = mail_markers().signatures
    signer = _Signer(text, cased, markers)
    yield from signer.delimited()
    yield from signer.closed(kinds)
    if "footers" in kinds:
        for footer in markers.footers.finditer(text):
            yield signer.start_of_footer(footer.start()), _end_of_paragraph(text, footer.end())
    if "company" in kinds:
        yield from signer.companies()


def end_of_quoted_mail(text: str, start: int, cased: Cased) -> int:
    """Where the mail that begins at `start` ends with its writer's signature; the end of the text, if it has none."""
    markers = mail_markers().signatures
    for beginning in _beginnings(text, start):
        if closing := markers.closings.match(text, beginning):
            return _Signer(text, cased, markers).end_of_block(_end_of_line(text, closing.end()))
    return len(text)


def _beginnings(text: str, start: int) -> Iterator[int]:
    """Where a line or a part of a sentence may begin."""
    yield start
    for gap in _GAP.finditer(text, start):
        yield gap.end()


def _with_closings(text: str, kinds: Sequence[str]) -> Iterator[re.Match[str]]:
    """Matches at the beginnings in a text, each with a group of the kind of the closing that follows, if one does."""
    closing, gap_and_closing = _closings(kinds)
    if first := closing.match(text):
        yield first
    yield from gap_and_closing.finditer(text)


@cache
def _closings(kinds: Sequence[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Closings of these kinds, each a group; and what matches at each gap, with the closing that follows, if any."""
    markers = mail_markers().signatures
    closing = "|".join(f"(?P<{kind}>{getattr(markers, kind).pattern})" for kind in kinds)
    return re.compile(closing), re.compile(f"{_GAP.pattern}+(?=(?:{closing})?)")


class _Signer:
    """Looks for names and what goes with them."""

    def __init__(self, text: str, cased: Cased, markers: SignatureMarkers) -> None:
        self._text = text
        self._cased = cased
        self._markers = markers

    def delimited(self) -> Iterator[tuple[int, int]]:
        """Signatures below a line of hyphens, or behind them in a line."""
        if "-" not in self._text and "_" not in self._text:
            return
        for line in islice(_DELIMITER.finditer(self._text), _MAX_DELIMITERS):
            is_sure = line[0].endswith("-- ")
            yield line.start(), self.end_of_block(line.end(), is_sure=is_sure)
        if "--" in self._text or " - " in self._text:
            for dash in _DASH_IN_LINE.finditer(self._text):
                end = _end_of_line(self._text, dash.end())
                is_long = "--" in dash[0] or "\u2014" in self._cased(*dash.span())
                if is_long and is_label(self._line(dash.end(), end)):
                    yield dash.start(), self.end_of_block(end)

    def closed(self, kinds: Set[str]) -> Iterator[tuple[int, int]]:
        """Signatures below or behind closings, which are words of the writer's, and what mail programs add."""
        hinted = tuple(kind for kind in _CLOSING_KINDS if kind in kinds)
        for found in _with_closings(self._text, hinted) if hinted else ():
            kind = found.lastgroup
            if kind == "sent_from":
                yield found.span(kind)
            elif kind is not None:
                yield from self._behind(found.end(kind), MOST_WORDS if kind == "closings" else _MAX_WORDS_OF_THANKER)

    def _behind(self, start: int, most_words: int) -> Iterator[tuple[int, int]]:
        """The signature below or behind a closing that ends at `start`."""
        end = _end_of_line(self._text, start)
        if not _WORD_OF_NAME.search(self._text, start, end):
            yield end, self.end_of_block(end, most_words=most_words)
        elif is_label(self._line(start, end), most_words):
            yield start, self.end_of_block(end, most_words=most_words)

    def companies(self) -> Iterator[tuple[int, int]]:
        """Lines of the legal particulars of a company."""
        for line in self._markers.company.finditer(self._text):
            if is_title(f"X {self._line(*line.span('rest'))}"):
                yield line.span()

    def end_of_block(self, start: int, *, is_sure: bool = False, most_words: int = MOST_WORDS) -> int:
        """Where the signature ends whose first line comes after `start`, the end of a line.

        `is_sure`: any line counts until the first empty one. `most_words`: of the first one.
        """
        end = start
        lines = 0
        while end < len(self._text) and lines < MAX_SIGNATURE_LINES:
            begin, line_end = end + 1, _end_of_line(self._text, end + 1)
            line = self._line(begin, line_end).strip()
            if not line:
                if lines and not self._is_all_addresses(line_end):
                    break
                is_sure = is_sure and not lines
            elif line[0] == ">" or self._markers.postscripts.match(line.casefold()):
                break
            elif not is_sure:
                fits = is_title(line) if lines else is_label(line, most_words) or is_first_name(line)
                if not fits:
                    break
            lines += bool(line)
            end = line_end
        return end

    def _is_all_addresses(self, start: int) -> bool:
        """Whether the paragraph after `start` has nothing but names and addresses, and one at least of the latter."""
        end = min(_end_of_paragraph(self._text, start + 1), start + MAX_SIGNATURE_LINES * LONGEST_LABEL)
        lines = self._cased(start, end).strip().split("\n")
        return any(map(has_address, lines)) and all(map(is_label, lines))

    def _line(self, start: int, end: int) -> str:
        """As it was written; of what is too long for a label no more than it takes to see that."""
        return self._cased(start, min(end, start + 2 * LONGEST_LABEL))

    def start_of_footer(self, position: int) -> int:
        """Where the sentence begins, on the lines before if it does not begin with its line."""
        earliest = max(0, position - _LONGEST_SENTENCE)
        for sentence in _SENTENCE_START.finditer(self._text, earliest, position):
            earliest = sentence.end()
        line = max(earliest, self._text.rfind("\n", earliest, position) + 1)
        while line > earliest and self._cased(line, line + 8).lstrip(" \t*")[:1].islower():
            previous = self._text.rfind("\n", earliest, line - 1) + 1
            if not self._text[previous : line - 1].strip():
                break
            line = max(earliest, previous)
        return line


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _end_of_paragraph(text: str, position: int) -> int:
    end = _PARAGRAPH_END.search(text, position)
    return len(text) if end is None else end.start()
