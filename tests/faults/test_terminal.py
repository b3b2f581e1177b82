"""`make run` as a person sees it: in a window of 80 columns and 24 rows, stopped, killed and started again."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from gql_app.commands.screen.following import WHEN_IDLE, WHILE_RUNNING
from tests.processes import Command, serving_mock
from tests.screens import Screen
from tests.waiting import eventually

COLUMNS = 80
TENANTS = ("tenant_a", "tenant_b", "tenant_c", "tenant_d")
PICTURES = os.environ.get("SCREENSHOTS")
"""A folder for the picture of the screen; none is made where it is not named."""
LEASE_SECONDS = 300
Settings = dict[str, object]


class MakeRun(Command):
    """`make run`, on a terminal; what it prints of its data directory is as short as usual."""

    def __init__(self, home: Path, **settings: object) -> None:
        environment = {"DATA_DIR": "data", "PORT": 0, **settings}
        super().__init__(home, "-m", "gql_app", "up", *TENANTS, terminal=True, columns=COLUMNS, **environment)
        self._screen = Screen()

    @property
    def screen(self) -> Screen:
        """What it shows."""
        self._screen.follow(self.output)
        return self._screen.as_it_is()


def screen_with(command: MakeRun, pattern: str) -> Screen:
    """The first screen that shows it, and every tenant's run: the last of them may begin when others have ended."""

    def shown() -> Screen | None:
        screen = command.screen
        return screen if re.search(pattern, screen.text, re.MULTILINE) and not tenants_without(screen) else None

    return eventually(shown, lambda: f"no {pattern!r} on:\n{command.screen.text}")


def tenants_without(screen: Screen) -> list[str]:
    """Those whose run is not shown."""
    return [name for name in TENANTS if not re.search(rf"^{name} [━╸╺]+ +\d+% \S", screen.text, re.MULTILINE)]


def assert_readable(screen: Screen) -> None:
    """Nothing is cut, no line is longer than the window, and all of it fits."""
    assert screen.longest <= COLUMNS
    assert "…" not in screen.text
    assert len(screen.text.rstrip().splitlines()) <= 24
    for link in ("", "/graphql", "/docs"):
        assert re.search(rf"http://127\.0\.0\.1:\d+{link}/?$", screen.text, re.MULTILINE), screen.text
    assert re.search(r"^Log +data/up\.log$", screen.text, re.MULTILINE)
    assert not tenants_without(screen), screen.text


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, mongo_url: str) -> Iterator[Settings]:
    """Settings with which the runs use the limit up; what it starts by itself, the screen shows nothing of."""
    with serving_mock(tmp_path_factory.mktemp("mock"), MOCK_TICKET_COUNT=800) as mock:
        yield {
            "MONGO_URL": mongo_url,
            "EXTERNAL_API_URL": mock,
            "PAGE_SIZE": 20,
            "RATE_LIMIT_PER_MINUTE": 8,
            "LOCK_TTL_SECONDS": LEASE_SECONDS,
        }


@pytest.fixture
def database(mongo_url: str) -> Iterator[Database[dict[str, Any]]]:
    """An empty one."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        database = client[f"test_{uuid4().hex[:12]}"]
        yield database


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, limited: Settings) -> Iterator[MakeRun]:
    """`make run` whose runs have used the limit up."""
    with MakeRun(tmp_path_factory.mktemp("waiting"), MONGO_DB=f"test_{uuid4().hex[:12]}", **limited) as command:
        screen_with(command, r"Rate limit: .*\n(.*\n)*Alerts: ")
        yield command


def test_runs_that_wait_are_readable_and_say_why_and_until_when(waiting: MakeRun) -> None:
    screen = screen_with(waiting, r"^Rate limit: 8 requests in 60 s are used up; the runs go on at \d\d:\d\d:\d\d\.$")
    assert_readable(screen)
    assert re.search(r"page \d+ of \d+, \d+ tickets, goes on in \d+ s$", screen.text, re.MULTILINE)
    assert screen.text.rstrip().endswith(WHILE_RUNNING)


def test_ctrl_c_leaves_a_clean_screen(waiting: MakeRun) -> None:
    waiting.stop(signal.SIGINT)
    screen = waiting.screen
    assert waiting.exit_code() == 0
    assert_readable(screen)
    assert screen.shows_cursor
    assert screen.lines[-1] == ""
    assert screen.text.rstrip().endswith("Stopping; what is unfinished goes on next time.")
    assert "Traceback" not in screen.text


def let_leases_run_out(stored: Database[dict[str, Any]]) -> None:
    """What time would do: the killed worker's leases, and the last signs of life of its runs, are as old as need be.

    Whoever takes a lease over ends the transaction that its holder has left open; until then, nobody can write here.
    """
    admin = stored.client.admin
    left_open = [
        {"$currentOp": {"allUsers": True, "idleSessions": True}},
        {"$match": {"transaction.timeInactiveMicros": {"$gt": 1_000_000}}},
    ]
    for each in admin.aggregate(left_open):
        admin.command("killAllSessionsByPattern", [{"lsid": each["lsid"]}])

    def older(field: str) -> list[dict[str, Any]]:
        return [{"$set": {field: {"$subtract": [f"${field}", LEASE_SECONDS * 1000]}}}]

    stored.distributed_locks.update_many({"resource_id": {"$regex": "^ingest:"}}, older("expires_at"))
    stored.ingestion_jobs.update_many({}, older("heartbeat_at"))


def test_after_a_crash_the_next_start_says_what_goes_on_and_when(
    tmp_path: Path, limited: Settings, database: Database[dict[str, Any]]
) -> None:
    with MakeRun(tmp_path, MONGO_DB=database.name, **limited) as first:
        screen_with(first, r"Rate limit: ")
        first.kill()
    with MakeRun(tmp_path, MONGO_DB=database.name, **limited) as second:
        screen = screen_with(second, r"^tenant_. .*page \d+ of \d+, interrupted, goes on in \d+ s at most$")
        assert_readable(screen)
        assert "An interrupted run goes on where it was" in screen.text
        screen_with(second, r"^Alerts: ")
        let_leases_run_out(database)
        eventually(lambda: "interrupted" not in second.screen.text, lambda: second.screen.text)
        assert_readable(screen_with(second, r"^tenant_. .*(goes on in|completed)"))
    log = (tmp_path / "data/up.log").read_text()
    assert log.count("command_started") == 2


def test_retries_that_succeed_are_seen(tmp_path: Path, mongo_url: str, database: Database[dict[str, Any]]) -> None:
    with (
        serving_mock(tmp_path, MOCK_TICKET_COUNT=300, MOCK_NOTIFY_FLAKY_SHARE=0.1) as mock,
        MakeRun(tmp_path, MONGO_URL=mongo_url, MONGO_DB=database.name, EXTERNAL_API_URL=mock) as command,
    ):
        screen = screen_with(command, r"^Alerts: [\d,]+ delivered, [\d,]+ failed attempts, each repeated$")
        assert_readable(screen_with(command, rf"^{re.escape(WHEN_IDLE)}$"))
    assert "waiting" not in screen.text


def test_a_notifier_as_hostile_as_the_real_one_is_explained(
    tmp_path: Path, mongo_url: str, database: Database[dict[str, Any]]
) -> None:
    (tmp_path / ".env").write_text("MOCK_NOTIFY_MODE=reference\nMOCK_TICKET_COUNT=200\nEXTERNAL_API_URL=mock\n")
    with MakeRun(tmp_path, MONGO_URL=mongo_url, MONGO_DB=database.name) as command:
        screen = screen_with(command, r"^Alerts: .* waiting, (.*\n)+.*\(circuit open\)\.$")
    assert_readable(screen)
    assert re.search(r"The notifier is asked again in \d+ s: 5 of its last\s10 answers", screen.text), screen.text


@pytest.mark.skipif(not PICTURES, reason="no folder is named")
def test_a_picture_of_it(tmp_path: Path) -> None:
    with MakeRun(tmp_path, PORT=8000) as command:
        screen_with(command, r"^tenant_d .*completed")
        screen = screen_with(command, r"^Rate limit: .*\n(.*\n)*Alerts: .*repeated$")
    screen.save(Path(str(PICTURES)) / "terminal.svg", "make run", COLUMNS)
