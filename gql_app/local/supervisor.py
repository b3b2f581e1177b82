"""The small detached process that keeps one child program running for as long as somebody uses it.

`shared` starts it by file name, so it imports the standard library only. Its working directory holds:

    users.lock       flock, shared by every user for as long as it lives; taken exclusively here once nobody is left,
                     so that a user who arrives during the shutdown waits for its end
    supervisor.lock  flock, exclusive, inherited from the process that started this one; held = a supervisor lives, and
                     perhaps a child; whoever else takes it (a backup of the directory) knows that there is neither
    child.lock       flock, inherited by the child, whose pid it contains; held = a child lives
    server.json      pid and port of the running child; absent while there is none
    port             the port used last, kept so that clients find the child where it was
    supervisor.log   what happened since this supervisor started; it ends with the reason when it gave up
    NAME.log         what the running child printed; NAME.log.1 is that of the one before

A user, killed or not, is gone when the kernel closes its descriptors. A supervisor killed on Linux takes the child with
it (PR_SET_PDEATHSIG); elsewhere the next supervisor stops the stray child before it starts its own.
"""

import ctypes
import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
USERS_LOCK, SUPERVISOR_LOCK, CHILD_LOCK = "users.lock", "supervisor.lock", "child.lock"
STATE, PORT, SUPERVISOR_LOG = "server.json", "port", "supervisor.log"
# Below the ephemeral ranges of Linux (32768) and macOS (49152): while the child is down no outgoing connection, least
# of all a client's attempt to reconnect, can be given the port as its own.
PORTS = range(20_000, 32_768)
POLL_SECONDS = 0.1
STOP_SECONDS = 10.0
RESTART_PAUSE_SECONDS = 0.2
RAPID_FAILURE_SECONDS = 5.0
MAX_RAPID_FAILURES = 5
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Child(NamedTuple):
    """What to keep running, told as JSON; `{port}` in the command stands for the port to listen on."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = {}
    """Added to the supervisor's own."""
    directory: str = "."
    """Where it runs, seen from the home directory."""
    usual_port: int | None = None
    """To be used if it is free when the supervisor starts; by default it is the port used last."""
    room: int = 0
    """Bytes that must be free on its disk: with less it would only die of it again."""
    own_lock: str | None = None
    """A file that it keeps locked with flock, its pid in it: whoever holds that one is a stray, too."""


def try_lock(descriptor: int, operation: int) -> bool:
    """Take a flock (`LOCK_SH` or `LOCK_EX`) without waiting; false when others hold it in a way that conflicts."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def choose_port(preferred: int | None) -> int:
    """Return the preferred port when nothing listens on it, else a random free one."""
    while preferred is None or not _is_free(preferred):
        preferred = PORTS[int.from_bytes(os.urandom(4)) % len(PORTS)]
    return preferred


def stop_stray(lock_file: Path) -> None:
    """End the process, if any, that holds a lock on the file and whose pid the file contains."""
    patience_ends = time.monotonic() + STOP_SECONDS
    while _is_held(lock_file):
        late = time.monotonic() > patience_ends
        with suppress(ProcessLookupError, ValueError):  # it has just ended, or not written its pid yet
            os.kill(int(lock_file.read_text()), signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(POLL_SECONDS)


def supervise(child: Child) -> None:
    """Keep the child running, on one port, until its last user is gone; after rapid failures, exit."""
    users = os.open(USERS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    port, failures = child.usual_port or _remembered_port(), 0
    while _wait_for_room(child, users):
        started_at = time.monotonic()
        for lock_file in filter(None, (CHILD_LOCK, child.own_lock)):
            stop_stray(Path(lock_file))
        try:
            with _claim_port(port) as claim:
                port = int(claim.getsockname()[1])
                status = _run(child, port, users)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            status = error.errno  # not even our own files can be written
        if status is None:
            return
        is_rapid = time.monotonic() - started_at < RAPID_FAILURE_SECONDS and not lacks_room(Path(), child.room)
        failures = failures + 1 if is_rapid else 1
        event = f"{child.name} ended by itself with status {status}"
        if failures == MAX_RAPID_FAILURES:
            sys.exit(f"{event}, {failures} times in quick succession")
        with suppress(OSError):  # the disk may be full
            os.write(sys.stderr.fileno(), f"{event}\n".encode())
        time.sleep(RESTART_PAUSE_SECONDS)


def main() -> None:
    """Detach from the starting process, then supervise; run as `supervisor.py HOME CHILD`, the child in JSON."""
    home, child = sys.argv[1:]
    # Relative names from here on: whoever deletes and re-creates the directory does not get our writes.
    os.chdir(home)
    # The starter waits for this first process; the one that goes on is init's child and leaves it no zombie.
    if os.fork():
        os._exit(0)
    # A terminal's or service manager's stop is for the users: the child is there until the last one has finished.
    # (Handlers that do nothing, as SIG_IGN would be inherited by the child, which must hear them.)
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _signum, _frame: None)
    try:
        supervise(Child(**json.loads(child)))
    except OSError as error:
        sys.exit(str(error))


def lacks_room(home: Path, room: int) -> bool:
    """Whether fewer bytes than these are free for us on the disk of the directory."""
    return room > 0 and shutil.disk_usage(home).free < room


def _wait_for_room(child: Child, users: int) -> bool:
    """Wait until there is room on the disk; false when the last user has gone meanwhile."""
    while lacks_room(Path(), child.room):
        if try_lock(users, fcntl.LOCK_EX):
            return False
        time.sleep(POLL_SECONDS)
    return True


def _claim_port(preferred: int | None) -> socket.socket:
    """Choose a port and claim it as a UDP port, too, which nobody needs: the kernel's own lock on the number.

    It keeps other supervisors off the port before the child listens on it, and while a dead one is replaced.
    """
    claim = socket.socket(type=socket.SOCK_DGRAM)
    while True:
        try:
            claim.bind((HOST, choose_port(preferred)))
        except OSError:
            preferred = None
        else:
            return claim


def _run(child: Child, port: int, users: int) -> int | None:
    """Run the child once; returns its exit status, or nothing when it was stopped because its last user is gone."""
    process = _spawn(child, port)
    try:
        _publish(process.pid, port)
        while process.poll() is None:
            if try_lock(users, fcntl.LOCK_EX):
                return None
            time.sleep(POLL_SECONDS)
    finally:
        Path(STATE).unlink(missing_ok=True)
        _stop(process)
    return process.returncode


def _spawn(child: Child, port: int) -> "subprocess.Popen[bytes]":
    log_file = f"{child.name}.log"
    with suppress(FileNotFoundError):
        os.replace(log_file, f"{log_file}.1")
    Path(PORT).write_text(str(port))
    with open(CHILD_LOCK, "wb") as lock, open(log_file, "wb") as log:
        try_lock(lock.fileno(), fcntl.LOCK_EX)
        return subprocess.Popen(  # noqa: S603 (our own command line)
            [argument.replace("{port}", str(port)) for argument in child.command],
            cwd=child.directory,
            env={**os.environ, **child.environment},
            stdout=log,
            stderr=log,
            pass_fds=(lock.fileno(),),
            preexec_fn=_before_exec(lock.fileno()),
        )


def _before_exec(lock: int) -> Callable[[], None]:
    """Return what the child does first: sign its lock, and tie its life to the supervisor's."""
    prctl, parent = ctypes.CDLL(None).prctl if sys.platform == "linux" else None, os.getpid()

    def prepare() -> None:
        os.write(lock, str(os.getpid()).encode())
        if prctl:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died before the kernel was told
                os._exit(1)

    return prepare


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    process.kill()  # nothing happens to one that has ended
    process.wait()


def _publish(pid: int, port: int) -> None:
    draft = Path(f"{STATE}.new")
    draft.write_text(json.dumps({"pid": pid, "port": port}))
    draft.replace(STATE)


def _remembered_port() -> int | None:
    with suppress(FileNotFoundError, ValueError):  # never written, or cut short by a power failure
        return int(Path(PORT).read_text())
    return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections do not count
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def _is_held(lock_file: Path) -> bool:
    with suppress(FileNotFoundError), lock_file.open("r+b") as file:
        return not try_lock(file.fileno(), fcntl.LOCK_EX)
    return False


if __name__ == "__main__":
    main()
