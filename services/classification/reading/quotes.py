"""Where quoted and forwarded mail begins in a text in the form of `normalise`, and which lines are marked as quoted."""

import re
from collections.abc import Iterator, Set
from itertools import islice
from typing import NamedTuple

from services.classification.reading.markers import QuoteMarkers, mail_markers
from services.classification.reading.words import plain_word

_QUOTED_LINE = re.compile(r"^[^\S\n]*>(?!=)[^\n]*", re.MULTILINE)
_LINE_END = re.compile(r"[^\S\n]*(?:\n|$)")
_MARKED = re.compile(r"\s{0,20}>")
_BETWEEN_HEADINGS = re.compile(r"[\s\-_=*]{0,200}")
_MAX_ATTRIBUTIONS = 300
"""So often quotes are looked for by their verbs; no real thread of mails is longer."""
_LONGEST_ATTRIBUTION = 300
_LONGEST_FIELD = 400


class Heading(NamedTuple):
    """What stands above quoted mail: "On 3 June, Anna wrote:" or the fields From, Sent, To and Subject."""

    start: int
    end: int
    is_marked: bool
    """The lines of the quoted mail are marked as quoted; else it goes on to the end."""


class _Field(NamedTuple):
    start: int
    end: int
    role: str
    is_first_in_line: bool


def quoted_lines(text: str) -> Iterator[tuple[int, int]]:
    """The lines that begin with `>`."""
    return (line.span() for line in _QUOTED_LINE.finditer(text)) if ">" in text else iter(())


def find_headings(text: str, kinds: Set[str]) -> list[Heading]:
    """All headings in order; those that follow each other with nothing between are one.

    Only what is of one of the `kinds` of markers is looked for.
    """
    markers = mail_markers().quotes
    found = [*_separators(text, markers)] if "separators" in kinds else []
    if "verbs" in kinds:
        found += _attributions(text, markers)
    if "fields" in kinds:
        found += _field_blocks(text, markers)
    headings: list[Heading] = []
    for start, end in sorted(found):
        if headings and (between := _BETWEEN_HEADINGS.match(text, headings[-1].end)) and between.end() >= start:
            start = headings.pop().start
        headings.append(Heading(start, end, _MARKED.match(text, end) is not None))
    return [_with_its_line(text, heading) for heading in headings]


def _with_its_line(text: str, heading: Heading) -> Heading:
    """A mail that is quoted within the line of its heading ends with that line."""
    if heading.is_marked and not _LINE_END.match(text, heading.end):
        end = text.find("\n", heading.end)
        return heading._replace(end=len(text) if end < 0 else end)
    return heading


def _separators(text: str, markers: QuoteMarkers) -> Iterator[tuple[int, int]]:
    return (separator.span() for separator in markers.separators.finditer(text))


def _attributions(text: str, markers: QuoteMarkers) -> Iterator[tuple[int, int]]:
    """ "On 3 June, Anna wrote:" and the like, on a line or two, or in front of a `>` in the same line."""
    for verb in islice(markers.verbs.finditer(text), _MAX_ATTRIBUTIONS):
        earliest = max(0, verb.start() - _LONGEST_ATTRIBUTION)
        paragraph = max(earliest, text.rfind("\n\n", earliest, verb.start()))
        openings = [opening.start() for opening in markers.opens.finditer(text, paragraph, verb.start())]
        line = max(
            earliest, text.rfind("\n", earliest, verb.start()) + 1, text.rfind(" > ", earliest, verb.start()) + 1
        )
        start = openings[-1] if openings else line
        if _is_attribution(text, start, verb.end(), has_opening=bool(openings), markers=markers):
            yield start, verb.end()


def _is_attribution(text: str, start: int, end: int, *, has_opening: bool, markers: QuoteMarkers) -> bool:
    said = text[start:end]
    if said.count("\n") > 2 or markers.own.search(said):
        return False
    precedes_quote = _MARKED.match(text, end) is not None
    ends_line = _LINE_END.match(text, end) is not None
    is_dated, is_addressed = any(map(str.isdecimal, said)), "@" in said
    if has_opening:
        return precedes_quote or (ends_line and (is_dated or is_addressed)) or (is_dated and is_addressed)
    is_at_its_beginning = start == 0 or text[start - 1] == "\n" or text[start] == ">"
    return is_at_its_beginning and (precedes_quote or (ends_line and is_addressed))


def _field_blocks(text: str, markers: QuoteMarkers) -> Iterator[tuple[int, int]]:
    """The fields of a mail, one a line, or all in a line of a text that has lost its line breaks."""
    block: list[_Field] = []
    for field in [*_fields(text, markers), None]:
        if field is None or (block and field.start - block[-1].end > _LONGEST_FIELD):
            if _is_mail_head(text, block):
                yield _block_range(text, block)
            block = []
        if field is not None:
            block.append(field)


def _fields(text: str, markers: QuoteMarkers) -> Iterator[_Field]:
    for name in markers.fields.finditer(text):
        before = text[max(0, name.start() - 8) : name.start()].rpartition("\n")
        is_first = not before[2].strip(" *\t") and (bool(before[1]) or name.start() < 8)
        role = markers.roles[" ".join(plain_word(name[0].rstrip(" \t:*")).split())]
        yield _Field(name.start(), name.end(), role, is_first)


def _is_mail_head(text: str, block: list[_Field]) -> bool:
    """Whether the fields are a mail's: a form that asks where from, where to and when has three of them as well."""
    roles = {field.role for field in block}
    if not all(field.is_first_in_line for field in block):
        return {"from", "to", "subject"} <= roles and bool(roles & {"sent", "date"})
    is_addressed = "@" in text[block[0].start : block[-1].end] if block else False
    return "from" in roles and len(roles) >= 3 and (bool(roles & {"sent", "subject"}) or is_addressed)


def _block_range(text: str, block: list[_Field]) -> tuple[int, int]:
    end = block[-1].end
    if block[-1].is_first_in_line:
        line_end = text.find("\n", end)
        end = len(text) if line_end < 0 else line_end
    return block[0].start, end
