"""Judging stored tickets anew, a batch in a transaction, with all that follows from a ticket's labels.

A ticket that somebody else changes meanwhile conflicts, and one of the two tries again on what the other has left.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from pymongo import ASCENDING, UpdateOne

from documents.database import Database, Row, Session
from documents.notification import Notification
from documents.ticket import CLASSIFIED_FIELDS, COUNTED_FIELDS, StatusCategory, Ticket, Urgency
from documents.ticket_history import HistoryAction, TicketHistory
from documents.ticket_indexes import TICKET_ID_INDEX
from documents.writes import Writes, new_rows
from services.classification.judging import Judge, is_later
from services.judging.judges import Judges
from services.judging.verdicts import READ_TO_REJUDGE, is_ours, rejudged
from services.kit.clock import Clock
from services.notifications.outbox import notification_id, notification_row
from services.rollups.write import Rollups
from services.search.terms import SEARCHED_FIELDS, search_fields
from services.statuses import category_of
from services.tenancy import Filter, live, owned

REJUDGED_BATCH = 100
"""Tickets that are judged in one transaction, which takes some 50 ms."""
REJUDGE_COMMENT = "judging tickets anew"
_TELLING = (*CLASSIFIED_FIELDS, "judged_by", "matched")
"""What clients see of a classification, but for its version."""


class SupersededError(Exception):
    """The tenant's judge is of another version by now; nothing was written."""


@dataclass(slots=True)
class Rejudged:
    """What judging a batch anew has come to."""

    done: int = 0
    changed: int = 0
    raised: int = 0
    writes: list[UpdateOne] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    recounted: list[Any] = field(default_factory=list)
    """The `_id`s of tickets that statistics are to count anew."""


def outdated(tenant_id: str, version: str, after: str | None = None) -> Filter:
    """The tenant's live tickets of ours that were judged by another version; those behind the external id `after`.

    Soft-deleted ones stay as they are: nobody sees them, their history ends with the labels that they had, and one
    that comes back is judged by the run that brings it.
    """
    ours = [{"rules_version": {"$type": "string"}}, {"first_ingested_at": {"$type": "date"}}]
    return live(tenant_id, external_id={"$gt": after or ""}, rules_version={"$ne": version}, **{"$or": ours})


class Rejudging:
    """Judges one database's tickets anew."""

    def __init__(self, database: Database, judges: Judges, rollups: Rollups, clock: Clock) -> None:
        self._database = database
        self._judges = judges
        self._rollups = rollups
        self._clock = clock
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._notifications = database.collection(Notification)

    async def count(self, tenant_id: str, version: str) -> int:
        """How many tickets there are to be judged by the version."""
        where = outdated(tenant_id, version)
        return await self._tickets.count_documents(where, hint=TICKET_ID_INDEX, comment=REJUDGE_COMMENT)

    async def next(self, tenant_id: str, version: str, after: str | None, at_most: int) -> list[Row]:
        """The next ones, with `_id` and `external_id`, in the order of the latter."""
        found = self._tickets.find(
            outdated(tenant_id, version, after), {"external_id": 1}, hint=TICKET_ID_INDEX, comment=REJUDGE_COMMENT
        )
        return await found.sort("external_id", ASCENDING).limit(at_most).to_list(None)

    async def rejudge(self, tenant_id: str, version: str, ticket_ids: Sequence[Any], session: Session) -> Rejudged:
        """Judge tickets anew by the tenant's judge, if it is of this version. `ticket_ids`: `_id`s.

        Raises:
            SupersededError: it is not.
        """
        judge = await self._judges.of(tenant_id, session=session)
        if judge.version != version:
            raise SupersededError
        among = live(tenant_id, _id={"$in": list(ticket_ids)}, rules_version={"$ne": version})
        rows = await self._tickets.find(among, READ_TO_REJUDGE, session=session).to_list(None)
        found = await asyncio.to_thread(_rejudged, tenant_id, judge, rows, self._clock.now())
        await self._rollups.take_back(tenant_id, found.recounted, session)
        await self._database.write(
            new_rows(TicketHistory, found.history), Writes(Ticket, found.writes), session=session
        )
        return found

    async def announce(self, tenant_id: str, version: str, history: Sequence[Row], session: Session) -> int:
        """Announce those of the tickets that are still urgent and open, once for each version; returns how many.

        `history`: rows that tell that they became urgent.
        """
        names = list({row["ticket_id"] for row in history})
        urgent = live(tenant_id, external_id={"$in": names}, urgency=Urgency.HIGH.value)
        tickets = await self._tickets.find(urgent, READ_TO_REJUDGE, session=session).to_list(None)
        told, now = f"rules:{version}", self._clock.now()
        wanted = {
            notification_id(tenant_id, row["external_id"], told): row
            for row in tickets
            if category_of(row.get("status")) is not StatusCategory.CLOSED
        }
        there = self._notifications.find(owned(tenant_id, _id={"$in": list(wanted)}), {"_id": 1}, session=session)
        for row in await there.to_list(None):
            del wanted[row["_id"]]
        rows = [
            notification_row(tenant_id, row["external_id"], version=told, matched=row.get("matched", ()), now=now)
            for row in wanted.values()
        ]
        await self._database.write(new_rows(Notification, rows), session=session)
        return len(rows)

    async def raised_since(self, tenant_id: str, moment: datetime, at_most: int) -> AsyncIterator[list[Row]]:
        """Rows of the history that tell that a ticket became urgent when it was judged anew, so many at once."""
        told = owned(
            tenant_id,
            action=HistoryAction.UPDATED.value,
            recorded_at={"$gte": moment},
            rules_version={"$type": "string"},
            **{"changes.urgency.new": Urgency.HIGH.value},
        )
        rows = self._history.find(told, {"ticket_id": 1, "recorded_at": 1}, comment=REJUDGE_COMMENT)
        while some := await rows.to_list(at_most):
            yield some


def _rejudged(tenant_id: str, judge: Judge, rows: Sequence[Row], now: datetime) -> Rejudged:
    """What becomes of tickets, read with `READ_TO_REJUDGE`."""
    found = Rejudged()
    for row in rows:
        if is_later(row.get("rules_version")) or not is_ours(row):
            continue
        fields = rejudged(judge, row)
        new = {name: value for name, value in fields.items() if row.get(name) != value}
        if not new.keys().isdisjoint(SEARCHED_FIELDS):
            new |= search_fields({**row, **new})
        # The version that was read: where there are no transactions, a run may have judged the ticket meanwhile.
        same = live(tenant_id, _id=row["_id"], rules_version=row.get("rules_version"))
        found.writes.append(UpdateOne(same, {"$set": new}, hint="_id_"))
        found.done += 1
        found.changed += not new.keys().isdisjoint(_TELLING)
        found.raised += new.get("urgency") == Urgency.HIGH
        if not new.keys().isdisjoint((*COUNTED_FIELDS, "keyword_key")):
            found.recounted.append(row["_id"])
        changes = {name: {"old": row.get(name), "new": new[name]} for name in CLASSIFIED_FIELDS if name in new}
        if changes:
            found.history.append(_history_row(tenant_id, row["external_id"], changes, judge.version, now))
    return found


def _history_row(tenant_id: str, external_id: str, changes: Row, version: str, now: datetime) -> Row:
    return {
        "_id": uuid4().hex,
        "ticket_id": external_id,
        "tenant_id": tenant_id,
        "action": HistoryAction.UPDATED.value,
        "changes": changes,
        "occurred_at": now,
        "recorded_at": now,
        "rules_version": version,
    }
