"""Our commands as real processes, for what only a process shows: signals, exit codes, terminals, shared servers."""

import atexit
import codecs
import fcntl
import os
import pty
import re
import signal
import socket
import struct
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import NamedTuple, Self

import httpx

from gql_app.settings import Settings
from soak.prepared import ADDRESS, preparing, started
from tests.waiting import PATIENCE_SECONDS, eventually

ROOT = Path(__file__).parents[1]
FOREIGN = re.compile(r"^(MOCK_.*|COLUMNS|LINES|" + "|".join(name.upper() for name in Settings.model_fields) + ")$")
HTTP = httpx.Client(
    timeout=PATIENCE_SECONDS,
    verify=False,  # noqa: S501 (plain HTTP): to read the world's certificates, for each client anew, takes 20 ms
    limits=httpx.Limits(max_keepalive_connections=0),
)
"""Asks processes, over a connection for each request: their end must not wait for one that is idle."""
OUR_ENVIRONMENT = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}


@cache
def prepare() -> None:
    """See to it that processes are forked from one that has loaded the libraries, from now on, also in processes that
    are started from now on."""
    if ADDRESS in os.environ:
        return
    open_until_the_end = ExitStack()
    atexit.register(open_until_the_end.close)
    open_until_the_end.enter_context(preparing())


class Command:
    """A started Python program, its output in a file; killed at the end of the `with` block if it still runs.

    `home`: its working and data directory. With `terminal` it believes that it talks to a person, whose window has
    24 rows of so many `columns`.
    """

    def __init__(
        self, home: Path, *arguments: str, terminal: bool = False, columns: int = 120, **environment: object
    ) -> None:
        self.home = home
        self._log = home / f"output{len(list(home.glob('output*')))}"
        self._master, output = pty.openpty() if terminal else (None, os.open(self._log, os.O_WRONLY | os.O_CREAT))
        settings = {"PYTHONPATH": ROOT, "DATA_DIR": home, "LOG_FORMAT": "json", "TERM": "xterm-256color"}
        if terminal:
            fcntl.ioctl(output, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        else:
            settings["COLUMNS"] = columns
        prepare()
        self.process = started(
            arguments,
            environment=OUR_ENVIRONMENT | {name: str(value) for name, value in {**settings, **environment}.items()},
            output=output,
            directory=home,
        )
        os.close(output)
        self._seen = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        if self._master is not None:
            os.close(self._master)

    @property
    def output(self) -> str:
        """All that it has printed."""
        if self._master is None:
            return self._log.read_text(errors="replace")
        os.set_blocking(self._master, False)
        try:
            while chunk := os.read(self._master, 65_536):
                self._seen += self._decoder.decode(chunk)
        except OSError:  # nothing new, or it has ended
            pass
        return self._seen

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until it has printed something."""
        return eventually(lambda: re.search(pattern, self.output), lambda: f"no {pattern!r} in:\n{self.output}")

    def url(self) -> str:
        """Where it serves, as soon as it does."""
        return self.wait_for(r'"url": ?"(http://[^"]+)"')[1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal and wait for the end; returns the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.exit_code()
        return time.monotonic() - began

    def exit_code(self) -> int:
        """Wait for the end."""

        def ended() -> bool:
            assert self.output is not None  # a terminal that nobody reads stops its program
            return self.process.poll() is not None

        eventually(ended, lambda: f"it does not end:\n{self.output}")
        return self.process.returncode

    def kill(self) -> None:
        """End it without any chance to clean up."""
        self.process.kill()
        self.process.wait()


class Outcome(NamedTuple):
    """What became of a command."""

    code: int
    output: str
    errors: str


def outcome(environment: Mapping[str, str], *arguments: str, given: str = "") -> Outcome:
    """Run a Python program to its end, in its data directory if it has one, with something to read."""
    prepare()
    with TemporaryFile() as source, TemporaryFile() as output, TemporaryFile() as errors:
        source.write(given.encode())
        source.seek(0)
        files = {"given": source.fileno(), "output": output.fileno(), "errors": errors.fileno()}
        environment = {"PYTHONPATH": str(ROOT), **environment}
        directory = Path(environment.get("DATA_DIR", ROOT))
        process = started(arguments, environment=environment, directory=directory, **files)
        try:
            code = process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return Outcome(code, output.read().decode(), errors.read().decode())


@contextmanager
def serving_mock(home: Path, **settings: object) -> Iterator[str]:
    """The mock external API as a process, without a rate limit of its own; yields its URL."""
    port = free_port()
    arguments = ("-m", "mock_external_api", "--port", str(port))
    with Command(home, *arguments, **{"MOCK_RATE_LIMIT_PER_MINUTE": 0, **settings}):
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(url))
        yield url


def free_port() -> int:
    """A port on which nobody listens at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a server is there."""
    try:
        HTTP.get(url)
    except httpx.TransportError:
        return False
    return True
