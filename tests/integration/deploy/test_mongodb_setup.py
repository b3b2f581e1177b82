"""What `deploy/compose` makes of new MongoDB servers, with one of them: its users, and that it can be run again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from gql_app.local.embedded_mongo import find_mongod
from tests.processes import ROOT, free_port
from tests.waiting import PATIENCE_SECONDS

SETUP = ROOT / "deploy" / "compose" / "mongodb_setup.py"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server as `compose.yaml` starts it, in which nobody is known."""
    key, port = tmp_path / "key", free_port()
    key.touch(0o600)
    key.write_text("0123456789abcdef")
    options = ["--replSet", "rs0", "--keyFile", str(key), "--port", str(port), "--dbpath", str(tmp_path)]
    server = subprocess.Popen(
        [str(find_mongod()), *options, "--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.25"],
        stdout=subprocess.DEVNULL,
    )
    yield f"127.0.0.1:{port}"
    server.kill()
    server.wait()


def set_up(address: str, *, admin: str = "first", service: str = "first") -> "subprocess.CompletedProcess[str]":
    environment = {"MEMBERS": address, "DATABASE": "tickets", "ADMIN_PASSWORD": admin, "SERVICE_PASSWORD": service}
    return subprocess.run(
        [sys.executable, SETUP],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def client_of(address: str, password: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(f"mongodb://service:{password}@{address}/?replicaSet=rs0&authSource=admin")


def test_a_set_is_made_once_and_its_service_may_use_its_database_only(address: str) -> None:
    made = set_up(address)
    assert (made.returncode, "Initiated" in made.stdout) == (0, True), made.stderr
    with client_of(address, "first") as client:
        client["tickets"]["any"].insert_one({})
        with pytest.raises(OperationFailure, match="not authorized"):
            client["others"]["any"].insert_one({})

    again = set_up(address, service="second")
    assert (again.returncode, "Initiated" in again.stdout) == (0, False), again.stderr
    with client_of(address, "second") as client:
        assert client["tickets"]["any"].count_documents({}) == 1

    stranger = set_up(address, admin="wrong")
    assert stranger.returncode == 1
    assert stranger.stderr.startswith("The replica set is not complete:")
    assert len(stranger.stderr.splitlines()) == 1
