"""The mock external API, started and shared by the commands that run on one data directory.

Its standard input is a named pipe that every user holds open for writing: when the last one has closed it, ended or
been killed, the mock reads the end of its input and stops. In `DATA_DIR/mock`:

    users    the named pipe; opening it for writing fails while no mock runs
    lock     flock, exclusive, held while a command looks for a running mock or starts one
    port     the port of the mock that was started last
    now      the reference time of its tickets (`MOCK_NOW`), which a mock that is started soon after takes over:
             the same tickets, so that ingesting them again finds them unchanged
    mock.log what it printed
"""

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import httpx

HOST = "127.0.0.1"
USUAL_PORT = 9000
START_SECONDS = 20.0
ATTEMPTS = 3
"""Another program can take a port between the moment it was found free and the mock's start."""
POLL_SECONDS = 0.02
SAME_TICKETS_FOR = timedelta(hours=6)
"""How long the newest ticket is new enough: statistics show the last 24 hours."""
PROJECT = Path(__file__).resolve().parents[2]


class BundledMockError(Exception):
    """The mock cannot be provided; the message is one line for the person who started the program."""


@dataclass(frozen=True)
class BundledMock:
    """This process's share in the running mock, which lives at least until `close` or the process's end."""

    url: str
    _share: BinaryIO = field(repr=False)

    def close(self) -> None:
        """Give the share back; the mock stops after the last one. Further calls do nothing."""
        self._share.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(data_dir: Path) -> BundledMock:
    """Start the mock, or join the users of the one that runs on `data_dir`; blocks until it answers.

    Its settings are the environment's `MOCK_...`. Raises BundledMockError.
    """
    home = data_dir.resolve() / "mock"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(home / "lock"):
            return _join(home) or _start(home)
    except OSError as error:
        raise BundledMockError(f"The mock external API cannot be started in {data_dir}: {error}") from error


def _join(home: Path) -> BundledMock | None:
    share = _open_share(home)
    if share is None:
        return None
    url = f"http://{HOST}:{(home / 'port').read_text()}"
    healthy = _answers(url)
    if _has_reader(share):
        if healthy:
            return BundledMock(url, share)
        share.close()
        raise BundledMockError(f"The mock external API at {url} does not answer; stop it, or set EXTERNAL_API_URL.")
    share.close()  # it ended while it was looked at
    return None


def _start(home: Path) -> BundledMock:
    pipe = home / "users"
    if not pipe.is_fifo():
        os.mkfifo(pipe, 0o600)
    for _ in range(ATTEMPTS):
        with _port() as port:
            (home / "port").write_text(str(port))
            process, share = _spawn(home, pipe, port)
            url = f"http://{HOST}:{port}"
            if _await_start(process, url):
                return BundledMock(url, share)
            share.close()
    reason = (home / "mock.log").read_text(errors="replace").strip().rpartition("\n")[2]
    raise BundledMockError(f"The mock external API did not start ({reason}); see {home}/mock.log.")


def _spawn(home: Path, pipe: Path, port: int) -> tuple[subprocess.Popen[bytes], BinaryIO]:
    command = [sys.executable, "-m", "mock_external_api", "--host", HOST, "--port", str(port), "--exit-with-parent"]
    read_end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        share = _open_share(home)
        if share is None:
            raise BundledMockError(f"The named pipe {pipe} does not work.")
        os.set_blocking(read_end, True)
        with (home / "mock.log").open("wb") as log:
            # A session of its own: Ctrl+C in this command's terminal is not for the other users' mock.
            process = subprocess.Popen(  # noqa: S603  (our own program)
                command,
                cwd=PROJECT,
                env={"MOCK_NOW": _reference_time(home / "now").isoformat(), **os.environ},
                stdin=read_end,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    finally:
        os.close(read_end)
    return process, share


def _reference_time(file: Path) -> datetime:
    now = datetime.now(UTC)
    try:
        kept = datetime.fromisoformat(file.read_text())
        if timedelta() <= now - kept < SAME_TICKETS_FOR:
            return kept
    except (FileNotFoundError, ValueError):  # the first start, or a file that was cut short
        pass
    file.write_text(now.isoformat())
    return now


def _await_start(process: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until the mock answers; false when it ended, or took too long and was ended."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _answers(url):
            return True
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    return False


def _open_share(home: Path) -> BinaryIO | None:
    try:
        return os.fdopen(os.open(home / "users", os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
    except OSError:  # no pipe yet, or nobody reads it
        return None


def _has_reader(share: BinaryIO) -> bool:
    try:
        share.write(b".")  # the reader throws it away
    except BrokenPipeError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def _port() -> Iterator[int]:
    """Give the usual port when nothing listens on it and no other command is about to start a mock on it, else any."""
    with socket.socket(type=socket.SOCK_DGRAM) as claim:
        try:
            claim.bind((HOST, USUAL_PORT))  # as a UDP port, which nobody needs: the kernel's own lock on the number
            port = _free_port(USUAL_PORT)
        except OSError:
            port = _free_port(0)
        yield port


def _free_port(wanted: int) -> int:
    """Return `wanted` (0: any) when nothing listens on it; raises OSError otherwise."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as uvicorn does: old connections do not count
        probe.bind((HOST, wanted))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
