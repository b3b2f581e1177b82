"""What has to be asked of a sharded cluster so that its collections lie as `documents/sharding.py` declares.

From what is declared and what the cluster tells of itself follow commands, as data. Nothing here talks to a server.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beanie import Document
from bson import MaxKey, MinKey
from pymongo import ASCENDING, IndexModel

from documents.driver import Row
from documents.sharding import SHARDING, ShardKey

OLDEST_CLUSTER = (8, 0)
"""Rolling up joins tickets with their history in a transaction (`$lookup`); of collections that are sharded, MongoDB
does that from 8.0 on."""
SHARD_KEY_INDEX = "shard_key"
"""The index that a shard key has where no declared one begins with it."""
_NEXT = "\0"
"""Behind a text, it makes the next one in MongoDB's order."""

Bound = tuple[Any, ...]
"""A value for each field of a shard key."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Some shards, and the tenants whose rows lie on them."""

    name: str
    shards: tuple[str, ...]
    tenants: tuple[str, ...] = ()
    is_default: bool = False
    """Whether it also has whatever belongs to no tenant of a zone."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Rows from `least` on, and before `end`, are those of a zone."""

    least: Bound
    end: Bound
    zone: str


@dataclass(frozen=True, slots=True)
class ShardedCluster:
    """What a cluster tells of itself."""

    version: tuple[int, ...]
    shards: Mapping[str, frozenset[str]]
    """By shard, its zones."""
    primary_shard: str | None = None
    """Where collections lie that are not sharded; None: the database is not there yet."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By collection that is sharded, its shard key."""
    ranges: Mapping[str, frozenset[KeyRange]] = field(default_factory=dict)
    """By collection, what belongs to which zone."""


@dataclass(frozen=True, slots=True)
class ClusterStep:
    """A command of the database `admin`, or of our own."""

    what: str
    """In words."""
    command: Row
    is_admin: bool = True


def problems_of(cluster: ShardedCluster, zones: Sequence[Zone]) -> list[str]:
    """What somebody else has to decide first; as long as there is anything, nothing may be applied."""
    found = []
    if cluster.version < OLDEST_CLUSTER:
        found.append("a sharded cluster has to be of MongoDB 8.0 or newer: before, transactions cannot join")
    for zone in zones:
        found += [f"zone {zone.name}: there is no shard {name}" for name in zone.shards if name not in cluster.shards]
    for document, declared in SHARDING.items():
        there = cluster.keys.get(collection_name(document))
        if isinstance(declared, ShardKey):
            if there not in (None, declared.fields):
                found.append(f"{collection_name(document)} is sharded by {_words(there)}; see reshardCollection")
        elif there is not None:
            found.append(f"{collection_name(document)} is sharded, and is not to be: {declared.why}")
    return found


def plan(database: str, cluster: ShardedCluster, zones: Sequence[Zone]) -> list[ClusterStep]:
    """The commands that bring the cluster in step, in their order; none if it is. Without zones, those that are there
    are left alone.

    A range is given to its zone before the collection is sharded: its first chunks are then made where they belong.
    """
    steps = list(_zones_of_shards(cluster, zones))
    for document, declared in SHARDING.items():
        if isinstance(declared, ShardKey):
            name = collection_name(document)
            wanted = frozenset(key_ranges(declared, zones))
            if zones:
                steps += _ranges(f"{database}.{name}", declared, cluster.ranges.get(name, frozenset()), wanted)
            if name not in cluster.keys:
                steps += _shard(database, document, declared)
    return steps


def key_ranges(declared: ShardKey, zones: Iterable[Zone]) -> list[KeyRange]:
    """What of a collection belongs to which zone; in the order of the keys, without a gap if a zone is the default."""
    zones = list(zones)
    owners = {declared.before_tenant + tenant: zone.name for zone in zones for tenant in zone.tenants}
    others = next((zone.name for zone in zones if zone.is_default), None)
    rest = len(declared.fields) - 1
    found: list[KeyRange] = []
    least: Bound = (MinKey(),) * (rest + 1)
    for first in sorted(owners, key=str.encode):  # MongoDB compares texts as bytes
        begin = (first, *[MinKey()] * rest)
        end: Bound = (first, *[MaxKey()] * rest) if rest else (first + _NEXT,)
        if others is not None and least != begin:
            found.append(KeyRange(least, begin, others))
        found.append(KeyRange(begin, end, owners[first]))
        least = end
    return found if others is None else [*found, KeyRange(least, (MaxKey(),) * (rest + 1), others)]


def serving_index(document: type[Document]) -> str | None:
    """The declared index that a collection can be sharded by: it begins with the shard key, and has every row."""
    declared = SHARDING[document]
    if not isinstance(declared, ShardKey):
        return None
    wanted = [(name, ASCENDING) for name in declared.fields]
    if declared.fields == ("_id",):
        return "_id_"
    for index in indexes_of(document):
        told = index.document
        has_every_row = not told.get("sparse") and "partialFilterExpression" not in told
        if has_every_row and list(told["key"].items())[: len(wanted)] == wanted:
            return str(told["name"])
    return None


def indexes_of(document: Any) -> list[IndexModel]:
    """The indexes that a document declares."""
    return getattr(document.Settings, "indexes", [])


def collection_name(document: Any) -> str:
    """The name of a document's collection."""
    return str(document.Settings.name)


def _zones_of_shards(cluster: ShardedCluster, zones: Iterable[Zone]) -> Iterator[ClusterStep]:
    """A zone has the shards that it names and no others, before any range is given to it."""
    for zone in zones:
        for shard in zone.shards:
            if zone.name not in cluster.shards.get(shard, ()):
                yield ClusterStep(f"shard {shard} into zone {zone.name}", {"addShardToZone": shard, "zone": zone.name})
        for shard, its_zones in cluster.shards.items():
            if zone.name in its_zones and shard not in zone.shards:
                what = f"shard {shard} out of zone {zone.name}"
                yield ClusterStep(what, {"removeShardFromZone": shard, "zone": zone.name})


def _ranges(
    namespace: str, declared: ShardKey, there: frozenset[KeyRange], wanted: frozenset[KeyRange]
) -> Iterator[ClusterStep]:
    """Ranges may not overlap, so those that are to go go first."""
    for gone in sorted(there - wanted, key=repr):
        command = _range_command(namespace, declared, gone)
        yield ClusterStep(f"{namespace}: {_tells(gone)} no longer of zone {gone.zone}", command | {"zone": None})
    for new in sorted(wanted - there, key=repr):
        yield ClusterStep(f"{namespace}: {_tells(new)} of zone {new.zone}", _range_command(namespace, declared, new))


def _range_command(namespace: str, declared: ShardKey, of: KeyRange) -> Row:
    bounds = (dict(zip(declared.fields, bound, strict=True)) for bound in (of.least, of.end))
    return {"updateZoneKeyRange": namespace, **dict(zip(("min", "max"), bounds, strict=True)), "zone": of.zone}


def _shard(database: str, document: type[Document], declared: ShardKey) -> Iterator[ClusterStep]:
    name, key = collection_name(document), dict.fromkeys(declared.fields, ASCENDING)
    if serving_index(document) is None:
        index = {"key": key, "name": SHARD_KEY_INDEX}
        command: Row = {"createIndexes": name, "indexes": [index]}
        yield ClusterStep(f"{database}.{name}: an index on {_words(declared.fields)}", command, is_admin=False)
    command = {"shardCollection": f"{database}.{name}", "key": key}
    yield ClusterStep(f"{database}.{name}: sharded by {_words(declared.fields)}", command)


def _words(fields: Iterable[str] | None) -> str:
    return f"({', '.join(fields or ())})"


def _tells(of: KeyRange) -> str:
    """A range by the first fields of its bounds."""
    least, end = (
        "the beginning"
        if isinstance(bound[0], MinKey)
        else "the end"
        if isinstance(bound[0], MaxKey)
        else repr(bound[0])
        for bound in (of.least, of.end)
    )
    return f"{least} to {end}" if of.least[0] != of.end[0] else least
