"""The server of `prepared`: it loads our modules and forks for each program that is asked for. Run by its file name."""

import atexit
import gc
import json
import os
import resource
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

PROJECT = Path(__file__).parents[1]
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
    try:
        if option == "-m":
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        else:
            exec(compile(program, "<string>", "exec"), vars(ModuleType("__main__")))  # noqa: S102 (as `-c` does)
        sys.exit()
    except SystemExit as end:
        _Leaving.code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise
    except Exception:
        _Leaving.code = 1
        raise


class _Leaving:
    """How a forked process ends."""

    code: int | None = None
    """The exit code; None while it is not known."""


def _leave() -> None:
    """The last that is done at the exit. What follows would take down all that was loaded, object by object, and have
    the memory copied that holds it: 0.08 s for nothing."""
    if _Leaving.code is not None:
        with suppress(OSError, ValueError):  # Python says so itself if its output cannot be written
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_Leaving.code & 0xFF)


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
    atexit.register(_leave)  # before all others, whose turn at the exit comes earlier
    sys.path.insert(0, str(PROJECT))
    for name in (*OURS, *LATE):
        import_module(name)
    import_module("services.kit.addresses").known_authorities()
    _learn_the_words()
    del sys.path[0]
    gc.collect()
    gc.freeze()
    gc.enable()
    server = _Server(sys.argv[1])
    become = server.serve()
    if become is not None:
        del server
        become()


if __name__ == "__main__":
    main()
