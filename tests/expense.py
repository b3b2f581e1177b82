"""What each test computes, whatever machine it runs on: the dear ones are named at the end, for whoever wrote one.

Nothing fails of it: seconds of a processor, too, are more of them where others use the same one.
"""

import os
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

DEAR_SECONDS = 3.0
NAMED = 20
"""At most so many are named."""
_TICKS = os.sysconf("SC_CLK_TCK")
_KEY = "cpu_seconds"


def spent() -> float:
    """Seconds of a processor that this process has used up to now, and its children, those that run among them.

    Of the latter, and theirs that have ended, Linux tells; a MongoDB is nobody's child.
    """
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system + sum(map(_spent_by, _children()))


def _children() -> Iterator[str]:
    """Those that the main thread began, which are nearly all: to ask for those of a hundred threads takes longer than
    many a test."""
    with suppress(OSError, AttributeError):  # another system, or there is none, which is known at once
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        with open(f"/proc/self/task/{os.getpid()}/children") as children:
            yield from children.read().split()


def _spent_by(pid: str) -> float:
    try:
        fields = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended meanwhile
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS  # its own time and that of its ended children, see proc(5)


class _Account:
    """What had been spent when the last test ended."""

    before = 0.0


def count_from_now() -> None:
    """From here on it is the tests that spend."""
    _Account.before = spent()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Send what was spent since the test before along with the last report of this one, also to another process."""
    report = yield
    if call.when == "teardown":
        now = spent()
        report.user_properties = [*report.user_properties, (_KEY, now - _Account.before)]
        _Account.before = now
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name those that are dear."""
    reports = [report for each in terminalreporter.stats.values() for report in each if hasattr(report, "when")]
    tests = {report.nodeid: dict(report.user_properties)[_KEY] for report in reports if report.when == "teardown"}
    dear = sorted(((seconds, name) for name, seconds in tests.items() if seconds > DEAR_SECONDS), reverse=True)
    if dear:
        terminalreporter.section(f"{sum(tests.values()):.0f} s of a processor; dear tests, with what they set up")
        for seconds, name in dear[:NAMED]:
            terminalreporter.line(f"{seconds:5.1f} s {name}")
