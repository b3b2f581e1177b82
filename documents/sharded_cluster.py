"""A sharded cluster as it tells of itself, and carrying out what is planned for it (`documents/cluster.py`)."""

from collections.abc import Iterable, Sequence

from documents.cluster import ClusterStep, KeyRange, ShardedCluster
from documents.driver import Driver, Row, patiently

APPLY_SECONDS = 3_600.0
"""An index over many millions of rows takes minutes; whatever else is asked for, seconds."""


async def read_cluster(driver: Driver, database: str) -> ShardedCluster | None:
    """What there is; None: the server belongs to no sharded cluster, or is one of its shards.

    Raises:
        PyMongoError: it could not be read.
    """
    admin = driver.client.admin
    if (await admin.command("hello")).get("msg") != "isdbgrid":
        return None
    config, ours = driver.client["config"], names_within(database)
    version = (await admin.command("buildInfo"))["versionArray"]
    return cluster_of(
        database,
        version,
        shards=await config["shards"].find().to_list(None),
        databases=await config["databases"].find({"_id": database}).to_list(None),
        collections=await config["collections"].find({"_id": ours}).to_list(None),
        tags=await config["tags"].find({"ns": ours}).to_list(None),
    )


def names_within(database: str) -> Row:
    """The condition on a name that it is of a collection of the database, whose own may have any sign in it."""
    return {"$gte": f"{database}.", "$lt": f"{database}/"}  # the sign that follows the full stop


def cluster_of(
    database: str,
    version: Sequence[int],
    *,
    shards: Iterable[Row],
    databases: Iterable[Row],
    collections: Iterable[Row],
    tags: Iterable[Row],
) -> ShardedCluster:
    """The same, of what stands in the collections of `config`."""
    ranges: dict[str, set[KeyRange]] = {}
    for row in tags:
        of = KeyRange(tuple(row["min"].values()), tuple(row["max"].values()), row["tag"])
        ranges.setdefault(_name(row["ns"], database), set()).add(of)
    return ShardedCluster(
        version=tuple(version[:3]),
        shards={row["_id"]: frozenset(row.get("tags", ())) for row in shards},
        primary_shard=next((row["primary"] for row in databases), None),
        # From 8.0 on, collections stand there that are on one shard, and are not sharded, too.
        keys={_name(row["_id"], database): tuple(row["key"]) for row in collections if not row.get("unsplittable")},
        ranges={name: frozenset(found) for name, found in ranges.items()},
    )


async def carry_out_step(driver: Driver, database: str, step: ClusterStep) -> None:
    """Send one of the commands.

    Raises:
        PyMongoError: it was refused, or did not come to an end.
    """
    with patiently(APPLY_SECONDS):
        await driver.client["admin" if step.is_admin else database].command(step.command)


def _name(namespace: str, database: str) -> str:
    return namespace.removeprefix(f"{database}.")
