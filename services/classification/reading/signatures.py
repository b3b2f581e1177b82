"""Signatures, legal footers and what mail programs add, in a text in the form of `normalise`.

After a closing ("Best regards,") only lines that look like names, titles, addresses and numbers are a signature. What
reads like a sentence counts, wherever it stands.
"""

import re
from collections.abc import Callable, Iterator, Set

from services.classification.reading.markers import SignatureMarkers, mail_markers

Cased = Callable[[int, int], str]
"""The original text of a range: in it, names have capitals."""
MAX_SIGNATURE_LINES = 14
_DELIMITER = re.compile(r"^[^\S\n]*(?:--+|__+|-)[^\S\n]*$", re.MULTILINE)
_DASH_IN_LINE = re.compile(r"(?<=[^\s-])\s{1,3}(?:--|-)\s{1,3}(?=\S)")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n")
_SENTENCE_START = re.compile(r"[.!?]\s+")
_ADDRESS = re.compile(r"@|://|www\.|\+?[0-9][0-9 ()/.\-]{5,}[0-9]")
_WORD_OF_NAME = re.compile(r"[^\W_]+")
_LONGEST_LINE = 100
_LONGEST_SENTENCE = 400
_MAX_WORDS = 12
_MAX_WORDS_OF_THANKER = 4


def find_signatures(text: str, cased: Cased, kinds: Set[str]) -> Iterator[tuple[int, int]]:
    """The ranges of everything of this kind, in no order; they may overlap.

    Only what is of one of the `kinds` of markers is looked for, and lines of hyphens.
    """
    markers = mail_markers().signatures
    signer = _Signer(text, cased, markers)
    yield from signer.delimited()
    if "closings" in kinds:
        yield from signer.closed(markers.closings, _MAX_WORDS)
    if "thanks" in kinds:
        yield from signer.closed(markers.thanks, _MAX_WORDS_OF_THANKER)
    if "sent_from" in kinds:
        yield from (line.span() for line in markers.sent_from.finditer(text))
    if "footers" in kinds:
        for footer in markers.footers.finditer(text):
            yield signer.start_of_footer(footer.start()), _end_of_paragraph(text, footer.end())
    if "company" in kinds:
        for line in markers.company.finditer(text):
            if not line["rest"].strip(" .:") or signer.is_label(*line.span("rest"), most_small=1):
                yield line.span()


def end_of_quoted_mail(text: str, start: int, cased: Cased) -> int:
    """Where the mail that begins at `start` ends with its writer's signature; the end of the text, if it has none."""
    markers = mail_markers().signatures
    closing = markers.closings.search(text, start)
    return (
        len(text) if closing is None else _Signer(text, cased, markers).end_of_block(_end_of_line(text, closing.end()))
    )


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
        for line in _DELIMITER.finditer(self._text):
            is_sure = line[0].rstrip("\r").endswith("-- ")
            yield line.start(), self.end_of_block(line.end(), is_sure=is_sure)
        if "--" in self._text or " - " in self._text:
            for dash in _DASH_IN_LINE.finditer(self._text):
                end = _end_of_line(self._text, dash.end())
                is_long = "--" in dash[0] or "\u2014" in self._cased(*dash.span())
                if is_long and self.is_label(dash.end(), end):
                    yield dash.start(), self.end_of_block(end)

    def closed(self, closings: re.Pattern[str], most_words: int) -> Iterator[tuple[int, int]]:
        """Signatures below or behind a closing; the closing itself is a word of the writer's."""
        for closing in closings.finditer(self._text):
            start, end = closing.end(), _end_of_line(self._text, closing.end())
            if not _WORD_OF_NAME.search(self._text, start, end):
                yield end, self.end_of_block(end, most_words=most_words)
            elif self.is_label(start, end, most_words=most_words):
                yield start, self.end_of_block(end, most_words=most_words)

    def end_of_block(self, start: int, *, is_sure: bool = False, most_words: int = _MAX_WORDS) -> int:
        """Where the signature ends whose first line comes after `start`, the end of a line.

        `is_sure`: any line counts until the first empty one.
        """
        end = start
        paragraph = 0
        lines = 0
        while end < len(self._text) and lines < MAX_SIGNATURE_LINES:
            begin, line_end = end + 1, _end_of_line(self._text, end + 1)
            line = self._text[begin:line_end].strip()
            if not line:
                paragraph += 1 if lines else 0
                if paragraph and not self._is_all_addresses(line_end):
                    break
            elif line[0] == ">" or self._markers.postscripts.match(line):
                break
            elif not (is_sure and not paragraph):
                if not self.is_label(begin, line_end, most_words=most_words, is_first=not lines):
                    break
                most_words = _MAX_WORDS
            lines += 1 if line else 0
            end = line_end
        return end

    def _is_all_addresses(self, start: int) -> bool:
        """Whether the paragraph after `start` has nothing but names and addresses, and one at least of the latter."""
        end = _end_of_paragraph(self._text, start + 1)
        lines = self._cased(start, min(end, start + MAX_SIGNATURE_LINES * _LONGEST_LINE)).strip().split("\n")
        return bool(_ADDRESS.search("\n".join(lines)[:1000])) and all(
            _is_label(line, self._markers.particles, _MAX_WORDS, 0) for line in lines
        )

    def is_label(
        self, start: int, end: int, *, most_words: int = _MAX_WORDS, most_small: int = 0, is_first: bool = False
    ) -> bool:
        """Whether this is a name, a title, an address and the like."""
        if end - start > _LONGEST_LINE:
            return False
        line = self._cased(start, end).strip(" \t\r\n,.-\u2013\u2014*_|")
        if is_first and len(line.split()) <= 2 and line.isascii() and line.replace(" ", "").isalpha():
            return True
        return _is_label(line, self._markers.particles, most_words, most_small)

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


def _is_label(line: str, particles: frozenset[str], most_words: int, most_small: int) -> bool:
    """Names have capitals, addresses signs and figures; sentences neither."""
    words = _WORD_OF_NAME.findall(line)
    if not words or len(words) > most_words or line[-1] in "?!;":
        return False
    if len(words) > 4 and line.isupper():
        return False
    small = [word for word in words if word[0].islower() and word not in particles]
    if _ADDRESS.search(line):
        return len(small) <= 8 and " ".join(words).count(" ") < _MAX_WORDS and _has_few_small_words(line, particles)
    return len(small) <= most_small


def _has_few_small_words(line: str, particles: frozenset[str]) -> bool:
    """Not counting the parts of addresses."""
    chunks = [chunk for chunk in line.split() if not re.search(r"[@/.:0-9]", chunk)]
    return sum(chunk[0].islower() and chunk.strip(",|") not in particles for chunk in chunks) <= 1


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _end_of_paragraph(text: str, position: int) -> int:
    end = _PARAGRAPH_END.search(text, position)
    return len(text) if end is None else end.start()
