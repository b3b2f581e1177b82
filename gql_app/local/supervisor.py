"""The small detached process that keeps one child program running for as long as somebody uses it.

`shared` starts it by file name, so it imports the standard library only. Its working directory holds:

    users.lock       flock, shared by every user for as long as it lives; taken exclusively here once nobody is left,
                     so that a user who arrives during the shutdown waits for its end
    supervisor.lock  flock, exclusive, inherited from the process that started this one; held = a supervisor lives
    child.lock       flock, inherited by the child, whose pid it contains; held = a child lives
    server.json      pid and port of the running child; absent while there is none
    port             the port used last, kept so that clients find the child where it was
    supervisor.log   what happened since this supervisor started; it ends with the reason when it gave up
    NAME.log         what the running child printed; NAME.log.1 is that of the one before

A user, killed or not, is gone when the kernel closes its descriptors. A supervisor killed on Linux takes the child with
it (PR_SET_PDEATHSIG); elsewhere the next supervisor stops the stray child before it starts its own.
"""

import ctypes
import fcntl
import json
import os
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
    """What to keep running; the supervisor is told as JSON."""

    name: str
    command: list[str]
    """`{port}` in it stands for the port to listen on."""
    environment: Mapping[str, str] = {}
    """Added to the supervisor's own."""
    directory: str = "."
    """Where it runs, seen from the home directory."""
    usual_port: int | None = None
    """To be used if it is free when the supervisor starts; by default it is the port used last."""
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
    port = preferred
    while port is None or not _is_free(port):
        port = PORTS[int.from_bytes(os.urandom(4)) % len(PORTS)]
    return port


def stop_stray(lock_file: Path) -> None:
    """End the process, if any, that holds a lock on the file and whose pid the file contains."""
    patience_ends = time.monotonic() + STOP_SECONDS
    while _is_held(lock_file):
        late = time.monotonic() > patience_ends
        with suppress(ProcessLookupError, ValueError):  # it has just ended, or not written its pid yet
            os.kill(int(lock_file.read_text()), signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(POLL_SECONDS)


def supervise(child: Child) -> None:
    """Keep the child running, at home in the working directory, until its last user is gone.

    A child that dies is started again on the same port; after several rapid failures the process gives up.
    """
    users = os.open(USERS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    port = child.usual_port or _remembered_port()
    failures = 0
    while True:
        started_at = time.monotonic()
        for lock_file in filter(None, (CHILD_LOCK, child.own_lock)):
            stop_stray(Path(lock_file))
        with _claim_port(port) as claim:
            port = int(claim.getsockname()[1])
            status = _run(child, port, users)
        if status is None:
            return
        failures = failures + 1 if time.monotonic() - started_at < RAPID_FAILURE_SECONDS else 1
        event = f"{child.name} ended by itself with status {status}"
        if failures == MAX_RAPID_FAILURES:
            sys.exit(f"{event}, {failures} times in quick succession")
        sys.stderr.write(f"{event}\n")
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
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _publish(pid: int, port: int) -> None:
    draft = Path(f"{STATE}.new")
    draft.write_text(json.dumps({"pid": pid, "port": port}))
    draft.replace(STATE)


def _remembered_port() -> int | None:
    try:
        return int(Path(PORT).read_text())
    except (FileNotFoundError, ValueError):  # never written, or cut short by a power failure
        return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections do not count
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _is_held(lock_file: Path) -> bool:
    try:
        descriptor = os.open(lock_file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
