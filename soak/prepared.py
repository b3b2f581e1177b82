"""Our programs as processes that find their modules loaded: to load them is most of what a short command computes.

A server that has loaded them forks for each program that is asked for. The process is as real as that of a new
interpreter, with an environment, a directory, a session and files of its own; only what happens as modules are loaded
has happened before. No module of ours reads anything then, and none depends on the order, as there are no cycles.
"""

import gc
import json
import os
import resource
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

PROJECT = Path(__file__).parents[1]
ADDRESS = "PREPARED_PROCESSES"
"""The variable with the server's socket; without it, `started` starts a new interpreter each time."""
OURS = (
    *("documents.all_documents", "gql_app.commands.cli", "gql_app.commands.importing", "gql_app.commands.serving"),
    *("gql_app.commands.working", "gql_app.commands.doctor.examination", "mock_external_api.__main__"),
    *(f"gql_app.commands.data.{name}" for name in ("connections", "destinations", "figures", "notifications")),
    *(f"gql_app.commands.data.{name}" for name in ("rules", "rules_check", "runs", "tickets")),
)
LATE = (
    *("httpcore", "anyio._backends._asyncio", "anyio.streams.tls", "uvicorn.lifespan.on", "importlib.readers"),
    "strawberry.federation.schema_directives",
)
"""What libraries load when they are used for the first time, which every process of ours comes to."""
KNOWN_TEXTS = 400
"""More than that cost the server more than they spare those that it forks."""


class Prepared:
    """A process of the server's, to be used like `subprocess.Popen`."""

    def __init__(self, request: Mapping[str, Any], files: Sequence[int]) -> None:
        self.returncode: int | None = None
        self._answers = socket.socket(socket.AF_UNIX)
        self._answers.connect(os.environ[ADDRESS])
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
        command = [sys.executable, "-P", __file__, address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            try:
                server.stdout.read(1)  # it listens
                os.environ[ADDRESS] = address
                yield
            finally:
                os.environ.pop(ADDRESS, None)
                server.stdin.close()  # of which it ends


class _Server:
    """Takes requests until its standard input is closed."""

    def __init__(self, address: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(address)
        self._listener.listen(100)
        self._running: dict[int, socket.socket] = {}
        """Who wants to know of the end of the process."""
        self._woken, wakes = os.pipe()
        os.set_blocking(wakes, False)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> Callable[[], NoReturn] | None:
        """Returns what a forked process has to do; None: all is done."""
        while True:
            ready, _, _ = select.select([self._listener, self._woken, sys.stdin], [], [])
            if sys.stdin in ready:
                return None
            if self._woken in ready:
                os.read(self._woken, 1000)
                self._reap()
            if self._listener in ready:
                client, _ = self._listener.accept()
                _, files, _, _ = socket.recv_fds(client, 1, 3)
                with client.makefile("rb") as file:
                    request = json.load(file)
                pid = os.fork()
                if not pid:
                    signal.set_wakeup_fd(-1)
                    return lambda: _become(request, files)
                for descriptor in files:
                    os.close(descriptor)
                self._running[pid] = client
                _tell(client, pid)

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with self._running.pop(pid) as client:
                _tell(client, os.waitstatus_to_exitcode(status))


def _tell(client: socket.socket, number: int) -> None:
    with suppress(OSError):  # whoever asked has ended
        client.sendall(f"{number}\n".encode())


def _become(request: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    """Be the process that was asked for."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate(files):
        os.dup2(descriptor, number)
    os.closerange(3, 1000)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    if request["open_files"] is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (request["open_files"],) * 2)
    option, program, *arguments = request["arguments"]
    sys.argv = [program if option == "-m" else option, *arguments]
    more = os.environ.get("PYTHONPATH", "")
    sys.path[:0] = [request["directory"], *filter(None, more.split(os.pathsep))]
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", 1 if os.isatty(1) else -1, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    if option == "-m":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        exec(compile(program, "<string>", "exec"), vars(ModuleType("__main__")))  # noqa: S102 (as `-c` does)
    sys.exit()


def _learn_the_words() -> None:
    """Have the rules of all languages compiled, and the stand-in's words known: what is kept of them is never written.

    Otherwise each process that takes in a few hundred tickets would compute as long for their words as for all else.
    """
    settings = import_module("mock_external_api.settings").MockSettings(ticket_count=KNOWN_TEXTS)
    import_module("services.classification.languages").all_packs()
    classify = import_module("services.classification.classifier").classify
    for ticket in import_module("mock_external_api.data").make_tickets(settings, datetime.now(UTC)):
        classify(subject=ticket.record["subject"], message=ticket.record["message"])


def main() -> None:
    """Load our modules and serve, at the address that is the only argument."""
    gc.disable()
    sys.path.insert(0, str(PROJECT))
    for name in (*OURS, *LATE):
        import_module(name)
    import_module("gql_app.wiring").known_authorities()
    _learn_the_words()
    del sys.path[0]
    gc.collect()
    gc.freeze()
    gc.enable()
    server = _Server(sys.argv[1])
    os.write(1, b"+")
    become = server.serve()
    if become is not None:
        del server
        become()


if __name__ == "__main__":
    main()
