"""The watch over what the application asks MongoDB for: what it finds, and that its exceptions exist."""

import ast
from typing import Any

import pytest

from documents.all_documents import ALL_DOCUMENTS
from documents.sharding import SHARDING
from tests.tenant_scope import OVER_ALL_TENANTS, ROOT, unscoped

ACME = {"tenant_id": "acme"}
SOME = {"tenant_id": {"$in": ["acme", "other"]}}


@pytest.mark.parametrize(
    "command",
    [
        {"find": "tickets", "filter": ACME},
        {"find": "tickets", "filter": {"$and": [{"urgency": "high"}, SOME]}},
        {"find": "tickets", "filter": {"$or": [ACME, SOME]}},
        {"find": "rate_limits", "filter": {}},
        {"find": "reclassifications", "filter": {"_id": "acme"}},
        {"distinct": "tickets", "key": "source", "query": ACME},
        {"update": "tickets", "updates": [{"q": ACME, "u": {}}, {"q": SOME, "u": {}, "multi": True}]},
        {"aggregate": "tickets", "pipeline": [{"$match": ACME}, {"$count": "n"}]},
        {"aggregate": "tickets", "pipeline": [{"$changeStream": {}}]},
        {"aggregate": "tickets", "pipeline": [{"$match": ACME}, {"$unionWith": {"coll": "rate_limits"}}]},
        {
            "aggregate": "rate_limits",
            "pipeline": [{"$lookup": {"from": "tickets", "localField": "_id", "foreignField": "tenant_id"}}],
        },
        {"insert": "tickets", "documents": [{}]},
    ],
)
def test_a_command_that_names_its_tenants_passes(command: dict[str, Any]) -> None:
    assert list(unscoped(command)) == []


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ({"find": "tickets", "filter": {}}, "find in tickets"),
        ({"find": "tickets", "filter": {"tenant_id": {"$ne": "acme"}}}, "find in tickets"),
        ({"find": "tickets", "filter": {"$or": [ACME, {"urgency": "high"}]}}, "find in tickets"),
        ({"find": "reclassifications", "filter": ACME}, "find in reclassifications"),
        ({"count": "notifications"}, "count in notifications"),
        ({"findAndModify": "connections", "query": {"_id": 1}}, "findAndModify in connections"),
        ({"update": "tickets", "updates": [{"q": ACME, "u": {}}, {"q": {"_id": 1}, "u": {}}]}, "update in tickets"),
        ({"delete": "tickets", "deletes": [{"q": {}, "limit": 0}]}, "delete in tickets"),
        ({"aggregate": "tickets", "pipeline": [{"$limit": 1}, {"$match": ACME}]}, "aggregate in tickets"),
        (
            {"aggregate": "tickets", "pipeline": [{"$match": ACME}, {"$lookup": {"from": "ticket_history"}}]},
            "aggregate in ticket_history",
        ),
        (
            {"aggregate": "tickets", "pipeline": [{"$match": ACME}, {"$facet": {"a": [{"$unionWith": "tickets"}]}}]},
            "aggregate in tickets",
        ),
    ],
)
def test_a_command_that_does_not_is_found(command: dict[str, Any], found: str) -> None:
    assert list(unscoped(command)) == [found]


def test_every_exception_is_a_function_that_there_is() -> None:
    for place in OVER_ALL_TENANTS:
        path, _, name = place.partition(":")
        node: Any = ast.parse((ROOT / path).read_text())
        for part in name.replace(".<locals>", "").split("."):
            node = next((each for each in ast.walk(node) if getattr(each, "name", None) == part), None)
            assert node is not None, place


def test_every_collection_says_how_it_is_spread_over_shards() -> None:
    assert SHARDING.keys() == set(ALL_DOCUMENTS)
