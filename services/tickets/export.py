"""All of a tenant's tickets as one stream, in memory that does not grow: CSV for people, NDJSON for programs."""

import codecs
import csv
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

import orjson

from documents.correction import TicketCorrection
from documents.database import Database, Row, patiently
from documents.ticket import MatchedRule, Ticket
from services.lists.cursors import time_limited
from services.search.leading import led_by_rarest
from services.tenancy import Filter
from services.tickets.filter import TicketFilter, condition
from services.tickets.formats import ExportFormat
from services.tickets.ordering import NEWEST_FIRST, Ordering
from services.tickets.record import COLUMNS, PROJECTION, TicketRecord, to_record

EXPORT_MILLISECONDS = 10 * 60 * 1000
"""`maxTimeMS` of a whole export: time that the database works, not the time that a slow client takes. One batch may
take as long, if few tickets match."""
EXPORT_BATCH = 200
"""Tickets that are read at once; the server caps a batch at 16 MB whatever their size."""
CHUNK_BYTES = 64 * 1024
_SIGN = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
"""What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"), the full-width signs too."""
_UNSEEN = r"[\s\x00-\x1f\u00ad\u200b-\u200f\u2060\ufeff]*"
"""What programs may drop from the beginning of a cell."""
FORMULA_AT_START = re.compile(rf"[\t\r\n]|(?:{_UNSEEN}[,;|\"'])*{_UNSEEN}{_SIGN}")
FORMULA_INSIDE = re.compile(rf"([,;|\t\r\n][\"' ]*)(?={_SIGN}+[\w(\"'$#{{\[.])")
"""Where a program that separates by another character than the comma (Excel's depends on the country) would begin a
cell with a formula. Smileys and the items of a list (`;-)`, `- this`) are none."""


class Exports:
    """Streams one database's tickets, never another tenant's and never a soft-deleted one."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)

    def stream(
        self,
        tenant_id: str,
        wanted: TicketFilter,
        form: ExportFormat,
        *,
        order: Ordering = NEWEST_FIRST,
        has_bom: bool = True,
    ) -> AsyncIterator[bytes]:
        """The matching tickets in chunks of about 64 KiB; there is always one chunk, if an empty one.

        `has_bom`: whether CSV begins with a byte order mark; without one, Excel takes UTF-8 for the local code page.

        Raises:
            InvalidInputError: the filter makes no sense; raised at once, the next one while reading.
            QueryTimeoutError: the database did not finish.
        """
        lists = [(condition(tenant_id, part), order.index(part)) for part in order.parts(wanted)]
        head = (codecs.BOM_UTF8 if has_bom else b"") + _csv_line(list(COLUMNS)) if form is ExportFormat.CSV else b""
        rows = self._rows(tenant_id, lists, order.sort)
        return _chunks(rows, _csv_row if form is ExportFormat.CSV else _json_line, head)

    async def _rows(
        self, tenant_id: str, lists: list[tuple[Filter, str | None]], sort: list[tuple[str, int]]
    ) -> AsyncGenerator[Row, None]:
        for where, index in lists:
            led = await led_by_rarest(self._tickets, tenant_id, where)
            cursor = self._tickets.find(
                led, PROJECTION, hint=index, batch_size=EXPORT_BATCH, max_time_ms=EXPORT_MILLISECONDS
            ).sort(sort)
            try:
                while rows := await _batch(cursor):
                    for row in rows:
                        yield row
            finally:
                await cursor.close()


async def _chunks(
    rows: AsyncGenerator[Row, None], write: Callable[[TicketRecord], bytes], head: bytes
) -> AsyncIterator[bytes]:
    chunk = bytearray(head)
    async with time_limited(), aclosing(rows):
        async for row in rows:
            chunk += write(to_record(row))
            if len(chunk) >= CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
    yield bytes(chunk)


async def _batch(cursor: Any) -> list[Row]:
    with patiently(EXPORT_MILLISECONDS / 1000):
        rows: list[Row] = await cursor.to_list(EXPORT_BATCH)
        return rows


def _json_line(ticket: TicketRecord) -> bytes:
    return orjson.dumps(ticket, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def _csv_row(ticket: TicketRecord) -> bytes:
    return _csv_line([_cell(getattr(ticket, column)) for column in COLUMNS])


def _csv_line(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return _safe(value)
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):  # tags, or the rules that matched
        return _safe(
            "; ".join(f"{each.rule}: {each.text}" if isinstance(each, MatchedRule) else each for each in value)
        )
    if isinstance(value, TicketCorrection):
        return _safe(orjson.dumps(value, option=orjson.OPT_UTC_Z).decode())
    if isinstance(value, dict):  # fields that nobody knows
        return _safe(orjson.dumps(value).decode()) if value else ""
    return _safe(str(value))


def _safe(text: str) -> str:
    if FORMULA_INSIDE.search(text):  # rare, and replacing takes long even where there is nothing to replace
        text = FORMULA_INSIDE.sub(r"\1'", text)
    return f"'{text}" if FORMULA_AT_START.match(text) else text
