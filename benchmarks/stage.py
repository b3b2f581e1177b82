"""What benchmarks run on: a MongoDB and a mock external API of their own, and a large collection of tickets."""

import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from documents.database import Row
from documents.ticket import KEPT_FIELDS, StatusCategory
from documents.ticket_history import HistoryAction
from gql_app.local import bundled_mock, embedded_mongo
from mock_external_api.data import make_tickets
from mock_external_api.settings import MockSettings
from services.classification.judging import RULES_ALONE
from services.ingestion.pages.history import Position, history_rows
from services.judging.verdicts import judged
from services.search.terms import search_fields
from services.sources.records.records import sort_records
from services.statuses import category_of

SIZES = {"t10k": 10_000, "t100k": 100_000, "t1m": 1_000_000}
"""The tenants of the large collection and how many tickets each has."""
QUICK_SIZES = {"t10k": 10_000, "t100k": 30_000, "t1m": 60_000}
DELETED_SHARE = 0.05
TICKETS_A_CUSTOMER = 20
BATCH = 10_000
DATABASE = "bench"
PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Stage:
    """Where benchmarks find what they need."""

    mongo_url: str
    quick: bool
    """Small sizes and few rounds: for trying a benchmark out, not for figures."""
    sizes: dict[str, int] = field(default_factory=dict)
    database: str = DATABASE

    def rounds(self, number: int) -> int:
        """How often to measure."""
        return max(2, number // 5) if self.quick else number

    def client(self) -> "MongoClient[dict[str, Any]]":
        """A plain client of the same server."""
        return MongoClient(self.mongo_url, tz_aware=True)

    def mongod_seconds(self) -> float:
        """The processor time of MongoDB up to now."""
        with self.client() as client:
            status = client.admin.command("serverStatus", repl=0, metrics=0, locks=0)
        told = status["extra_info"]
        return float(told["user_time_us"] + told["system_time_us"]) / 1e6


@contextmanager
def at_stage(*, quick: bool) -> Iterator[Stage]:
    """A MongoDB server with nothing in it, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, embedded_mongo.start(Path(directory)) as server:
        yield Stage(server.url, quick, QUICK_SIZES if quick else SIZES)


@contextmanager
def open_mock(**settings: Any) -> Iterator[str]:
    """The mock external API as a process of its own; yields its URL."""
    environment = {f"MOCK_{name.upper()}": _as_text(value) for name, value in settings.items()}
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as directory,
        bundled_mock.start(Path(directory), settings=environment) as mock,
    ):
        yield mock.url


def await_answer(url: str, *, seconds: float = 30) -> None:
    """Wait until a server answers 200.

    Raises:
        TimeoutError: it did not.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer within {seconds:.0f} s")


def fill(stage: Stage) -> None:
    """Insert the large collection and its history, as ingestion would have stored it; indexes are not its business."""
    database = stage.client()[stage.database]
    dice = random.Random(1)
    for tenant, size in stage.sizes.items():
        rows = sample(tenant)
        for copy in range(-(-size // len(rows))):
            copied = rows[: size - copy * len(rows)]
            customers = _draw_customers(dice, size, len(copied))
            tickets = [_copied(row, copy, name, dice) for row, name in zip(copied, customers, strict=True)]
            database["tickets"].insert_many(tickets, ordered=False)
            history = [change for ticket in tickets for change in _history(ticket)]
            database["ticket_history"].insert_many(history, ordered=False)


def sample(tenant: str, count: int = BATCH) -> list[Row]:
    """The mock's tickets as they are stored."""
    now = datetime.now(UTC)
    upstream = make_tickets(MockSettings(ticket_count=count, tenants={tenant: 1}), now)
    rows = []
    for ticket in sort_records([each.record for each in upstream], tenant).own.values():
        fields = ticket.model_dump(exclude={"id", "is_dated"})
        keys = {"tenant_id": tenant, "external_id": ticket.id}
        category = category_of(ticket.status).value
        verdict = judged(RULES_ALONE, ticket.subject, ticket.message, ticket.replies)
        row = {**keys, **fields, "status_category": category, **verdict, "first_ingested_at": now}
        rows.append(row | search_fields(row))
    return rows


def _draw_customers(dice: random.Random, size: int, count: int) -> list[str]:
    """A customer for each ticket, of one for 20 tickets of the tenant: a few write often, most seldom."""
    number = size // TICKETS_A_CUSTOMER
    ranks = dice.choices(range(number), cum_weights=_weights(number), k=count)
    return [f"cust-{rank:05d}" for rank in ranks]


@cache
def _weights(number: int) -> list[float]:
    """As the mock external API draws them, summed up."""
    return list(accumulate((rank + 5) ** -0.9 for rank in range(number)))


def _history(ticket: Row) -> Iterator[Row]:
    """What a run has written when the ticket came, and another one when it was closed."""
    tenant = ticket["tenant_id"]
    at = Position(tenant, f"first run of {tenant}", 1, ticket["first_ingested_at"])
    first = {name: {"old": None, "new": ticket[name]} for name in KEPT_FIELDS if ticket[name] is not None}
    name = ticket["external_id"]
    yield from history_rows(at, name, [(HistoryAction.CREATED, first, ticket["created_at"])])
    if ticket["status_category"] == StatusCategory.CLOSED:
        closed = {"status": {"old": "open", "new": ticket["status"]}}
        later = replace(at, job_id=f"second run of {tenant}")
        yield from history_rows(later, name, [(HistoryAction.UPDATED, closed, ticket["updated_at"])])


def _copied(row: Row, copy: int, customer_id: str, dice: random.Random) -> Row:
    """One more ticket like `row`: another customer's, older by up to a day; every 20th is deleted."""
    ticket = row | {
        "external_id": f"{row['external_id']}-{copy}",
        "customer_id": customer_id,
        "created_at": row["created_at"] - timedelta(milliseconds=dice.randrange(86_400_000) if copy else 0),
    }
    if dice.random() < DELETED_SHARE:
        ticket["deleted_at"] = row["first_ingested_at"]
    return ticket


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
