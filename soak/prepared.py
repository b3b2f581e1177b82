"""Our programs as processes that find their modules loaded: to load them is most of what a short command computes.

A server that has loaded them (`forking.py`) forks for each program that is asked for. The process is as real as that
of a new interpreter, with an environment, a directory, a session and files of its own; only what happens as modules are
loaded has happened before. No module of ours reads anything then, and none depends on the order: there are no cycles.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
ADDRESS = "PREPARED_PROCESSES"
"""The variable with the server's socket; without it, `started` starts a new interpreter each time."""
STARTING_SECONDS = 120.0
"""What the server may take until it listens, however busy the machine is."""


class Prepared:
    """A process of the server's, to be used like `subprocess.Popen`."""

    def __init__(self, request: Mapping[str, Any], files: Sequence[int]) -> None:
        self.returncode: int | None = None
        self._answers = _connected(os.environ[ADDRESS])
        socket.send_fds(self._answers, [b"+"], files)
        self._answers.sendall(json.dumps(request).encode())
        self._answers.shutdown(socket.SHUT_WR)
        self.pid = int(self._line())

    def poll(self) -> int | None:
        """Its exit code, once it has ended; that of a signal is negative."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without any chance to clean up."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._answers], [], [], timeout)[0]:
            self.returncode = int(self._line())
            self._answers.close()
        return self.returncode

    def _line(self) -> str:
        line = b""
        while not line.endswith(b"\n"):
            received = self._answers.recv(1)
            if not received:
                raise ChildProcessError("The server of prepared processes has ended.")
            line += received
        return line.decode()


def started(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: int,
    errors: int | None = None,
    given: int | None = None,
    directory: Path | None = None,
    open_files: int | None = None,
) -> "subprocess.Popen[bytes] | Prepared":
    """Start `python -m MODULE ...` or `python -c SOURCE ...` in a session of its own.

    It is prepared if there is a server for that. `environment`: all of it; `output`, `errors` (by default they go the
    same way), `given` (by default there is nothing to read): descriptors; `open_files`: how many it may have open.
    """
    if ADDRESS not in os.environ or arguments[0] not in ("-m", "-c"):
        limit = [] if open_files is None else ["sh", "-c", f'ulimit -n {open_files} && exec "$@"', "sh"]
        return subprocess.Popen(
            [*limit, sys.executable, *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL if given is None else given,
            stdout=output,
            stderr=output if errors is None else errors,
            start_new_session=True,
        )
    request = {
        "arguments": arguments,
        "environment": dict(environment),
        "directory": str(directory or Path.cwd()),
        "open_files": open_files,
    }
    with open(os.devnull, "rb") as nothing:
        return Prepared(
            request, [nothing.fileno() if given is None else given, output, output if errors is None else errors]
        )


@contextmanager
def preparing() -> Iterator[None]:
    """Have a server for the processes that are started inside, also by processes that are started inside."""
    with tempfile.TemporaryDirectory(prefix="prepared-") as folder:
        address = str(Path(folder, "socket"))
        command = [sys.executable, "-P", str(PROJECT / "soak" / "forking.py"), address]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as server:
            assert server.stdin is not None
            os.environ[ADDRESS] = address
            try:
                yield
            finally:
                os.environ.pop(ADDRESS, None)
                server.stdin.close()  # of which it ends


def _connected(address: str) -> socket.socket:
    """A connection to the server, which is begun long before it listens."""
    deadline = time.monotonic() + STARTING_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return connection
