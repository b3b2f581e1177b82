"""Log lines of commands that talk to a person go to a file, out of the way of what is shown."""

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, suppress
from pathlib import Path

import structlog
from rich.console import Console

from gql_app.commands.configuration import make_data_dir
from gql_app.logs import configure_logging
from gql_app.settings import Settings

MAX_LOG_BYTES = 10_000_000
"""A log file that grows beyond this becomes NAME.1, in the place of the one before: there are two at most."""

log = structlog.get_logger("gql_app.commands")


class BoundedLog(io.TextIOBase):
    """A text file that is only added to, so that the lines of a process that was killed stay, and bounded in size."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_LOG_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._file = path.open("ab", buffering=0)

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Add a text; in one piece, as other processes may add theirs."""
        if self._file.tell() >= self._max_bytes:
            self._file.close()
            with suppress(FileNotFoundError):  # another process has just done it
                os.replace(self.path, f"{self.path}.1")
            self._file = self.path.open("ab", buffering=0)
        self._file.write(text.encode(errors="backslashreplace"))
        return len(text)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@contextmanager
def logs_beside(console: Console, settings: Settings, name: str) -> Iterator[None]:
    """Keep log lines out of what a terminal shows: they go to a file in the data directory, which is named there."""
    if not console.is_terminal:
        configure_logging(settings)
        yield
        return
    make_data_dir(settings)
    with BoundedLog(settings.data_dir / f"{name}.log") as file, ExitStack() as redirected:
        with redirect_stderr(file):
            configure_logging(settings)
        if not console.stderr:  # nor must anything else be written among it
            redirected.enter_context(redirect_stderr(file))
        log.info("command_started", command=name, pid=os.getpid())
        console.print(f"{'Log':<18} {file.path}", highlight=False, markup=False, soft_wrap=True)
        yield
