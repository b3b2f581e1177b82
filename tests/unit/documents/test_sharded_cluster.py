"""What a cluster tells of itself in the collections of `config`, read."""

from bson import MaxKey, MinKey

from documents.cluster import KeyRange
from documents.sharded_cluster import cluster_of, names_within

RANGE = {"min": {"tenant_id": "acme", "external_id": MinKey()}, "max": {"tenant_id": "acme", "external_id": MaxKey()}}


def test_config_is_read() -> None:
    cluster = cluster_of(
        "app",
        [8, 0, 4, 0],
        shards=[{"_id": "rs1", "host": "rs1/a:1", "state": 1, "tags": ["eu"]}, {"_id": "rs2", "host": "rs2/b:1"}],
        databases=[{"_id": "app", "primary": "rs2", "version": {}}],
        collections=[
            {"_id": "app.tickets", "key": {"tenant_id": 1, "external_id": 1}, "unique": False},
            {"_id": "app.rate_limits", "key": {"_id": 1}, "unsplittable": True},
        ],
        tags=[{"_id": {}, "ns": "app.tickets", "tag": "eu", **RANGE}],
    )
    assert cluster.version == (8, 0, 4)
    assert cluster.shards == {"rs1": frozenset({"eu"}), "rs2": frozenset()}
    assert cluster.primary_shard == "rs2"
    assert cluster.keys == {"tickets": ("tenant_id", "external_id")}
    assert cluster.ranges == {"tickets": {KeyRange(("acme", MinKey()), ("acme", MaxKey()), "eu")}}


def test_a_database_with_signs_in_its_name_finds_its_own_collections() -> None:
    ours = names_within("a+b")
    names = ["a+b.tickets", "a+b.~", "a+bc.tickets", "aab.tickets", "a+b-c.tickets", "a+b"]
    assert [name for name in names if ours["$gte"] <= name < ours["$lt"]] == ["a+b.tickets", "a+b.~"]
