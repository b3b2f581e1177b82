"""Files of tickets: whatever their form, the same records come out of them, and a bad one spoils no other."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInputError
from services.ingestion.batches import files
from services.ingestion.batches.files import MAX_FILE_RECORD_BYTES, FileRecord, find_format, read_records
from services.ingestion.batches.formats import FileFormat
from services.sources.records.json_text import Unreadable

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)
NAMES = ("id", "subject", "message", "status", "priority")
RECORDS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, TEXTS)), max_size=20)


def read(content: bytes, form: FileFormat | None = None, **columns: str) -> list[FileRecord]:
    file = io.BytesIO(content)
    return list(read_records(file, form or find_format(file), columns))


def records(content: bytes, form: FileFormat | None = None, **columns: str) -> list[Any]:
    return [each.record for each in read(content, form, **columns)]


def as_csv(rows: list[dict[str, str]], **dialect: Any) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, NAMES, **dialect)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@given(rows=RECORDS, indent=st.sampled_from([None, 1]), chunk=st.integers(1, 50))
def test_every_form_holds_the_same_records(rows: list[dict[str, str]], indent: int | None, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK_BYTES", chunk)
        assert records(json.dumps(rows, indent=indent).encode()) == rows
        assert records(json.dumps(rows, ensure_ascii=False).encode()) == rows
    assert records("\n".join(map(json.dumps, rows)).encode(), FileFormat.NDJSON) == rows
    assert records(as_csv(rows), FileFormat.CSV) == rows


@given(content=st.binary(max_size=400), form=st.sampled_from(FileFormat))
def test_no_bytes_whatsoever_break_reading(content: bytes, form: FileFormat) -> None:
    try:
        read(content, form)
    except InvalidInputError:
        return


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b'[{"id": 1}]', FileFormat.JSON),
        (b'\xef\xbb\xbf  [\n{"id": 1}]', FileFormat.JSON),
        (b'{"id": 1}\n{"id": 2}', FileFormat.NDJSON),
        (b"id,subject\n1,x", FileFormat.CSV),
        (b"", FileFormat.CSV),
    ],
)
def test_the_content_says_what_a_file_is(content: bytes, form: FileFormat) -> None:
    assert find_format(io.BytesIO(content)) is form


def test_utf_16_is_refused_with_advice() -> None:
    with pytest.raises(InvalidInputError, match="UTF-8"):
        find_format(io.BytesIO("id,subject".encode("utf-16")))


def test_an_object_is_no_array() -> None:
    with pytest.raises(InvalidInputError, match="not an array"):
        read(b'{"tickets": []}', FileFormat.JSON)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [{"id": "1", "subject": "a,b;c", "message": "two\nlines", "status": "open", "priority": "x"}]
    assert records(as_csv(rows, delimiter=delimiter)) == rows


def test_a_mark_of_utf_8_is_no_part_of_the_first_column() -> None:
    assert records(b"\xef\xbb\xbfid,subject\r\n1,K\xc3\xa4se\r\n") == [{"id": "1", "subject": "Käse"}]


def test_columns_are_mapped_and_the_others_named_plainly() -> None:
    content = b"Ticket #,Created At,Assigned-To\n7,2026-02-01T10:00:00Z,Dana\n"
    assert records(content, **{"Ticket #": "id"}) == [
        {"id": "7", "created_at": "2026-02-01T10:00:00Z", "assigned_to": "Dana"}
    ]
    assert records(b'{"number": 7}', FileFormat.NDJSON, number="id") == [{"id": 7}]


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"no column 'key'; it has: id, subject"):
        records(b"id,subject\n1,x", key="id")


def test_an_empty_cell_is_no_value() -> None:
    assert records(b"id,subject,status\n1,,open\n\n2\n") == [{"id": "1", "status": "open"}, {"id": "2"}]


def test_our_own_export_can_be_read_again() -> None:
    exported = b'{"id": "65c0", "external_id": "T-1", "status": "open", "urgency": "high", "matched": []}'
    assert records(exported, FileFormat.NDJSON) == [{"id": "T-1", "status": "open"}]
    assert records(b"id,external_id,status,urgency\n65c0,T-1,open,high\n") == [{"id": "T-1", "status": "open"}]


def bad(found: list[FileRecord]) -> dict[int, str]:
    return {each.line: each.record.reason for each in found if isinstance(each.record, Unreadable)}


def test_a_bad_line_is_told_by_its_number() -> None:
    found = read(b'{"id": 1}\n\n{"id": 2\n{"id": "\xff"}\n{"id": 3}\n')
    assert [each.record for each in found if isinstance(each.record, dict)] == [{"id": 1}, {"id": 3}]
    assert bad(found)[3].startswith("not readable as JSON")
    assert bad(found)[4] == "not UTF-8"


def test_a_bad_element_spoils_no_other() -> None:
    found = read(b'[\n {"id": 1},\n {"id": nonsense},\n {"id": "]}\\"{["},\n\n {"id": 4}\n]\nwhatever')
    assert [(each.line, each.record) for each in found if isinstance(each.record, dict)] == [
        (2, {"id": 1}),
        (4, {"id": ']}"{['}),
        (6, {"id": 4}),
    ]
    assert list(bad(found)) == [3]


@pytest.mark.parametrize("rest", [b'{"id": 2', b'{"id": "2', b"", b" "], ids=["object", "string", "nothing", "blank"])
def test_an_array_that_is_cut_short_says_so(rest: bytes) -> None:
    found = read(b'[{"id": 1},' + rest)
    assert found[0].record == {"id": 1}
    assert len(bad(found)) == 1


def test_a_record_that_is_too_long_is_rejected_unread() -> None:
    long = json.dumps({"id": 2, "message": "x" * (2 * MAX_FILE_RECORD_BYTES)})
    for content in (f'[{{"id": 1}}, {long}, {{"id": 3}}]', f'{{"id": 1}}\n{long}\n{{"id": 3}}'):
        found = read(content.encode())
        assert [each.record for each in found if isinstance(each.record, dict)] == [{"id": 1}, {"id": 3}]
        [reason] = bad(found).values()
        assert reason.startswith("longer than")


def test_nesting_has_a_bound() -> None:
    found = read(b'[{"id": 1}, {"id": ' + b"[" * 5_000 + b"]" * 5_000 + b"}]")
    assert "nested" in next(iter(bad(found).values()))


def test_rows_that_do_not_fit_are_told() -> None:
    found = read(b"id,subject\n1,x,y\n2,\xff\n3,z\n")
    assert bad(found) == {2: "3 cells, but the header has 2", 3: "not UTF-8"}
    assert found[2].record == {"id": "3", "subject": "z"}
