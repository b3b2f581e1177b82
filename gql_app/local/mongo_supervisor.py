"""The small detached process that owns an embedded mongod: starts it, restarts it, stops it after its last user.

`embedded_mongo` starts it by file name, so it imports the standard library only. Its working directory holds:

    users.lock       flock, shared by every user for as long as it lives; taken exclusively here once nobody is left,
                     so that a user who arrives during the shutdown waits for its end
    supervisor.lock  flock, exclusive, inherited from the process that started this one; held = a supervisor lives
    server.json      pid and port of the running mongod; absent while there is none
    port             the port used last, kept so that clients and the replica set find the server where it was
    supervisor.log   what happened since this supervisor started; it ends with the reason when it gave up
    mongod.log       of the running mongod; mongod.log.1 is that of the one before
    db/              MongoDB's own files

A user, killed or not, is gone when the kernel closes its descriptors. A supervisor killed on Linux takes mongod with it
(PR_SET_PDEATHSIG); elsewhere the next supervisor stops the stray mongod before it starts its own.
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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

HOST = "127.0.0.1"
REPLICA_SET = "rs0"
USERS_LOCK, SUPERVISOR_LOCK = "users.lock", "supervisor.lock"
STATE, PORT = "server.json", "port"
SUPERVISOR_LOG, MONGOD_LOG = "supervisor.log", "mongod.log"
MONGOD_ENDED = "mongod ended by itself"

# Below the ephemeral ranges of Linux (32768) and macOS (49152): while mongod is down no outgoing connection, least of
# all a client's attempt to reconnect, can be given the port as its own.
PORTS = range(20_000, 32_768)
POLL_SECONDS = 0.1
STOP_SECONDS = 10.0
RESTART_PAUSE_SECONDS = 0.2
RAPID_FAILURE_SECONDS = 5.0
MAX_RAPID_FAILURES = 5
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

MONGOD_OPTIONS = (
    *("--replSet", REPLICA_SET, "--bind_ip", HOST, "--nounixsocket", "--quiet"),
    # 30 MB on disk when empty instead of 300 MB.
    *("--oplogSize", "64", "--wiredTigerEngineConfigString", "log=(file_max=8MB)"),
    *("--wiredTigerCacheSizeGB", "0.25", "--networkMessageCompressors", "disabled"),
    # Diagnostics for MongoDB's own support: up to 200 MB, and 0.05 s of every start.
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
)


def try_lock(descriptor: int, operation: int) -> bool:
    """Take a flock (`LOCK_SH` or `LOCK_EX`) without waiting; false when others hold it in a way that conflicts."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def choose_port(remembered: int | None) -> int:
    """Return the remembered port when nothing listens on it, else a random free one."""
    port = remembered
    while port is None or not _is_free(port):
        port = PORTS[int.from_bytes(os.urandom(4)) % len(PORTS)]
    return port


def stop_stray(lock_file: Path) -> None:
    """End the mongod, if any, that holds MongoDB's own lock on the data files, whose pid it writes into that file."""
    patience_ends = time.monotonic() + STOP_SECONDS
    while _is_held(lock_file):
        late = time.monotonic() > patience_ends
        with suppress(ProcessLookupError, ValueError):  # it has just ended, or not written its pid yet
            os.kill(int(lock_file.read_text()), signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(POLL_SECONDS)


def supervise(mongod: str, extra_args: list[str]) -> None:
    """Keep mongod running in the working directory until its last user is gone.

    A mongod that dies is started again on the same port; after several rapid failures the process gives up.
    """
    users = os.open(USERS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    failures = 0
    while True:
        started_at = time.monotonic()
        server, port = _spawn(mongod, extra_args)
        try:
            _publish(server.pid, port)
            while server.poll() is None:
                if try_lock(users, fcntl.LOCK_EX):
                    return
                time.sleep(POLL_SECONDS)
        finally:
            Path(STATE).unlink(missing_ok=True)
            _stop(server)
        failures = failures + 1 if time.monotonic() - started_at < RAPID_FAILURE_SECONDS else 1
        event = f"{MONGOD_ENDED} with status {server.returncode}"
        if failures == MAX_RAPID_FAILURES:
            sys.exit(f"{event}, {failures} times in quick succession")
        sys.stderr.write(f"{event}\n")
        time.sleep(RESTART_PAUSE_SECONDS)


def main() -> None:
    """Detach from the starting process, then supervise; run as `mongo_supervisor.py HOME MONGOD [ARGUMENT...]`."""
    home, mongod, *extra_args = sys.argv[1:]
    # Relative names from here on: whoever deletes and re-creates the directory does not get our writes.
    os.chdir(home)
    Path(STATE).unlink(missing_ok=True)
    # The starter waits for this first process; the one that goes on is init's child and leaves it no zombie.
    if os.fork():
        os._exit(0)
    # A terminal's or service manager's stop is for the users: the server is there until the last one has finished.
    # (Handlers that do nothing, as SIG_IGN would be inherited by mongod, which must hear them.)
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _signum, _frame: None)
    try:
        supervise(mongod, extra_args)
    except OSError as error:
        sys.exit(str(error))


def _spawn(mongod: str, extra_args: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    data = Path("db")
    data.mkdir(exist_ok=True)
    stop_stray(data / "mongod.lock")
    with suppress(FileNotFoundError):
        os.replace(MONGOD_LOG, f"{MONGOD_LOG}.1")
    port = choose_port(_remembered_port())
    Path(PORT).write_text(str(port))
    paths = ("--dbpath", str(data), "--logpath", MONGOD_LOG, "--port", str(port))
    command = [mongod, *MONGOD_OPTIONS, *paths, *extra_args]
    return subprocess.Popen(command, preexec_fn=_death_with_parent()), port  # noqa: S603 (our own command line)


def _death_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_for_death() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was told
            os._exit(1)

    return ask_for_death


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


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
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as mongod does: old connections do not count
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
