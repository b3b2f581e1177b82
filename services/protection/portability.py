"""All that is stored of a customer, as one stream of JSON lines, in memory that does not grow."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import orjson
from beanie import Document

from documents.correction import Correction
from documents.database import Collection, Database, Row
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.ticket import SHOWN_FIELDS, Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_indexes import CUSTOMER_INDEX
from services.kit.stored_json import from_stored
from services.lists.cursors import time_limited
from services.protection.names import belongs_to, names_in
from services.protection.shields import Shields
from services.protection.traces import Traces
from services.tenancy import Filter, owned

_AT_ONCE = 100
"""Tickets that are read at once, with what is told of them."""
_CHUNK_BYTES = 64 * 1024
_MAX_MILLISECONDS = 10 * 60 * 1000
_OF_TICKETS: tuple[tuple[str, type[Document], tuple[str, ...]], ...] = (
    ("history", TicketHistory, ("ticket_id", "action", "changes", "occurred_at", "recorded_at", "actor")),
    (
        "notification",
        Notification,
        ("ticket_id", "destination_id", "urgency", "reason", "state", "created_at", "delivered_at"),
    ),
    ("correction", Correction, ("ticket_id", "urgency", "sentiment", "requires_action", "by", "at")),
)
"""What is told of tickets: the kind of the line, where it is stored, and what of it."""
_RECORD = ("external_id", "reason", "raw", "first_seen_at", "recorded_at")


class CustomerExports:
    """Streams what one database holds of a customer; who may see it is for others to know."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._traces = Traces(database)
        self._shields = Shields(database)
        self._tickets = database.collection(Ticket)
        self._quarantine = database.collection(QuarantinedRecord)

    async def stream(self, tenant_id: str, customer_id: str) -> AsyncGenerator[bytes, None]:
        """Lines of `{"kind": ..., ...}` in chunks of about 64 KiB; there is always one chunk, if an empty one.

        Tickets, deleted ones too (with `deleted_at`), each hundred followed by what is told of them; what the history
        tells of purged ones; then records of the tenant's that could not be read as tickets.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        chunk = bytearray()
        async with time_limited(), aclosing(self._lines(tenant_id, customer_id)) as lines:
            async for kind, row in lines:
                chunk += orjson.dumps({"kind": kind, **from_stored(row)}, option=orjson.OPT_APPEND_NEWLINE)
                if len(chunk) >= _CHUNK_BYTES:
                    yield bytes(chunk)
                    chunk.clear()
        yield bytes(chunk)

    async def _lines(self, tenant_id: str, customer_id: str) -> AsyncGenerator[tuple[str, Row], None]:
        shown = (*SHOWN_FIELDS, "deleted_at")
        where = owned(tenant_id, customer_id=customer_id)
        async for some in _batches(self._tickets, where, shown, hint=CUSTOMER_INDEX):
            for row in some:
                yield "ticket", row
            async for line in self._told(tenant_id, [row.get("external_id") for row in some]):
                yield line
        async for found in self._traces.names(tenant_id, customer_id):
            for start in range(0, len(found), _AT_ONCE):
                purged = await self._purged(tenant_id, customer_id, found[start : start + _AT_ONCE])
                async for line in self._told(tenant_id, purged):
                    yield line
        # What nothing attributes to the tenant may be what another one's customer says.
        async for some in _batches(self._quarantine, owned(tenant_id, is_attributed=True), _RECORD):
            theirs = [row for row in some if belongs_to(str(row.get("raw") or ""), customer_id)]
            for row in await self._kept(tenant_id, theirs):
                yield "quarantined_record", row

    async def _kept(self, tenant_id: str, records: Sequence[Row]) -> list[Row]:
        """Those of the records that name nobody who was erased; an erasure that is under way may not have met them."""
        if not records:
            return []
        named = [names_in(str(row["raw"])) or frozenset[str]() for row in records]
        tickets = [row["external_id"] for row in records if isinstance(row.get("external_id"), str)]
        erased = await self._shields.erased(tenant_id, frozenset().union(*named), tickets)
        return [
            row
            for row, names in zip(records, named, strict=True)
            if erased.customers.keys().isdisjoint(names) and row.get("external_id") not in erased.tickets
        ]

    async def _told(self, tenant_id: str, ticket_ids: Sequence[Any]) -> AsyncGenerator[tuple[str, Row], None]:
        """What is told of tickets (external ids)."""
        for kind, document, shown in _OF_TICKETS if ticket_ids else ():
            among = owned(tenant_id, ticket_id={"$in": list(ticket_ids)})
            async for some in _batches(self._database.collection(document), among, shown):
                for row in some:
                    yield kind, row

    async def _purged(self, tenant_id: str, customer_id: str, ticket_ids: Sequence[Any]) -> list[Any]:
        """Those of the tickets that are not stored any more, and were the customer's at the end."""
        stored = await self._traces.stored(tenant_id, ticket_ids)
        last = await self._traces.last_customers(tenant_id, [name for name in ticket_ids if name not in stored])
        return [name for name, customer in last.items() if customer == customer_id]


async def _batches(
    rows: Collection, where: Filter, shown: Sequence[str], *, hint: str | None = None
) -> AsyncGenerator[list[Row], None]:
    cursor = rows.find(
        where, {"_id": 0, **dict.fromkeys(shown, 1)}, hint=hint, batch_size=_AT_ONCE, max_time_ms=_MAX_MILLISECONDS
    )
    try:
        while some := await cursor.to_list(_AT_ONCE):
            yield some
    finally:
        await cursor.close()
