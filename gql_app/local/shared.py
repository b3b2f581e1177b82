"""Servers that the processes of one data directory share: the first user starts one, the others attach to it.

`start` is the whole interface; what differs between the servers is a `ServerKind`. The server's life is in the hands of
a supervisor (`supervisor`, which also describes the files): when the last user has closed its handle, ended or been
killed, it stops the server.
"""

import fcntl
import json
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar, NamedTuple, Self

from gql_app.local import supervisor
from gql_app.local.supervisor import Child

START_SECONDS = 60.0  # a cold start takes some seconds at most; recovering after a crash, or a shutdown before it, more
_POLL_SECONDS = 0.02


class SharedServerError(Exception):
    """The server cannot be provided; the message is one line for the person who started the program."""


class Running(NamedTuple):
    """A server as its supervisor publishes it, ready or not."""

    pid: int
    port: int


class ServerKind(ABC):
    """What is particular to one kind of server."""

    title: ClassVar[str]
    """What messages call it."""
    folder: ClassVar[str]
    """Its home in the data directory."""
    setting: ClassVar[str]
    """The variable that names another server instead."""
    error: ClassVar[type[SharedServerError]]
    room: ClassVar[int] = 0
    """Bytes that must be free on its disk for it to run."""

    @abstractmethod
    def child(self, home: Path) -> Child:
        """Describe the program to start; called, with the supervisor's lock held, if nobody has started it yet."""

    @abstractmethod
    def url(self, home: Path, port: int) -> str:
        """Where its users find it, with all that they need to be let in."""

    @abstractmethod
    def obstacle(self, home: Path, server: Running) -> str | None:
        """Say why the server cannot be used yet; nothing if it can. Called again and again, by several users at once.

        It may help the server along. Must not take another program that answers on that port for the server.
        """

    @abstractmethod
    def complaint(self, printed: Sequence[str]) -> str:
        """Pick the line in which a server that did not start says why; empty if there is none."""


@dataclass(frozen=True)
class SharedServer:
    """This process's share in a running server; the server lives at least until `close` or the process's end.

    `url` stays valid when the server is restarted after a crash, `pid` is the server's when this handle was made.
    """

    url: str = field(repr=False)
    """May contain a password."""
    pid: int
    _share: BinaryIO = field(repr=False)

    def close(self) -> None:
        """Give the share back; the server stops soon after the last one. Further calls do nothing."""
        self._share.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(data_dir: Path, kind: ServerKind) -> SharedServer:
    """Start a server of this kind on `data_dir`, or attach to the one that runs there; blocks until it can be used.

    Raises the kind's error.
    """
    deadline = time.monotonic() + START_SECONDS
    try:
        with ExitStack() as on_failure:
            home = _create_home(data_dir, kind.folder)
            share = on_failure.enter_context((home / supervisor.USERS_LOCK).open("wb"))
            while not supervisor.try_lock(share.fileno(), fcntl.LOCK_SH):
                if time.monotonic() > deadline:
                    raise kind.error(f"{kind.title} in {home} is shutting down and does not come to an end.")
                time.sleep(_POLL_SECONDS)
            server = _await_ready(home, kind, deadline)
            url = kind.url(home, server.port)
            on_failure.pop_all()
    except OSError as error:
        raise kind.error(f"{kind.title} cannot be started in {data_dir}: {error}") from error
    return SharedServer(url, server.pid, share)


def full_disk(home: Path, room: int) -> str:
    """What to say where a server lacks room."""
    return f"the disk of {home} is full (fewer than {room:,} bytes are free)"


def _create_home(data_dir: Path, folder: str) -> Path:
    home = data_dir.resolve() / folder
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def _await_ready(home: Path, kind: ServerKind, deadline: float) -> Running:
    supervised: Child | None = None
    obstacle: str | None = "it did not run"
    while time.monotonic() < deadline:
        if supervisor.lacks_room(home, kind.room):
            raise kind.error(
                f"{kind.title} cannot run: {full_disk(home, kind.room)}; make room, or set {kind.setting}."
            )
        with (home / supervisor.SUPERVISOR_LOCK).open("ab") as lock:
            if supervisor.try_lock(lock.fileno(), fcntl.LOCK_EX):
                if supervised:
                    raise kind.error(_failure(home, kind, supervised))
                supervised = kind.child(home)
                _supervise(home, supervised, lock)
        if server := _read_state(home):
            obstacle = kind.obstacle(home, server)
            if obstacle is None:
                return server
        time.sleep(_POLL_SECONDS)
    raise kind.error(
        f"{kind.title} was not ready after {START_SECONDS:.0f} s ({obstacle}); see {home}/*.log, or set {kind.setting}."
    )


def _supervise(home: Path, child: Child, lock: BinaryIO) -> None:
    """Start a supervisor, which inherits the lock that makes it the only one."""
    (home / supervisor.STATE).unlink(missing_ok=True)  # that of a supervisor that was killed
    with (home / supervisor.SUPERVISOR_LOG).open("wb") as log:
        subprocess.run(  # noqa: S603 (our own command line)
            [sys.executable, "-I", supervisor.__file__, str(home), json.dumps(child._asdict())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock.fileno(),),
            # A session of its own: Ctrl+C in this command's terminal is not for the other users' server.
            start_new_session=True,
            check=False,  # a supervisor that failed has let go of the lock, which the next round notices
        )


def _failure(home: Path, kind: ServerKind, child: Child) -> str:
    events = _lines(home / supervisor.SUPERVISOR_LOG) or ["its supervisor was killed"]
    said = kind.complaint(_lines(home / f"{child.name}.log"))
    reason = f"{events[-1]}: {said}" if said else events[-1]
    return f"{kind.title} did not start ({reason}); see {home}/{child.name}.log, or set {kind.setting}."


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(errors="replace").splitlines() if line]
    except FileNotFoundError:
        return []


def _read_state(home: Path) -> Running | None:
    try:
        return Running(**json.loads((home / supervisor.STATE).read_text()))
    except (FileNotFoundError, ValueError):  # no server yet, or a file cut short by a power failure
        return None
