"""`python -m gql_app import`: real files, a real process, a real database."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.processes import Command

MOMENT = "2026-02-01T10:00:00Z"
HEADER = "id,created_at,updated_at,subject,message,source,customer_id,status\n"
ROW = f"{{}},{MOMENT},{MOMENT},Hello,How are you?,mail,c-1,open\n"


@pytest.fixture(scope="module")
def environment(mongo_url: str) -> dict[str, object]:
    name = f"test_{uuid4().hex[:12]}"
    return {"MONGO_URL": mongo_url, "MONGO_DB": name, "EXTERNAL_API_URL": "http://127.0.0.1:1", "COLUMNS": 80}


def outcome(folder: Path, environment: dict[str, object], file: Path, *options: str) -> tuple[int, str]:
    """The exit code and what was printed."""
    with Command(folder, "-m", "gql_app", "import", str(file), "--tenant", "acme", *options, **environment) as command:
        return command.exit_code(), command.output


def test_a_file_is_stored_once_however_often_it_is_imported(tmp_path: Path, environment: dict[str, object]) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text(HEADER + "".join(ROW.format(number) for number in range(450)))
    code, printed = outcome(tmp_path, environment, file)
    assert code == 0, printed
    assert "acme: completed: 450 new" in printed
    code, printed = outcome(tmp_path, environment, file)
    assert code == 0, printed
    assert "acme: completed: 450 unchanged" in printed


def test_rejected_lines_are_named(tmp_path: Path, environment: dict[str, object]) -> None:
    ticket = dict(zip(HEADER.strip().split(","), ROW.format("rejected-1").strip().split(","), strict=True))
    lines = [
        ticket,
        ticket | {"id": "rejected-2", "created_at": "someday"},
        ticket | {"id": None},
        ticket | {"id": "rejected-4"},
    ]
    file = tmp_path / "tickets.ndjson"
    file.write_text("\n".join([*map(json.dumps, lines), "{cut off"]))
    code, printed = outcome(tmp_path, environment, file)
    assert code == 1, printed
    assert "2 new" in printed
    assert "3 errors" in printed
    assert [line.split(":")[0] for line in printed.splitlines() if line.startswith("line ")] == [
        "line 2",
        "line 3",
        "line 5",
    ]


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        ("id,name\n1,x\n", ("--column", "key:id"), "no column 'key'"),
        ("id,name\n1,x\n", ("--column", "key"), "'key' is no column"),
        ('{"id": 1}', ("--format", "json"), "not an array"),
    ],
)
def test_what_is_no_file_of_tickets_is_told_in_one_line(
    tmp_path: Path, environment: dict[str, object], content: str, options: tuple[str, ...], told: str
) -> None:
    file = tmp_path / "tickets"
    file.write_text(content)
    code, printed = outcome(tmp_path, environment, file, *options)
    assert code == 2
    assert told in printed
    assert "Traceback" not in printed
