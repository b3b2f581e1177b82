"""`make run` as a person sees it: in a window of 80 columns and 24 rows, stopped, killed and started again."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gql_app.commands.screen.following import WHEN_IDLE, WHILE_RUNNING
from tests.processes import Command
from tests.screens import Screen
from tests.waiting import eventually

COLUMNS = 80
TENANTS = ("tenant_a", "tenant_b", "tenant_c", "tenant_d")
PICTURES = os.environ.get("SCREENSHOTS")
"""A folder for the picture of the screen; none is made where it is not named."""
LIMITED = {"MOCK_TICKET_COUNT": 800, "PAGE_SIZE": 20, "RATE_LIMIT_PER_MINUTE": 8, "LOCK_TTL_SECONDS": 45}


def start_up(home: Path, **settings: object) -> Command:
    """`make run`, on a terminal; what it prints of its data directory is as short as usual."""
    environment = {"DATA_DIR": "data", "PORT": 0, **settings}
    return Command(home, "-m", "gql_app", "up", terminal=True, columns=COLUMNS, **environment)


def screen_with(command: Command, pattern: str) -> Screen:
    """The first screen that shows it."""

    def shown() -> Screen | None:
        screen = Screen(command.output)
        return screen if re.search(pattern, screen.text, re.MULTILINE) else None

    return eventually(shown, lambda: f"no {pattern!r} on:\n{Screen(command.output).text}")


def assert_readable(screen: Screen) -> None:
    """Nothing is cut, no line is longer than the window, and all of it fits."""
    assert screen.longest <= COLUMNS
    assert "…" not in screen.text
    assert len(screen.text.rstrip().splitlines()) <= 24
    for link in ("", "/graphql", "/docs"):
        assert re.search(rf"http://127\.0\.0\.1:\d+{link}/?$", screen.text, re.MULTILINE), screen.text
    assert re.search(r"^Log +data/up\.log$", screen.text, re.MULTILINE)
    for tenant in TENANTS:
        assert re.search(rf"^{tenant} [━╸╺]+ +\d+% \S", screen.text, re.MULTILINE), screen.text


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """`make run` whose runs have used the limit up."""
    with start_up(tmp_path_factory.mktemp("waiting"), **LIMITED) as command:
        screen_with(command, r"Rate limit: .*\n(.*\n)*Alerts: ")
        yield command


def test_runs_that_wait_are_readable_and_say_why_and_until_when(waiting: Command) -> None:
    screen = screen_with(waiting, r"^Rate limit: 8 requests in 60 s are used up; the runs go on at \d\d:\d\d:\d\d\.$")
    assert_readable(screen)
    assert re.search(r"page \d+ of \d+, \d+ tickets, goes on in \d+ s$", screen.text, re.MULTILINE)
    assert screen.text.rstrip().endswith(WHILE_RUNNING)


def test_ctrl_c_leaves_a_clean_screen(waiting: Command) -> None:
    waiting.stop(signal.SIGINT)
    screen = Screen(waiting.output)
    assert waiting.exit_code() == 0
    assert_readable(screen)
    assert screen.shows_cursor
    assert screen.lines[-1] == ""
    assert screen.text.rstrip().endswith("Stopping; what is unfinished goes on next time.")
    assert "Traceback" not in screen.text


def test_after_a_crash_the_next_start_says_what_goes_on_and_when(tmp_path: Path) -> None:
    with start_up(tmp_path, **LIMITED) as first:
        screen_with(first, r"Rate limit: ")
        first.kill()
    with start_up(tmp_path, **LIMITED) as second:
        screen = screen_with(second, r"^tenant_. .*page \d+ of \d+, interrupted, goes on in \d+ s at most$")
        assert_readable(screen)
        assert "An interrupted run goes on where it was" in screen.text
        screen_with(second, r"^Alerts: ")
        eventually(lambda: "interrupted" not in Screen(second.output).text, lambda: Screen(second.output).text)
        assert_readable(screen_with(second, r"^tenant_. .*(goes on in|completed)"))
    log = (tmp_path / "data/up.log").read_text()
    assert log.count("command_started") == 2


def test_retries_that_succeed_are_seen(tmp_path: Path) -> None:
    with start_up(tmp_path, MOCK_TICKET_COUNT=2000) as command:
        screen = screen_with(command, r"^Alerts: [\d,]+ delivered, [\d,]+ failed attempts, each repeated$")
        assert_readable(screen_with(command, rf"^{re.escape(WHEN_IDLE)}$"))
    assert "waiting" not in screen.text


def test_a_notifier_as_hostile_as_the_real_one_is_explained(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MOCK_NOTIFY_MODE=reference\nMOCK_TICKET_COUNT=1000\n")
    with start_up(tmp_path) as command:
        screen = screen_with(command, r"^Alerts: .* waiting, (.*\n)+.*\(circuit open\)\.$")
    assert_readable(screen)
    assert re.search(r"The notifier is asked again in \d+ s: 5 of its last\s10 answers", screen.text), screen.text


@pytest.mark.skipif(not PICTURES, reason="no folder is named")
def test_a_picture_of_it(tmp_path: Path) -> None:
    with start_up(tmp_path, PORT=8000) as command:
        screen_with(command, r"^tenant_d .*completed")
        screen = screen_with(command, r"^Rate limit: .*\n(.*\n)*Alerts: .*repeated$")
    screen.save(Path(str(PICTURES)) / "terminal.svg", "make run", COLUMNS)
