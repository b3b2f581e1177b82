"""A program of ours as a process whose output goes to a file."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from soak.prepared import started


class Process:
    """A child process whose output goes to a file."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str],
        log: Path,
        open_files: int | None = None,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = started(
                arguments,
                environment={**os.environ, **environment},
                output=output.fileno(),
                open_files=open_files,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it without any chance to clean up."""
        if self.is_alive:
            self.send(signal.SIGKILL)
        self._process.wait()

    def wait(self) -> int:
        """Wait for its end; returns its exit code."""
        return self._process.wait()

    def stop(self, seconds: float = 10.0) -> int:
        """Ask it to end; returns its exit code, or kills it after `seconds`."""
        if self.is_alive:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def resident_bytes(self) -> int:
        """Its resident memory (Linux)."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def tail(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-3000:]
