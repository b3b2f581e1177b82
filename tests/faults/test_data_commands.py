"""The commands that show data: real processes on a real database, compared with what REST answers."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.processes import HTTP, Command, serving_mock

LONG_ID = "SUPPORT-" + "0123456789" * 9
MOVING = {"age_seconds", "waits_for"}
"""What is another one at each look."""


class Stored(NamedTuple):
    """A database with tickets of a run and of a file, and a service that answers about them."""

    home: Path
    settings: dict[str, Any]
    url: str
    job_id: str
    ran: dict[str, Any]
    """What `ingest --json` printed."""

    def call(self, *arguments: str, **settings: object) -> str:
        """What a command prints, which succeeds."""
        code, printed = self.outcome(*arguments, **settings)
        assert code == 0, printed
        return printed

    def outcome(self, *arguments: str, **settings: object) -> tuple[int, str]:
        with Command(self.home, "-m", "gql_app", *arguments, **{**self.settings, **settings}) as command:
            return command.exit_code(), command.output

    def lines(self, *arguments: str) -> list[Any]:
        """The JSON objects that a command prints."""
        return [json.loads(line) for line in self.call(*arguments).splitlines()]

    def rest(self, path: str) -> Any:
        answer = HTTP.get(f"{self.url}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, mongo_url: str) -> Iterator[Stored]:
    home = tmp_path_factory.mktemp("data")
    with serving_mock(tmp_path_factory.mktemp("mock"), MOCK_TICKET_COUNT=300) as mock:
        settings = {"MONGO_URL": mongo_url, "MONGO_DB": f"test_{uuid4().hex[:12]}", "EXTERNAL_API_URL": mock}
        settings |= {"RATE_LIMIT_PER_MINUTE": "0", "LOG_LEVEL": "error"}
        with Command(home, "-m", "gql_app", "ingest", "tenant_a", "--json", **settings) as command:
            assert command.exit_code() == 0, command.output
            ran = json.loads(command.output.splitlines()[-1])
        file = home / "tickets.ndjson"
        file.write_text(json.dumps({"id": LONG_ID, "created_at": "2026-02-01", "subject": "\x1b[2JHi", "source": "x"}))
        for_serving = {"LOG_LEVEL": "info", "RUN_WORKER": "false", "PORT": "0"}
        with (
            Command(home, "-m", "gql_app", "import", str(file), "--tenant", "tenant_b", **settings) as importing,
            Command(home, "-m", "gql_app", "serve", **settings | for_serving) as api,
        ):
            assert importing.exit_code() == 0, importing.output
            yield Stored(home, settings, api.url(), ran["job_id"], ran)


def still(answer: Any) -> Any:
    """The answer without what moves."""
    return {name: value for name, value in answer.items() if name not in MOVING}


@pytest.mark.parametrize(
    ("arguments", "path", "member"),
    [
        ("tickets list tenant_a --limit 100", "/tickets?tenant_id=tenant_a&page_size=100", "tickets"),
        (
            "tickets list tenant_a --where urgency=high --where urgency=low --where order=oldest_first --limit 5"
            " --page 2",
            "/tickets?tenant_id=tenant_a&urgency=high&urgency=low&order=oldest_first&page_size=5&page=2",
            "tickets",
        ),
        ("runs logs tenant_a", "/ingest/logs?tenant_id=tenant_a", "logs"),
        ("runs quarantine tenant_a", "/ingest/quarantine?tenant_id=tenant_a", "records"),
        ("notifications list tenant_a", "/notifications?tenant_id=tenant_a", "notifications"),
        ("destinations list tenant_a", "/destinations?tenant_id=tenant_a", "destinations"),
    ],
)
def test_a_list_has_the_lines_that_rest_has(stored: Stored, arguments: str, path: str, member: str) -> None:
    assert [*map(still, stored.lines(*arguments.split(), "--json"))] == [*map(still, stored.rest(path)[member])]


def test_statistics_are_those_of_rest(stored: Stored) -> None:
    period = "from_date=2020-01-01&to_date=2030-01-01"
    options = ("--from-date", "2020-01-01", "--to-date", "2030-01-01")
    assert stored.lines("stats", "tenant_a", *options, "--json") == [stored.rest(f"/tenants/tenant_a/stats?{period}")]


def test_a_ticket_and_its_history_are_those_of_rest(stored: Stored) -> None:
    name = stored.rest("/tickets?tenant_id=tenant_a&page_size=1")["tickets"][0]["external_id"]
    query = "?tenant_id=tenant_a"
    assert stored.lines("tickets", "show", "tenant_a", name, "--json") == [stored.rest(f"/tickets/{name}{query}")]
    history = stored.rest(f"/tickets/{name}/history{query}")
    assert stored.lines("tickets", "history", "tenant_a", name, "--json") == [history]


def test_a_run_is_that_of_rest(stored: Stored) -> None:
    run = stored.rest(f"/ingest/progress/{stored.job_id}")
    assert stored.ran == run
    assert stored.lines("runs", "show", stored.job_id, "--json") == [run]
    assert stored.lines("runs", "list", "tenant_a", "--json") == [run]


def test_tenants_are_listed_with_their_newest_run(stored: Stored) -> None:
    first, second = stored.lines("tenants", "list", "--json")
    assert (first["tenant_id"], second["tenant_id"], second["ticket_count"]) == ("tenant_a", "tenant_b", 1)
    assert first["ticket_count"] == stored.rest("/tickets?tenant_id=tenant_a")["total_count"]
    assert first["last_run"] == stored.ran


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_an_export_is_that_of_rest(stored: Stored, form: str) -> None:
    path = stored.home / f"export.{form}"
    stored.call("tickets", "export", "tenant_a", "--format", form, "--where", "urgency=high", "--output", str(path))
    url = f"{stored.url}/tickets/export?tenant_id=tenant_a&urgency=high&format={form}"
    assert path.read_bytes() == HTTP.get(url).content
    assert len(path.read_text().splitlines()) > 2
    if form == "csv":
        assert next(csv.reader(path.open(encoding="utf-8-sig")))[0] == "id"


def on_a_terminal(stored: Stored, columns: int, *arguments: str) -> str:
    """What a command writes to a terminal with so many columns."""
    settings = stored.settings | {"COLUMNS": columns}
    with Command(stored.home, "-m", "gql_app", *arguments, terminal=True, **settings) as command:
        assert command.exit_code() == 0, command.output
        return command.output


@pytest.mark.parametrize(
    ("arguments", "path", "member", "name"),
    [
        ("tickets list tenant_a", "/tickets?tenant_id=tenant_a", "tickets", "external_id"),
        ("runs logs tenant_a", "/ingest/logs?tenant_id=tenant_a", "logs", "job_id"),
        ("notifications list tenant_a", "/notifications?tenant_id=tenant_a", "notifications", "id"),
        ("tenants list", "/ingest/logs?tenant_id=tenant_a", "logs", "job_id"),
    ],
)
def test_no_terminal_cuts_an_id(stored: Stored, arguments: str, path: str, member: str, name: str) -> None:
    ids = {entry[name] for entry in stored.rest(path)[member]}
    assert ids
    seen = on_a_terminal(stored, 80, *arguments.split())
    assert {each for each in ids if each not in seen} == set()
    assert "…" not in seen


def test_an_id_that_is_wider_than_the_terminal_is_whole_and_no_text_moves_the_cursor(stored: Stored) -> None:
    with MongoClient(stored.settings["MONGO_URL"]) as client:
        row = client[stored.settings["MONGO_DB"]].tickets.find_one({"external_id": LONG_ID})
    assert row is not None
    assert row["subject"] == "\x1b[2JHi"
    seen = on_a_terminal(stored, 40, "tickets", "list", "tenant_b")
    assert LONG_ID in seen
    assert "\x1b[2J" not in seen


def test_a_tenant_that_does_not_exist_is_told_and_not_listed(stored: Stored) -> None:
    code, printed = stored.outcome("ingest", "tenant_x")
    assert code == 1
    assert "There is no tenant 'tenant_x'" in printed
    assert "Is 'tenant_a' meant?" in printed or "Is 'tenant_b' meant?" in printed
    assert [each["tenant_id"] for each in stored.lines("tenants", "list", "--json")] == ["tenant_a", "tenant_b"]
    code, printed = stored.outcome("stats", "tenant_x")
    assert (code, "There is no tenant 'tenant_x'" in printed) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("tickets list tenant_a --where urgncy=high", "There is no parameter 'urgncy'; did you mean urgency?"),
        ("stats tenant_a --from-date yesterday", "--from-date must be ISO 8601"),
        ("tickets show tenant_a nothing", "There is no ticket 'nothing'."),
        ("runs cancel {job_id}", "The job has already ended: completed."),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(stored: Stored, arguments: str, reason: str) -> None:
    code, printed = stored.outcome(*arguments.format(job_id=stored.job_id).split())
    assert code == 2
    (line,) = printed.splitlines()
    assert line.startswith("Error: ")
    assert reason in line


def test_reading_needs_no_external_api(stored: Stored) -> None:
    assert "tenant_a" in stored.call("tenants", "list", EXTERNAL_API_URL="")


def test_a_ticket_is_corrected_and_taken_back(stored: Stored) -> None:
    path = f"/tickets/{LONG_ID}?tenant_id=tenant_b"
    before = stored.rest(path)
    command = ("tickets", "correct", "tenant_b", LONG_ID)
    (corrected,) = stored.lines(*command, "--urgency", "high", "--no-action", "--note", "ours", "--json")
    assert (corrected["urgency"], corrected["requires_action"], corrected["judged_by"]) == ("high", False, "person")
    assert corrected["correction"]["note"] == "ours"
    assert stored.rest(path) == corrected
    code, printed = stored.outcome(*command, "--urgency", "enormous")
    assert (code, "urgency is one of high, medium, low." in printed) == (2, True)
    assert stored.outcome(*command)[0] == 2
    assert stored.outcome(*command, "--withdraw", "--no-action")[0] == 2
    assert stored.lines(*command, "--withdraw", "--json") == [before]
