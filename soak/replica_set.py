"""A replica set of three real members, to take the primary away from."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from gql_app.local.embedded_mongo import find_mongod
from soak.cluster import free_port, wait_for

MEMBERS = 3
NAME = "soak"
NO_DIAGNOSTICS = "--setParameter diagnosticDataCollectionEnabled=false"
OPTIONS = f"--bind_ip 127.0.0.1 --wiredTigerCacheSizeGB 0.25 --oplogSize 64 {NO_DIAGNOSTICS}"


class ReplicaSet:
    """Three members on this machine; a killed one can be started again."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._ports = [free_port() for _ in range(MEMBERS)]
        self._members = {port: self._start(port) for port in self._ports}
        try:
            self._initiate()
        except BaseException:
            self._kill_members()
            raise

    def _initiate(self) -> None:
        hosts = [f"127.0.0.1:{port}" for port in self._ports]
        members = [{"_id": index, "host": host} for index, host in enumerate(hosts)]
        for host in reversed(hosts):
            with MongoClient[dict[str, Any]](host, directConnection=True) as member:
                wait_for(lambda member=member: _answers(member), what=f"the member {host}")  # type: ignore[misc]
        with MongoClient[dict[str, Any]](hosts[0], directConnection=True) as first:
            # Elections in 2 s instead of 10 s: a failover has to fit into a test.
            first.admin.command(
                "replSetInitiate", {"_id": NAME, "members": members, "settings": {"electionTimeoutMillis": 2000}}
            )
        self.url = f"mongodb://{','.join(hosts)}/?replicaSet={NAME}&serverSelectionTimeoutMS=30000"
        self._client: MongoClient[dict[str, Any]] = MongoClient(self.url)
        wait_for(lambda: self._client.primary is not None, what="a primary")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self._kill_members()

    def _kill_members(self) -> None:
        for member in self._members.values():
            member.kill()
            member.wait()

    def kill_primary(self) -> int:
        """End the primary without any chance to clean up; returns its port."""
        wait_for(lambda: self._client.primary is not None, what="a primary")
        assert self._client.primary is not None
        port = self._client.primary[1] or 0
        self._members[port].kill()
        self._members[port].wait()
        return port

    def restart(self, port: int) -> None:
        """Start a killed member again and wait until all members are there."""
        self._members[port] = self._start(port)

        def all_there() -> bool:
            states = self._client.admin.command("replSetGetStatus")["members"]
            return sorted(member["state"] for member in states) == [1, 2, 2]

        wait_for(lambda: _holds(all_there), what="the set to be whole again")

    def _start(self, port: int) -> "subprocess.Popen[bytes]":
        home = self._home / str(port)
        home.mkdir(exist_ok=True)
        command = [str(find_mongod()), "--replSet", NAME, "--port", str(port), "--dbpath", str(home), *OPTIONS.split()]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _answers(client: "MongoClient[dict[str, Any]]") -> bool:
    return _holds(lambda: bool(client.admin.command("ping")))


def _holds(condition: Any) -> bool:
    try:
        return bool(condition())
    except PyMongoError:
        return False
