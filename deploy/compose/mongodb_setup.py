"""Makes MongoDB servers one replica set, with its users; runs where 127.0.0.1 is the first member.

The environment says ADMIN_PASSWORD, SERVICE_PASSWORD, DATABASE and MEMBERS (host:port, separated by commas). Run again
it changes nothing but what is missing or has another password.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

PATIENCE_SECONDS = 120.0
AUTHENTICATION_FAILED, ALREADY_INITIALIZED = 18, 23
MEMBER_STATES = {"PRIMARY", "SECONDARY"}

Client = MongoClient[dict[str, Any]]


def eventually(what: str, ask: Callable[[], object]) -> None:
    """Ask until the answer is yes; what MongoDB refuses meanwhile is asked again.

    Raises:
        TimeoutError: it never was.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    trouble = ""
    while time.monotonic() < end:
        try:
            if ask():
                return
        except PyMongoError as error:
            trouble = f": {error}"
        time.sleep(0.5)
    raise TimeoutError(f"Not done after {PATIENCE_SECONDS:.0f} s: {what}{trouble}")


def begin(members: list[str], password: str) -> None:
    """Initiate the set and make its user `admin`, unless that was done before.

    Nobody is known yet, so who connects from the machine itself may do these two things, once. The set has one member
    at first: that is sure to be the primary, which alone can take a user.
    """
    address = f"127.0.0.1:{members[0].rpartition(':')[2]}"
    if is_begun(address, password) or any(belongs_to_a_set(other) for other in members[1:]):
        return  # a first member that has lost its data is given it by the others; initiated, it would be a second set
    with Client(address, directConnection=True) as first:
        try:
            first.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": members[0]}]})
        except OperationFailure as error:
            if error.code != ALREADY_INITIALIZED:
                raise
        eventually("a primary", lambda: first.admin.command("hello")["isWritablePrimary"])
        first.admin.command("createUser", "admin", pwd=password, roles=["root"])
    say("Initiated, with a user `admin`.")


def is_begun(address: str, password: str) -> bool:
    """Whether the first member knows the administrator."""
    with Client(address, directConnection=True, username="admin", password=password) as client:
        try:
            client.admin.command("ping")
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            return False
        return True


def belongs_to_a_set(address: str) -> bool:
    """Whether a server is a member already."""
    with Client(address, directConnection=True) as client:
        return "setName" in client.admin.command("hello")


def complete(client: Client, members: list[str]) -> None:
    """Add the members that are missing, one by one: each has to be agreed on before the next."""
    for host in members:
        if host not in (member["host"] for member in configuration(client)["members"]):
            eventually(f"{host} joins", lambda host=host: add(client, host))
            say(f"{host} has joined.")
    eventually(
        "every member has the data",
        lambda: all(
            member["stateStr"] in MEMBER_STATES for member in client.admin.command("replSetGetStatus")["members"]
        ),
    )


def configuration(client: Client) -> dict[str, Any]:
    """Of the set, at this moment."""
    found: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    return found


def add(client: Client, host: str) -> bool:
    """Make a server a member."""
    config = configuration(client)
    config["version"] += 1
    config["members"].append({"_id": max(member["_id"] for member in config["members"]) + 1, "host": host})
    client.admin.command("replSetReconfig", config)
    return True


def admit_service(client: Client, database: str, password: str) -> None:
    """The service may read and write its own database, and nothing else."""
    known = client.admin.command("usersInfo", "service")["users"]
    roles = [{"role": "readWrite", "db": database}]
    client.admin.command("updateUser" if known else "createUser", "service", pwd=password, roles=roles)


def say(text: str) -> None:
    """Tell who reads the log."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def set_up() -> None:
    """All of it.

    Raises:
        PyMongoError: MongoDB refuses, or is not there.
        TimeoutError: the servers do not come together.
    """
    members, password = os.environ["MEMBERS"].split(","), os.environ["ADMIN_PASSWORD"]
    begin(members, password)
    url = f"mongodb://admin:{quote_plus(password)}@{','.join(members)}/?replicaSet=rs0&w=majority"
    with Client(url) as client:
        complete(client, members)
        admit_service(client, os.environ["DATABASE"], os.environ["SERVICE_PASSWORD"])
    say("The replica set is complete, and the service's user may use its database.")


if __name__ == "__main__":
    try:
        set_up()
    except (PyMongoError, TimeoutError) as error:
        sys.exit(f"The replica set is not complete: {error}")
