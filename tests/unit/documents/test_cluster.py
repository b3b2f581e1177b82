"""What a sharded cluster is asked for, as data: from what is declared, and what the cluster tells of itself."""

from typing import Any

import pytest
from bson import MaxKey, MinKey

from documents.all_documents import ALL_DOCUMENTS
from documents.cluster import (
    KeyRange,
    ShardedCluster,
    Zone,
    collection_name,
    indexes_of,
    key_ranges,
    plan,
    problems_of,
    serving_index,
)
from documents.quarantined_record import QuarantinedRecord
from documents.rolled_up_ticket import RolledUpTicket
from documents.sharding import SHARDING, ShardKey
from documents.tenant_lock import TenantLock
from documents.ticket import Ticket
from documents.ticket_life import TicketLife
from documents.ticket_rollup import TicketRollup
from tests.pages import DOCS

MIN, MAX = MinKey(), MaxKey()
EU = Zone("eu", ("shard-eu",), ("acme", "globex"))
US = Zone("us", ("shard-us",), ("initech",), is_default=True)
EMPTY = ShardedCluster((8, 0, 4), {"shard-eu": frozenset(), "shard-us": frozenset()})
TICKETS = ShardKey(("tenant_id", "external_id"))
SHARDED = [document for document, declared in SHARDING.items() if isinstance(declared, ShardKey)]


def commands(cluster: ShardedCluster, *zones: Zone) -> list[dict[str, Any]]:
    return [step.command for step in plan("app", cluster, zones)]


def after(steps: list[dict[str, Any]]) -> ShardedCluster:
    """The cluster that an empty one has become, as its commands say; as a server does, it takes no overlaps."""
    shards: dict[str, set[str]] = {name: set() for name in EMPTY.shards}
    keys: dict[str, tuple[str, ...]] = {}
    ranges: dict[str, set[KeyRange]] = {}
    for step in steps:
        match step:
            case {"addShardToZone": shard, "zone": zone}:
                shards[shard].add(zone)
            case {"updateZoneKeyRange": namespace, "min": least, "max": end, "zone": zone}:
                assert any(zone in has for has in shards.values())
                found = ranges.setdefault(namespace.removeprefix("app."), set())
                found.add(KeyRange(tuple(least.values()), tuple(end.values()), zone))
            case {"shardCollection": namespace, "key": key}:
                keys[namespace.removeprefix("app.")] = tuple(key)
    return ShardedCluster(
        EMPTY.version,
        {name: frozenset(has) for name, has in shards.items()},
        "shard-us",
        keys,
        {name: frozenset(found) for name, found in ranges.items()},
    )


@pytest.mark.parametrize("document", ALL_DOCUMENTS)
def test_unique_indexes_begin_with_the_shard_key(document: Any) -> None:
    """MongoDB refuses others on a sharded collection: each shard would see to its own rows alone."""
    declared = SHARDING[document]
    for index in indexes_of(document):
        if isinstance(declared, ShardKey) and index.document.get("unique"):
            fields = tuple(index.document["key"])
            assert fields[: len(declared.fields)] == declared.fields, index.document["name"]


@pytest.mark.parametrize("document", SHARDED)
def test_every_shard_key_begins_with_what_names_the_tenant(document: Any) -> None:
    declared = SHARDING[document]
    assert isinstance(declared, ShardKey)
    assert declared.fields[0] in {"tenant_id", "_id", "resource_id"}
    assert (declared.fields[0] == "tenant_id") == ("tenant_id" in document.model_fields)


def test_only_what_is_written_in_bulk_needs_an_index_more() -> None:
    assert {document for document in SHARDED if serving_index(document) is None} == {
        QuarantinedRecord,
        RolledUpTicket,
        TicketLife,
        TicketRollup,
    }


def test_the_page_tells_of_every_collection_by_its_key() -> None:
    rows = [line.split(" | ") for line in (DOCS / "scaling.md").read_text().splitlines() if line.startswith("| `")]
    for document, declared in SHARDING.items():
        (key,) = [row[1] for row in rows if f"`{collection_name(document)}`" in row[0]]
        fields = (
            f"`{', '.join(declared.fields)}`" if isinstance(declared, ShardKey) else "not sharded: on the primary shard"
        )
        assert key == fields


def test_the_ranges_of_zones_leave_no_gap_and_do_not_overlap() -> None:
    ranges = key_ranges(TICKETS, [EU, US])
    assert [(each.least, each.end, each.zone) for each in ranges] == [
        ((MIN, MIN), ("acme", MIN), "us"),
        (("acme", MIN), ("acme", MAX), "eu"),
        (("acme", MAX), ("globex", MIN), "us"),
        (("globex", MIN), ("globex", MAX), "eu"),
        (("globex", MAX), ("initech", MIN), "us"),
        (("initech", MIN), ("initech", MAX), "us"),
        (("initech", MAX), (MAX, MAX), "us"),
    ]


def test_tenants_are_ordered_as_mongodb_orders_texts() -> None:
    zone = Zone("eu", ("shard-eu",), ("é", "z", "\U0001d4b3", "\uffff"))
    assert [each.least[0] for each in key_ranges(TICKETS, [zone])] == ["z", "é", "\uffff", "\U0001d4b3"]


def test_a_lock_lies_where_its_tenant_does_and_a_key_of_one_field_has_an_end() -> None:
    declared = SHARDING[TenantLock]
    assert isinstance(declared, ShardKey)
    (mine,) = key_ranges(declared, [Zone("eu", ("shard-eu",), ("acme",))])
    assert mine == KeyRange(("ingest:acme",), ("ingest:acme\0",), "eu")


def test_neighbours_leave_no_empty_range_between_them() -> None:
    zones = [Zone("eu", ("shard-eu",), ("a", "a\0")), Zone("us", ("shard-us",), is_default=True)]
    ranges = key_ranges(ShardKey(("tenant_id",)), zones)
    assert [each.zone for each in ranges] == ["us", "eu", "eu", "us"]


def test_a_new_cluster_gets_zones_then_ranges_then_shards() -> None:
    steps = commands(EMPTY, EU, US)
    assert steps[:2] == [
        {"addShardToZone": "shard-eu", "zone": "eu"},
        {"addShardToZone": "shard-us", "zone": "us"},
    ]
    of_tickets = [next(iter(step)) for step in steps if "app.tickets" in step.values()]
    assert of_tickets == ["updateZoneKeyRange"] * 7 + ["shardCollection"]
    assert {"shardCollection": "app.tickets", "key": {"tenant_id": 1, "external_id": 1}} in steps
    sharded = {step["shardCollection"] for step in steps if "shardCollection" in step}
    assert sharded == {f"app.{collection_name(document)}" for document in SHARDED}


def test_an_index_is_made_before_the_collection_is_sharded_by_it() -> None:
    steps = [step for step in plan("app", EMPTY, []) if "rolled_up_tickets" in str(step.command)]
    assert [next(iter(step.command)) for step in steps] == ["createIndexes", "shardCollection"]
    assert [step.is_admin for step in steps] == [False, True]


def test_what_was_applied_is_not_asked_for_again() -> None:
    cluster = after(commands(EMPTY, EU, US))
    assert problems_of(cluster, [EU, US]) == []
    assert commands(cluster, EU, US) == []


def test_a_tenant_that_moves_leaves_its_old_zone_first() -> None:
    cluster = after(commands(EMPTY, EU, US))
    moved = [Zone("eu", ("shard-eu",), ("acme", "globex", "initech")), Zone("us", ("shard-us",), is_default=True)]
    steps = [step for step in commands(cluster, *moved) if step.get("updateZoneKeyRange") == "app.tickets"]
    of_initech = {
        "min": {"tenant_id": "initech", "external_id": MIN},
        "max": {"tenant_id": "initech", "external_id": MAX},
    }
    assert steps == [
        {"updateZoneKeyRange": "app.tickets", **of_initech, "zone": None},
        {"updateZoneKeyRange": "app.tickets", **of_initech, "zone": "eu"},
    ]


def test_a_shard_that_a_zone_no_longer_names_leaves_it() -> None:
    cluster = after(commands(EMPTY, EU, US))
    steps = commands(cluster, Zone("eu", ("shard-us",), EU.tenants), US)
    assert steps == [
        {"addShardToZone": "shard-us", "zone": "eu"},
        {"removeShardFromZone": "shard-eu", "zone": "eu"},
    ]


def test_without_zones_those_that_are_there_are_left_alone() -> None:
    cluster = after(commands(EMPTY, EU, US))
    assert commands(cluster) == []


@pytest.mark.parametrize(
    ("cluster", "zones", "found"),
    [
        (ShardedCluster((7, 0, 12), EMPTY.shards), [], "8.0 or newer"),
        (EMPTY, [Zone("eu", ("nowhere",))], "no shard nowhere"),
        (ShardedCluster((8, 0), EMPTY.shards, keys={"tickets": ("_id",)}), [], "tickets is sharded by (_id)"),
        (ShardedCluster((8, 0), EMPTY.shards, keys={"rate_limits": ("_id",)}), [], "is not to be"),
    ],
)
def test_what_a_command_cannot_decide_is_told(cluster: ShardedCluster, zones: list[Zone], found: str) -> None:
    (problem,) = problems_of(cluster, zones)
    assert found in problem


def test_an_index_serves_only_with_all_rows_in_it() -> None:
    assert serving_index(Ticket) == "tenant_ticket"
