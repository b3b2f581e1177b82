"""The shared mock external API: who starts it, who joins it, and that it outlives none of its users."""

import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from gql_app.local import bundled_mock
from gql_app.local.shared import SharedServer
from tests.processes import HTTP, Command, answers
from tests.waiting import eventually

HOLD = """
import sys, time
from pathlib import Path
from gql_app.local import bundled_mock
from gql_app.local.shared import SharedServer
mock = bundled_mock.start(Path(sys.argv[1]))
print(mock.url, flush=True)
time.sleep(600)
"""
LIST = "/external/support-tickets?page_size=100"


@pytest.fixture(autouse=True)
def _few_tickets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_TICKET_COUNT", "100")
    monkeypatch.setenv("MOCK_DRIFTING_UPDATED_AT_SHARE", "0")


def other_user(home: Path) -> Command:
    """Another process that uses the mock of a data directory."""
    return Command(home, "-c", HOLD, str(home))


def test_users_share_it_and_it_ends_with_the_last_of_them_killed_or_not(tmp_path: Path) -> None:
    with other_user(tmp_path) as first, other_user(tmp_path) as last:
        url = first.wait_for(r"http://\S+")[0]
        with bundled_mock.start(tmp_path) as mock:
            assert mock.url == url == last.wait_for(r"http://\S+")[0]
            first.kill()
            assert HTTP.get(f"{url}{LIST}").status_code == 200
        assert HTTP.get(f"{url}{LIST}").status_code == 200
        last.kill()
        eventually(lambda: not answers(url))


def test_killed_or_started_again_it_has_the_same_tickets(tmp_path: Path) -> None:
    with bundled_mock.start(tmp_path) as mock:
        before = HTTP.get(mock.url + LIST).json()
        os.kill(mock.pid, signal.SIGKILL)
        with bundled_mock.start(tmp_path) as same:
            assert (same.url, same.pid == mock.pid) == (mock.url, False)
            assert HTTP.get(mock.url + LIST).json() == before
    eventually(lambda: not answers(mock.url))
    with bundled_mock.start(tmp_path) as mock:
        assert HTTP.get(mock.url + LIST).json() == before


def test_two_data_directories_have_a_mock_each_with_its_own_settings(tmp_path: Path) -> None:
    def start(count: str) -> SharedServer:
        return bundled_mock.start(tmp_path / count, settings={"MOCK_TICKET_COUNT": count})

    with ThreadPoolExecutor() as threads, ExitStack() as mocks:
        started = dict(zip("47", threads.map(start, "47"), strict=True))
        for mock in started.values():
            mocks.enter_context(mock)
        assert len({mock.url for mock in started.values()}) == 2
        for count, mock in started.items():
            listed = HTTP.get(mock.url + LIST, params={"include_deleted": True}).json()
            assert listed["total_count"] == int(count)


def test_another_port_is_used_when_the_usual_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((bundled_mock.HOST, 0)) as taken:
        monkeypatch.setattr(bundled_mock, "USUAL_PORT", taken.getsockname()[1])
        with bundled_mock.start(tmp_path) as mock:
            assert HTTP.get(f"{mock.url}/health").json() == {"status": "ok"}


def test_a_mock_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_mock, "PROJECT", tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with pytest.raises(bundled_mock.BundledMockError, match=r"No module named mock_external_api.*mock\.log"):
        bundled_mock.start(tmp_path)
