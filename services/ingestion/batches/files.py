"""Tickets in a file: CSV, NDJSON or a JSON array become records, one after the other, in memory that does not grow.

What a file is shows in its first character, whatever its name or a header says: `[` begins a JSON array, `{` NDJSON,
anything else CSV with a header row. A record that cannot be read is passed on as `Unreadable`; the next one is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from documents.ticket import SHOWN_FIELDS, SOURCE_FIELDS
from services.errors import InvalidInputError
from services.ingestion.batches.formats import FileFormat
from services.sources.records.json_text import MAX_RECORD_LEVELS, Unreadable, read_json

MAX_FILE_RECORD_BYTES = 4 * 1024 * 1024
"""A longer record is rejected unread; MongoDB takes 16 MB, and the longest real messages are some 100 kB."""
_CHUNK_BYTES = 256 * 1024
_MARKS = re.compile(rb'([\\"\[\]{},])')
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t|"
_OURS = frozenset(SHOWN_FIELDS).difference(SOURCE_FIELDS, ("tenant_id", "updated_at"))
"""What our own exports hold beside what a source says; it is worked out anew."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A record, and where it begins."""

    line: int
    """Of the file, from 1."""
    record: Any


def find_format(file: BinaryIO) -> FileFormat:
    """What the file's beginning says it is; the file is read from its start afterwards.

    Raises:
        InvalidInputError: it is in UTF-16.
    """
    beginning = file.read(4096)
    file.seek(0)
    if beginning.startswith(_UTF16_MARKS):
        raise InvalidInputError("The file is in UTF-16; save it as UTF-8.")
    first = beginning.removeprefix(_UTF8_MARK).lstrip()[:1]
    return {b"[": FileFormat.JSON, b"{": FileFormat.NDJSON}.get(first, FileFormat.CSV)


def to_columns(pairs: Iterable[str]) -> dict[str, str]:
    """Fields by the names of their columns, from pairs such as `Ticket ID:id`.

    Raises:
        InvalidInputError: a pair is none.
    """
    columns = {}
    for pair in pairs:
        name, mark, field = pair.rpartition(":")
        if not (mark and name and field):
            raise InvalidInputError(f"{pair[:100]!r} is no column; one looks like Ticket ID:id.")
        columns[name] = field
    return columns


def read_records(file: BinaryIO, form: FileFormat, columns: Mapping[str, str]) -> Iterator[FileRecord]:
    """The records of the file, in its order. `columns`: fields by the names that the file has for them.

    Raises:
        InvalidInputError: a CSV file has no header, or a column is named that it does not have.
    """
    if form is FileFormat.CSV:
        yield from _csv_records(file, columns)
        return
    texts = _lines(file) if form is FileFormat.NDJSON else _Elements(file).read()
    for line, text in texts:
        yield FileRecord(line, _named(_parsed(text), columns))


def _parsed(text: bytes) -> Any:
    shown = text[:MAX_FILE_RECORD_BYTES].decode("utf-8", "replace").strip()
    if len(text) > MAX_FILE_RECORD_BYTES:
        return Unreadable(shown, f"longer than {MAX_FILE_RECORD_BYTES} bytes")
    try:
        return read_json(text.decode(), levels=MAX_RECORD_LEVELS)
    except UnicodeDecodeError:
        return Unreadable(shown, "not UTF-8")
    except ValueError as error:
        return Unreadable(shown, f"not readable as JSON: {error}"[:500])


def _named(record: Any, columns: Mapping[str, str]) -> Any:
    """The record under the names that a source has for its fields."""
    if not isinstance(record, dict):
        return record
    renamed = {columns.get(name, name): value for name, value in record.items()}
    if "external_id" in renamed:  # one of our own exports, whose `id` is ours
        renamed["id"] = renamed.pop("external_id")
    return {name: value for name, value in renamed.items() if name not in _OURS}


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; of one that is too long, a little more than may be."""
    number = 0
    while line := file.readline(MAX_FILE_RECORD_BYTES + 2):
        number += 1
        rest = line
        while len(rest) > MAX_FILE_RECORD_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(MAX_FILE_RECORD_BYTES + 2)
        text = line.removeprefix(_UTF8_MARK) if number == 1 else line
        if text.strip():
            yield number, text.rstrip(b"\r\n")


class _Elements:
    """The elements of the array that a JSON file is, as texts: brackets are counted, nothing is parsed yet."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._element = bytearray()
        self._depth = 0
        self._is_in_string = self._is_escaped = False
        self._line = self._begins_at = 1

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Each element with the line on which it begins; what follows the array is not looked at.

        Raises:
            InvalidInputError: the file does not begin with an array.
        """
        while chunk := self._file.read(_CHUNK_BYTES):
            for text in filter(None, _MARKS.split(chunk)):
                if self._is_kept(text):
                    self._keep(text)
                elif self._element:
                    yield self._finished()
                if self._depth == 0 and text == b"]":
                    return
        if self._depth:
            yield self._finished()  # cut short, as the parser will tell

    def _is_kept(self, text: bytes) -> bool:
        """Whether it belongs to an element; if not, it begins, parts or ends them."""
        if self._is_escaped:
            self._is_escaped = False
        elif self._is_in_string:
            self._is_escaped = text == b"\\"
            self._is_in_string = text != b'"'
        elif text == b'"':
            self._is_in_string = True
        elif text in (b"[", b"{"):
            self._depth += 1
            if self._depth == 1 and text == b"{":
                raise InvalidInputError("The file is not an array of objects.")
            return self._depth > 1
        elif text in (b"]", b"}"):
            self._depth = max(self._depth - 1, int(text == b"}"))
            return self._depth > 0
        elif text == b",":
            return self._depth > 1
        return True

    def _keep(self, text: bytes) -> None:
        if not self._element:
            begun = text.lstrip(b"\xef\xbb\xbf \t\r\n")
            self._line += text.count(b"\n") - begun.count(b"\n")
            self._begins_at, text = self._line, begun
        self._line += text.count(b"\n")
        self._element += text[: max(0, MAX_FILE_RECORD_BYTES + 1 - len(self._element))]

    def _finished(self) -> tuple[int, bytes]:
        text = bytes(self._element)
        self._element.clear()
        return self._begins_at, text


def _csv_records(file: BinaryIO, columns: Mapping[str, str]) -> Iterator[FileRecord]:
    # What is not UTF-8 becomes lone surrogates, by which its row is told from the others.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    sample = text.readline(MAX_FILE_RECORD_BYTES)
    if not sample.strip():
        return
    text.seek(0)
    csv.field_size_limit(MAX_FILE_RECORD_BYTES)
    rows = csv.reader(text, delimiter=max(_DELIMITERS, key=sample.count))
    header = [name.strip() for name in next(rows)]
    if missing := columns.keys() - set(header):
        raise InvalidInputError(f"The file has no column {min(missing)!r}; it has: {', '.join(header)[:500]}.")
    fields = [columns.get(name, re.sub(r"[\s-]+", "_", name.casefold())) for name in header]
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield FileRecord(line, Unreadable("", f"not readable as CSV: {error}"))
            continue
        if row is None:
            return
        if row:
            yield FileRecord(line, _of_row(row, fields))


def _of_row(row: list[str], fields: list[str]) -> Any:
    text = ",".join(row)
    if not text.isprintable() and any("\udc80" <= character <= "\udcff" for character in text):
        return Unreadable(text.encode("utf-8", "replace").decode(), "not UTF-8")
    if len(row) > len(fields):
        return Unreadable(text, f"{len(row)} cells, but the header has {len(fields)}")
    return _named({name: cell for name, cell in zip(fields, row, strict=False) if cell and name}, {})
