"""The embedded MongoDB, with real servers and real user processes on temporary data directories."""

import fcntl
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from gql_app.local import embedded_mongo, supervisor
from gql_app.local.embedded_mongo import EmbeddedMongoError
from gql_app.local.shared import SharedServer
from tests.properties import some_of
from tests.waiting import PATIENCE_SECONDS, eventually

PROJECT = Path(__file__).parents[3]
SEVERAL_POLLS = 3 * supervisor.POLL_SECONDS
USER_PROGRAM = """
import sys
from pathlib import Path
from gql_app.local import embedded_mongo

server = embedded_mongo.start(Path(sys.argv[1]))
print(server.url, flush=True)
sys.stdin.read()
"""

STRANGER = """
import os, sys
from pathlib import Path
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

port, home, *files = sys.argv[1:]
MongoClient(port=int(port)).admin.command("ping")  # loads all that it needs while it may
os.setgroups([])
os.setgid(65534)
os.setuid(65534)

stranger = MongoClient(port=int(port), directConnection=True)
for attempt in (
    lambda: stranger.app.notes.find_one(),
    lambda: stranger.app.notes.insert_one({"_id": "stranger"}),
    lambda: stranger.list_database_names(),
    lambda: stranger.admin.command("createUser", "stranger", pwd="stranger", roles=["root"]),
    lambda: stranger.admin.command("replSetGetConfig"),
    lambda: stranger.admin.command("shutdown"),
):
    try:
        print("LET IN", attempt())
    except OperationFailure as error:
        print(error.code)
for file in (home, *files):
    try:
        print("READ", os.listdir(file) if os.path.isdir(file) else open(file).read())
    except PermissionError as error:
        print("denied")
"""
UNAUTHORIZED = "13"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for_the_end(data_dir: Path) -> None:
    """Wait until no supervisor, which outlives its server, runs on `data_dir`."""
    lock_file = data_dir / "mongo" / supervisor.SUPERVISOR_LOCK
    if lock_file.exists():
        with lock_file.open("ab") as lock:
            eventually(lambda: supervisor.try_lock(lock.fileno(), fcntl.LOCK_EX))


def port_of(url: str) -> int:
    match = re.fullmatch(r"mongodb://__system:[0-9a-f]{64}@127\.0\.0\.1:(\d+)/\?\S+&replicaSet=rs0", url)
    assert match
    return int(match[1])


def is_listening(url: str) -> bool:
    with suppress(OSError), socket.create_connection((supervisor.HOST, port_of(url)), timeout=PATIENCE_SECONDS):
        return True
    return False


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        return int(re.search(r"^PPid:\s+(\d+)$", status.read_text(), re.MULTILINE)[1])  # type: ignore[index]
    return int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(pid)]))


class ClosingServer(socketserver.TCPServer):
    """Something that is no MongoDB: it closes every connection."""

    allow_reuse_address = True


@contextmanager
def occupy(port: int) -> Iterator[None]:
    with ClosingServer((supervisor.HOST, port), socketserver.BaseRequestHandler) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            other.shutdown()
            thread.join()


@contextmanager
def connect(server: SharedServer) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient(server.url, serverSelectionTimeoutMS=int(PATIENCE_SECONDS * 1000)) as client:
        yield client


def note(server: SharedServer, text: str) -> None:
    with connect(server) as client:
        client.app.notes.insert_one({"_id": text})


def notes(server: SharedServer) -> list[str]:
    with connect(server) as client:
        return [row["_id"] for row in client.app.notes.find()]


@pytest.fixture(scope="module")
def used_directories() -> Iterator[list[Path]]:
    """The data directories of all tests; none may have a server left at the end (a shutdown takes 1 s)."""
    directories: list[Path] = []
    yield directories
    for directory in directories:
        wait_for_the_end(directory)


@pytest.fixture
def data_dir(used_directories: list[Path], tmp_path: Path) -> Path:
    used_directories.append(tmp_path / "data")
    return used_directories[-1]


@pytest.fixture(scope="module")
def shared_dir(used_directories: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    used_directories.append(tmp_path_factory.mktemp("shared") / "new" / "data")
    return used_directories[-1]


@pytest.fixture(scope="module")
def server(shared_dir: Path) -> Iterator[SharedServer]:
    with embedded_mongo.start(shared_dir) as running:
        yield running


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SharedServer]:
    """A data directory with a note, and the closed handle of the server that ran there; to be copied."""
    directory = tmp_path_factory.mktemp("stopped") / "data"
    with embedded_mongo.start(directory) as server:
        note(server, "kept")
    wait_for_the_end(directory)
    return directory, server


@pytest.fixture
def run_user(data_dir: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Start another process that uses `data_dir` until its standard input is closed."""
    processes: list[subprocess.Popen[str]] = []

    def run() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", USER_PROGRAM, str(data_dir)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes.append(subprocess.Popen(command, cwd=PROJECT, text=True, **pipes))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def test_multi_document_transactions_work(server: SharedServer) -> None:
    with connect(server) as client, client.start_session() as session:
        with session.start_transaction():
            client.bank.accounts.insert_many([{"_id": 1}, {"_id": 2}], session=session)
            session.abort_transaction()
        with session.start_transaction():
            client.bank.accounts.insert_one({"_id": 3}, session=session)

        assert list(client.bank.accounts.find()) == [{"_id": 3}]


def test_change_streams_work(server: SharedServer) -> None:
    with connect(server) as client, client.app.events.watch() as stream:
        client.app.events.insert_one({"_id": "seen"})

        assert next(stream)["documentKey"] == {"_id": "seen"}


def test_only_the_owner_can_enter_the_data_directory(server: SharedServer, shared_dir: Path) -> None:
    assert [path.stat().st_mode & 0o777 for path in (shared_dir, shared_dir / "mongo")] == [0o700, 0o700]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_is_not_let_in(server: SharedServer, shared_dir: Path) -> None:
    note(server, "ours")
    home = shared_dir / "mongo"
    command = [sys.executable, "-c", STRANGER, str(port_of(server.url)), str(home), str(home / "key")]
    seen = subprocess.check_output(command, text=True).split("\n")

    assert seen == [UNAUTHORIZED] * 6 + ["denied"] * 2 + [""]
    assert "stranger" not in notes(server)


def test_who_has_no_key_or_a_wrong_one_is_not_let_in(server: SharedServer) -> None:
    key = re.search(r":([0-9a-f]{64})@", server.url)[1]  # type: ignore[index]
    for url in (f"mongodb://127.0.0.1:{port_of(server.url)}", server.url.replace(key, key[::-1])):
        with MongoClient[dict[str, Any]](url) as client, pytest.raises(OperationFailure):
            client.app.notes.find_one()


def test_the_key_is_its_owners_alone_and_shown_nowhere(server: SharedServer, shared_dir: Path) -> None:
    file = shared_dir / "mongo" / "key"
    assert file.stat().st_mode & 0o777 == 0o600
    shown = [path for path in (shared_dir / "mongo").iterdir() if path.is_file() and path != file]
    assert not [path for path in shown if file.read_text() in path.read_text(errors="replace")]
    assert file.read_text() not in repr(server)
    assert file.read_text() not in subprocess.check_output(["ps", "-eo", "args"], text=True)


@pytest.mark.thorough
@pytest.mark.parametrize("kept", some_of([None, "", "cut short", "0" * 64], one_in=2))
def test_a_directory_of_before_gets_a_key(stopped: tuple[Path, SharedServer], data_dir: Path, kept: str | None) -> None:
    shutil.copytree(stopped[0], data_dir)
    file = data_dir / "mongo" / "key"
    file.unlink()
    if kept is not None:
        file.write_text(kept)
        file.chmod(0o644)

    with embedded_mongo.start(data_dir) as server:
        assert notes(server) == ["kept"]
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_user_attaches_to_the_running_server(server: SharedServer, shared_dir: Path) -> None:
    with embedded_mongo.start(shared_dir) as second:
        assert (second.url, second.pid) == (server.url, server.pid)


def test_a_stale_state_file_does_not_lead_to_a_stranger(server: SharedServer, data_dir: Path) -> None:
    (data_dir / "mongo").mkdir(parents=True)
    (data_dir / "mongo" / "server.json").write_text(f'{{"pid": 1, "port": {port_of(server.url)}}}')
    (data_dir / "mongo" / "port").write_text(str(port_of(server.url)))

    with embedded_mongo.start(data_dir) as own:
        note(own, "only here")

        assert "only here" not in notes(server)


def test_processes_that_start_together_share_one_server(run_user: Callable[[], "subprocess.Popen[str]"]) -> None:
    processes = [run_user() for _ in range(4)]

    answers = {process.stdout.readline() for process in processes if process.stdout}

    assert len(answers) == 1
    assert answers.pop().startswith("mongodb://")


def test_the_server_outlives_the_user_who_started_it(
    data_dir: Path, run_user: Callable[[], "subprocess.Popen[str]"]
) -> None:
    first = run_user()
    assert first.stdout
    first.stdout.readline()
    with embedded_mongo.start(data_dir) as second:
        first.communicate()  # closes its input and waits for its end
        time.sleep(SEVERAL_POLLS)

        assert is_listening(second.url)


def test_the_server_stops_when_its_last_user_has_closed(data_dir: Path) -> None:
    first, second = embedded_mongo.start(data_dir), embedded_mongo.start(data_dir)
    first.close()
    first.close()  # which is not the second one's share
    time.sleep(SEVERAL_POLLS)
    assert is_listening(second.url)

    second.close()

    eventually(lambda: not is_listening(second.url))


def test_the_server_stops_when_its_last_user_was_killed(
    data_dir: Path, run_user: Callable[[], "subprocess.Popen[str]"]
) -> None:
    user = run_user()
    assert user.stdout
    url = user.stdout.readline().strip()
    assert is_listening(url)

    user.kill()

    eventually(lambda: not is_listening(url))


def test_a_user_who_arrives_during_the_shutdown_gets_a_new_server(data_dir: Path) -> None:
    with embedded_mongo.start(data_dir) as before:
        note(before, "kept")
    eventually(lambda: not (data_dir / "mongo" / supervisor.STATE).exists())

    with embedded_mongo.start(data_dir) as after:
        assert after.pid != before.pid
        assert notes(after) == ["kept"]


def test_a_port_taken_meanwhile_is_replaced(stopped: tuple[Path, SharedServer], data_dir: Path) -> None:
    directory, before = stopped
    shutil.copytree(directory, data_dir)

    with occupy(port_of(before.url)), embedded_mongo.start(data_dir) as after:
        assert port_of(after.url) != port_of(before.url)
        assert notes(after) == ["kept"]
        note(after, "and writable")


def test_data_and_port_persist(stopped: tuple[Path, SharedServer], data_dir: Path) -> None:
    directory, before = stopped
    shutil.copytree(directory, data_dir)

    with embedded_mongo.start(data_dir) as after:
        assert after.pid != before.pid
        assert after.url == before.url
        assert notes(after) == ["kept"]


def test_a_killed_server_comes_back_on_its_port_with_its_data(data_dir: Path) -> None:
    with embedded_mongo.start(data_dir) as before, connect(before) as client:
        client.app.notes.insert_one({"_id": "kept"})
        os.kill(before.pid, signal.SIGKILL)

        with embedded_mongo.start(data_dir) as after:
            assert after.pid != before.pid
            assert after.url == before.url
            assert client.app.notes.find_one() == {"_id": "kept"}


def test_a_killed_supervisor_is_replaced_at_the_next_start(data_dir: Path) -> None:
    with embedded_mongo.start(data_dir) as before:
        note(before, "kept")
        os.kill(parent_of(before.pid), signal.SIGKILL)

        with embedded_mongo.start(data_dir) as after:
            assert after.pid != before.pid
            assert after.url == before.url
            assert notes(after) == ["kept"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child's life to its parent's")
def test_a_killed_supervisor_takes_its_server_along(data_dir: Path) -> None:
    with embedded_mongo.start(data_dir) as server:
        os.kill(parent_of(server.pid), signal.SIGKILL)

        eventually(lambda: not is_listening(server.url))


def test_a_stray_server_on_the_data_files_is_stopped_first(data_dir: Path) -> None:
    (data_dir / "mongo" / "db").mkdir(parents=True)
    port = supervisor.choose_port(None)
    command = [embedded_mongo.find_mongod(), "--dbpath", data_dir / "mongo" / "db", "--port", str(port)]
    with subprocess.Popen([*command, "--nounixsocket"], stdout=subprocess.DEVNULL) as stray:
        try:
            eventually(lambda: listens(port))

            with embedded_mongo.start(data_dir) as server:
                assert stray.wait(timeout=PATIENCE_SECONDS) == 0
                note(server, "writable")
        finally:
            stray.kill()


def test_terminating_the_supervisor_is_left_to_its_users(server: SharedServer, shared_dir: Path) -> None:
    os.kill(parent_of(server.pid), signal.SIGTERM)
    time.sleep(SEVERAL_POLLS)

    with embedded_mongo.start(shared_dir) as same:
        assert same.pid == server.pid


def test_a_server_that_cannot_run_gives_one_clear_line(data_dir: Path) -> None:
    with pytest.raises(
        EmbeddedMongoError, match=r"did not start .*5 times.*: .*unrecognised option.* MONGO_URL"
    ) as caught:
        embedded_mongo.start(data_dir, extra_args=["--no-such-option"])

    assert "\n" not in str(caught.value)


def test_a_missing_server_program_gives_one_clear_line(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("PATH", "")

    with pytest.raises(EmbeddedMongoError, match=r"\(mongod\) was found: set MONGO_URL, or use docker compose"):
        embedded_mongo.start(data_dir)


def test_an_unusable_data_directory_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedMongoError, match=r"cannot be started in .*/file"):
        embedded_mongo.start(tmp_path / "file")


@pytest.fixture
def small_disk(used_directories: list[Path], tmp_path: Path) -> Iterator[Path]:
    """A data directory on a disk of 120 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield disk / "data"
    wait_for_the_end(disk / "data")
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_named_and_recovered_from(small_disk: Path) -> None:
    ballast = small_disk.parent / "ballast"
    with embedded_mongo.start(small_disk) as server, connect(server) as client:
        note(server, "kept")
        assert embedded_mongo.lack_of_room(small_disk) is None
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 1_000_000)
        with suppress(PyMongoError), pymongo.timeout(PATIENCE_SECONDS):
            for _ in range(100):  # more than there is room for: MongoDB ends itself
                client.app.large.insert_one({"text": os.urandom(1_000_000)})

        assert "is full" in str(embedded_mongo.lack_of_room(small_disk))
        with pytest.raises(EmbeddedMongoError, match=r"the disk of .* is full .* MONGO_URL"):
            embedded_mongo.start(small_disk)
        ballast.unlink()

        assert eventually(lambda: notes(server)) == ["kept"]


def test_logs_of_earlier_runs_do_not_pile_up(data_dir: Path) -> None:
    with pytest.raises(EmbeddedMongoError, match="5 times"):
        embedded_mongo.start(data_dir, extra_args=["--keyFile", "no-such-file"])

    logs = {path.name for path in (data_dir / "mongo").glob("*.log*")}
    assert logs == {"mongod.log", "mongod.log.1", "supervisor.log"}
