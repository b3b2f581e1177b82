"""Databases that earlier versions of the service have written, and putting them back.

Each was written by the code of its commit, on the stand-in of that time with 40 tickets of `acme` and `globex`, of
which some are malformed: a run of each tenant, then three tickets closed upstream, one made urgent and two deleted, a
second run of `acme`, and a run of `globex` that was asked for and never begun. What the commits store differs:

- `2026-11-22-first`: 32709e9, the first that could run. No notifications, rollups or terms; rows of the history of new
  tickets are empty.
- `2026-11-22-rollups`: 32ed647, with an outbox without destinations, and rollups by the hour.
- `2026-11-26-search`: 818958a, with search terms, rollups by the quarter of an hour, and destinations.

A file has a line for each row, and one for each collection's indexes, as extended JSON.
"""

import gzip
from collections import defaultdict
from pathlib import Path
from typing import Any

from bson.json_util import loads
from pymongo.database import Database

FOLDER = Path(__file__).parent / "data/old_databases"
OLD_DATABASES = sorted(path.name.removesuffix(".jsonl.gz") for path in FOLDER.iterdir())
Rows = dict[str, list[dict[str, Any]]]


def put_back(name: str, database: Database[dict[str, Any]]) -> Rows:
    """Write an old database as it was, indexes and all; returns its rows by collection."""
    rows: Rows = defaultdict(list)
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in map(loads, lines):
            if "row" in line:
                rows[line["collection"]].append(line["row"])
            elif line["indexes"]:
                made = [{**index, "key": dict(index["key"])} for index in line["indexes"]]
                database.command("createIndexes", line["collection"], indexes=made)
    for collection, found in rows.items():
        database[collection].insert_many(found)
    return rows
