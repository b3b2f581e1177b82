"""Shared servers and their supervisor, with a tiny program as the server."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gql_app.local import shared, supervisor
from gql_app.local.shared import Running, ServerKind, SharedServer, SharedServerError
from gql_app.local.supervisor import HOST, Child
from tests.waiting import PATIENCE_SECONDS

SERVE = """
import os, socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("serving as", os.environ.get("NAME"), "in", os.getcwd(), flush=True)
while True:
    connection, _ = server.accept()
    connection.sendall(str(os.getpid()).encode())
    connection.close()
"""


class TinyError(SharedServerError):
    pass


@dataclass(frozen=True)
class Tiny(ServerKind):
    """A server that tells its pid to everybody who connects."""

    program: str = SERVE
    traits: dict[str, Any] = field(default_factory=dict)

    title = "The tiny server"
    folder = "tiny"
    setting = "TINY_URL"
    error = TinyError

    def child(self, home: Path) -> Child:
        return Child("tiny", [sys.executable, "-c", self.program, "{port}"], **self.traits)

    def url(self, home: Path, port: int) -> str:
        return f"tcp://{port}"

    def obstacle(self, home: Path, server: Running) -> str | None:
        try:
            return None if ask(server.port) == server.pid else "another one answers"
        except (OSError, ValueError) as error:  # it is not there, or died before it answered
            return str(error)

    def complaint(self, printed: list[str]) -> str:
        return printed[-1] if printed else ""


def ask(port: int) -> int:
    with socket.create_connection((HOST, port), timeout=PATIENCE_SECONDS) as connection:
        pid = connection.recv(100)
    if not pid:
        raise ConnectionResetError("killed before it answered")
    return int(pid)


def start(data_dir: Path, **traits: Any) -> SharedServer:
    return shared.start(data_dir, Tiny(traits=traits))


def wait_for_the_end(data_dir: Path) -> None:
    with (data_dir / "tiny" / supervisor.SUPERVISOR_LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def test_a_killed_server_is_started_again_on_its_port(tmp_path: Path) -> None:
    with start(tmp_path) as before:
        os.kill(before.pid, signal.SIGKILL)
        with start(tmp_path) as after:
            assert after.pid != before.pid
            assert after.url == before.url
        log = tmp_path / "tiny" / supervisor.SUPERVISOR_LOG
        assert log.read_text() == "tiny ended by itself with status -9\n"


def test_the_port_is_remembered(tmp_path: Path) -> None:
    with start(tmp_path) as before:
        pass
    wait_for_the_end(tmp_path)
    with start(tmp_path) as after:
        assert after.url == before.url


def test_the_usual_port_comes_before_the_remembered_one(tmp_path: Path) -> None:
    with start(tmp_path):
        pass
    wait_for_the_end(tmp_path)
    usual = supervisor.choose_port(None)
    with start(tmp_path, usual_port=usual) as after:
        assert after.url == f"tcp://{usual}"


def test_servers_with_one_usual_port_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    usual = supervisor.choose_port(None)
    with ThreadPoolExecutor() as threads, ExitStack() as servers:
        started = list(threads.map(lambda name: start(tmp_path / name, usual_port=usual), "abcd"))
        for server in started:
            servers.enter_context(server)
        assert len({server.url for server in started}) == len({server.pid for server in started}) == 4
        assert f"tcp://{usual}" in {server.url for server in started}
        assert not list(tmp_path.glob("*/tiny/tiny.log.1"))  # each was started once


def test_environment_directory_and_output(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with start(tmp_path, environment={"NAME": "Tim"}, directory=str(tmp_path / "elsewhere")):
        log = (tmp_path / "tiny" / "tiny.log").read_text()
    assert log == f"serving as Tim in {tmp_path}/elsewhere\n"


def test_it_is_not_reached_by_the_interrupt_of_a_terminal(tmp_path: Path) -> None:
    with start(tmp_path) as server:
        assert os.getsid(server.pid) != os.getsid(0)
        assert os.getpgid(server.pid) != os.getpgid(0)


def test_a_server_that_keeps_failing_is_given_up_with_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TinyError) as caught:
        shared.start(tmp_path, Tiny("import sys; print('{port}', sys.argv[1]); sys.exit('no\\nluck')"))

    log = tmp_path / "tiny" / "tiny.log"
    assert str(caught.value) == (
        "The tiny server did not start (tiny ended by itself with status 1, 5 times in quick succession: luck); "
        f"see {log}, or set TINY_URL."
    )
    port = (tmp_path / "tiny" / supervisor.PORT).read_text()
    assert sorted(log.read_text().split()) == sorted([port, port, "no", "luck"])
    assert not (tmp_path / "tiny" / supervisor.STATE).exists()


def test_a_program_that_does_not_exist_is_told_in_one_line(tmp_path: Path) -> None:
    class Missing(Tiny):
        def child(self, home: Path) -> Child:
            return Child("tiny", ["/no/such/program"])

    with pytest.raises(TinyError, match=r"did not start \(.*No such file or directory: '/no/such/program'\)"):
        shared.start(tmp_path, Missing())


def test_a_server_that_does_not_get_ready_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "START_SECONDS", 3.0)
    with pytest.raises(TinyError, match=r"not ready after 3 s \(.*refused\); see .*/\*\.log, or set TINY_URL\.$"):
        shared.start(tmp_path, Tiny("import time; time.sleep(600)"))
    wait_for_the_end(tmp_path)  # as nobody uses it


@pytest.mark.parametrize("traits", [{}, {"own_lock": "own.lock"}])
def test_a_stray_server_is_stopped_first(tmp_path: Path, traits: dict[str, str]) -> None:
    home = tmp_path / "tiny"
    home.mkdir()
    with (home / traits.get("own_lock", supervisor.CHILD_LOCK)).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=(lock.fileno(),))
        lock.write(str(stray.pid))
    with start(tmp_path, **traits):
        assert stray.wait(timeout=PATIENCE_SECONDS) == -signal.SIGTERM


def test_the_lock_of_the_server_names_it_and_ends_with_it(tmp_path: Path) -> None:
    """What a supervisor goes by where the kernel does not tie the server's life to its predecessor's."""
    with start(tmp_path) as server, (tmp_path / "tiny" / supervisor.CHILD_LOCK).open("rb+") as lock:
        assert int(lock.read()) == server.pid
        assert not supervisor.try_lock(lock.fileno(), fcntl.LOCK_EX)
    wait_for_the_end(tmp_path)
    with (tmp_path / "tiny" / supervisor.CHILD_LOCK).open("rb+") as lock:
        assert supervisor.try_lock(lock.fileno(), fcntl.LOCK_EX)


def test_the_last_user_ends_it(tmp_path: Path) -> None:
    first, second = start(tmp_path), start(tmp_path)
    first.close()
    time.sleep(3 * supervisor.POLL_SECONDS)
    assert ask(int(second.url.removeprefix("tcp://"))) == second.pid
    second.close()
    wait_for_the_end(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(second.pid, 0)
