"""What processes take while something goes on: memory, processor time, and the database's connections."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from soak.cluster import Cluster

EVERY_SECONDS = 1.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Series:
    """What was seen of one process, a value a second."""

    megabytes: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Processor time since its start."""

    @property
    def busy(self) -> float:
        """Which share of one core it took."""
        return (self.seconds[-1] - self.seconds[0]) / (EVERY_SECONDS * max(1, len(self.seconds) - 1))


class Watch:
    """Looks at processes once a second while its block goes on."""

    def __init__(self, cluster: Cluster, pids: Mapping[str, int]) -> None:
        self.of = {name: Series() for name in pids}
        self.connections: list[int] = []
        """Of the database, from all clients."""
        self._cluster = cluster
        self._pids = pids
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            for name, pid in self._pids.items():
                self.of[name].megabytes.append(_resident(pid) / 2**20)
                self.of[name].seconds.append(processor_seconds(pid))
            status = self._cluster.client.admin.command("serverStatus")
            self.connections.append(status["connections"]["current"])
            due += EVERY_SECONDS


def processor_seconds(pid: int) -> float:
    """The processor time that a process has taken since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
