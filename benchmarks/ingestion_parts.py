"""Where a run's processor time goes: its steps by themselves, over the same pages."""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import bson
from pymongo import InsertOne

from benchmarks.report import Finding
from benchmarks.stage import Stage
from documents.database import Row, connect
from documents.search_indexes import SEARCH_INDEX
from mock_external_api.data import make_tickets
from mock_external_api.settings import MockSettings
from services.classification.judging import RULES_ALONE
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.diff import find_changes
from services.ingestion.pages.history import Position
from services.judging.verdicts import judged
from services.search.terms import search_fields
from services.sources.records.json_text import MAX_PAGE_LEVELS, read_json
from services.sources.records.records import sort_records

TENANT = "bench"
PAGE_SIZE = 100
TICKETS = 2_000

T = TypeVar("T")
Steps = dict[str, list[float]]
"""By step, the processor milliseconds a ticket of each round."""


async def parts(stage: Stage) -> list[Finding]:
    """What each step takes of the processor, a ticket: medians of rounds in turn, the first of which warms up."""
    now = datetime.now(UTC)
    upstream = make_tickets(MockSettings(ticket_count=TICKETS, tenants={TENANT: 1}, deleted_share=0), now)
    records = [each.record for each in upstream]
    pages = [records[start : start + PAGE_SIZE] for start in range(0, TICKETS, PAGE_SIZE)]
    taken: Steps = {}
    for turn in range(stage.rounds(5) + 1):
        changes = _compute(pages, now, taken if turn else {})
        for name, indexes in (("with", ()), ("without", (SEARCH_INDEX,))):
            await _write(stage, f"parts_{turn}_{name}", changes, indexes, taken if turn else {}, name)
    cost = {name: statistics.median(each) for name, each in taken.items()}
    rest = cost["comparing"] - cost["classification"] - cost["terms"]
    told = {
        "reading JSON": cost["JSON"],
        "validation": cost["validation"],
        "classification": cost["classification"],
        "the terms that searches find": cost["terms"],
        "comparing, history, notifications": rest,
        "BSON": cost["BSON"],
        "MongoDB: a page's transaction": cost["with"],
        "MongoDB: of it, the index of searches": cost["with"] - cost["without"],
    }
    return [Finding(f"of it, {name}", f"{each:.3f} ms") for name, each in told.items()]


def _compute(pages: Sequence[list[Row]], now: datetime, taken: Steps) -> list[PageChanges]:
    """What the service computes of the pages, one step after the other."""
    bodies = [json.dumps({"tickets": page}).encode() for page in pages]
    _timed(taken, "JSON", lambda: [read_json(body, levels=MAX_PAGE_LEVELS) for body in bodies])
    own = _timed(taken, "validation", lambda: [sort_records(page, TENANT).own for page in pages])
    tickets = [ticket for page in own for ticket in page.values()]
    _timed(taken, "classification", lambda: [judged(RULES_ALONE, t.subject, t.message, t.replies) for t in tickets])
    at = [Position(TENANT, "job", number, now) for number in range(1, len(pages) + 1)]
    changes = _timed(
        taken, "comparing", lambda: [find_changes(page, {}, here) for page, here in zip(own, at, strict=True)]
    )
    rows = [row for page in changes for row in _rows(page)]
    _timed(taken, "terms", lambda: [search_fields(row) for row in rows])
    history = [row for page in changes for row in page.history]
    _timed(taken, "BSON", lambda: [bson.encode(row) for row in (*rows, *history)])
    return changes


async def _write(
    stage: Stage, name: str, changes: Iterable[PageChanges], without: Sequence[str], taken: Steps, step: str
) -> None:
    """What MongoDB takes for the pages' tickets and history in a transaction a page; `without` are indexes."""
    (await connect(stage.mongo_url, name)).close()
    with stage.client() as client, client.start_session() as session:
        database = client[name]
        for index in without:
            database["tickets"].drop_index(index)
        pages = [([InsertOne(dict(row)) for row in _rows(page)], page.history) for page in changes]
        began = stage.mongod_seconds()
        for tickets, history in pages:
            with session.start_transaction():
                database["ticket_history"].insert_many(history, ordered=False, session=session)
                database["tickets"].bulk_write(tickets, ordered=False, session=session)
        taken.setdefault(step, []).append((stage.mongod_seconds() - began) / TICKETS * 1000)
        client.drop_database(name)


def _rows(page: PageChanges) -> list[Row]:
    """The tickets as they are inserted: all of them are new."""
    return [write._doc for write in page.tickets if isinstance(write, InsertOne)]


def _timed(taken: Steps, step: str, work: Callable[[], T]) -> T:
    began = time.process_time()
    result = work()
    taken.setdefault(step, []).append((time.process_time() - began) / TICKETS * 1000)
    return result
