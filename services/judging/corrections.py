"""What people say of tickets: it wins at once, and for as long as the ticket's text stays the same.

A correction and whatever follows from it (the ticket, its history, statistics, searches) are one transaction. It needs
no lease, so it need not wait for a run of the tenant: both write the ticket, so the database lets only one of two that
meet come to its end. A run compares before its transaction, and therefore looks once more in it (`demand_no_other`).
"""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from documents.correction import Correction
from documents.database import Collection, Database, Row, Session
from documents.notification import Notification
from documents.tenant_classifier import TenantClassifier
from documents.ticket import CLASSIFIED_FIELDS, Sentiment, Ticket, Urgency
from documents.ticket_history import HistoryAction, TicketHistory
from documents.transactions import InTransaction, PlainSession
from services.errors import InvalidInputError, TicketNotFoundError
from services.judging.judges import Judges
from services.judging.verdicts import CORRECTABLE, corrected, judged, text_key, texts_of
from services.kit.clock import Clock
from services.kit.stored_json import to_stored
from services.notifications.outbox import notification_row
from services.rollups.write import Rollups
from services.search.terms import SEARCHED_FIELDS, search_fields
from services.tenancy import BY_ID, live, owned
from services.tickets.record import PROJECTION, TicketRecord, to_record

MAX_NOTE_CHARACTERS = 500
ANNOUNCED_BECAUSE = "a person's correction"
"""The reason that receivers are given."""
_READ = {**PROJECTION, **dict.fromkeys(SEARCHED_FIELDS, 1)}


class CorrectedMeanwhileError(Exception):
    """A person has corrected a ticket, or taken that back, since it was compared with what upstream shows."""


@dataclass(frozen=True, slots=True)
class PersonsWord:
    """What somebody says of a ticket; of what is None, nothing."""

    urgency: Urgency | None = None
    sentiment: Sentiment | None = None
    requires_action: bool | None = None
    note: str | None = None

    def to_fields(self) -> Row:
        """The same as it is stored.

        Raises:
            InvalidInputError: nothing is said, or the note is too long.
        """
        said = {name: value for name in CORRECTABLE if (value := getattr(self, name)) is not None}
        if not said:
            raise InvalidInputError(f"Say at least one of {', '.join(CORRECTABLE)}.")
        note = (self.note or "").strip()
        if len(note) > MAX_NOTE_CHARACTERS:
            raise InvalidInputError(f"note may have {MAX_NOTE_CHARACTERS} characters at most.")
        words = {name: value if isinstance(value, bool) else value.value for name, value in said.items()}
        return words | ({"note": to_stored(note)} if note else {})


class Corrections:
    """Stores people's corrections, and takes them back."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._rollups = Rollups(database)
        self._judges = Judges(database)
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._notifications = database.collection(Notification)
        self._corrections = database.collection(Correction)
        self._classifiers = database.collection(TenantClassifier)

    async def correct(
        self, tenant_id: str, ticket: TicketRecord, word: PersonsWord, *, by: str | None, announce: bool = False
    ) -> TicketRecord:
        """Let a person's word decide about a ticket; it replaces what was said of it before. The same again changes
        nothing.

        `announce`: tell the receivers of urgent tickets, if it becomes one by this.

        Raises:
            InvalidInputError: nothing is said, or the note is too long.
            TicketNotFoundError: it was deleted meanwhile.
        """
        said = word.to_fields()

        async def work(session: Session) -> TicketRecord:
            row = await self._row(tenant_id, ticket, session)
            if _is_said(row, said):
                return to_record(row)
            correction = {
                "id": uuid4().hex,
                "text_key": text_key(*texts_of(row)),
                **said,
                "by": to_stored(by),
                "at": self._clock.now(),
            }
            return await self._store(row, correction, by, session, announce=announce)

        return await self._made(tenant_id, work, ticket)

    async def withdraw(self, tenant_id: str, ticket: TicketRecord, *, by: str | None) -> TicketRecord:
        """Take what was said of a ticket back: what it is classified as decides again.

        Raises:
            TicketNotFoundError: it was deleted meanwhile.
        """

        async def work(session: Session) -> TicketRecord:
            row = await self._row(tenant_id, ticket, session)
            if not row.get("correction"):
                return to_record(row)
            return await self._store(row, None, by, session)

        return await self._made(tenant_id, work, ticket)

    async def _row(self, tenant_id: str, ticket: TicketRecord, session: Session) -> Row:
        row = await self._tickets.find_one(live(tenant_id, _id=ticket.id), _READ, session=session)
        if row is None:
            raise TicketNotFoundError(ticket.external_id)
        return row

    async def _store(
        self, row: Row, correction: Row | None, by: str | None, session: Session, *, announce: bool = False
    ) -> TicketRecord:
        tenant_id, now = row["tenant_id"], self._clock.now()
        new = judged(await self._judges.of(tenant_id, session=session), *texts_of(row))
        if correction is not None:
            correction["machine"] = {name: new[name] for name in CORRECTABLE}
            new |= corrected(correction)
        new["correction"] = correction
        if any(row.get(name) != new[name] for name in ("matched", "keyword_key")):
            new |= search_fields({**row, **new})
        before, after = to_record(row), to_record(row | new)
        changed = {name: value for name, value in new.items() if name not in row or row[name] != value}
        # History and outbox first, as everywhere: where there are no transactions, a crash may only repeat them.
        await self._history.insert_one(_happened(before, row, new, by, now), session=session)
        if announce and new["urgency"] == Urgency.HIGH != row.get("urgency"):
            await self._notifications.insert_one(_announcement(after, new, now), session=session)
        await self._rollups.take_back(tenant_id, [row["_id"]], session)
        among = owned(tenant_id, _id=row["_id"])
        await self._tickets.update_one(among, {"$set": changed}, session=session, hint=BY_ID)
        await self._keep(before, row, correction, session)
        return after

    async def _made(self, tenant_id: str, work: InTransaction[TicketRecord], before: TicketRecord) -> TicketRecord:
        """Correct in a transaction, and tell those who learn: after it, since all of a tenant's would meet there.

        Corrections of a tenant take turns in a process, too: they write the same rows of its statistics.
        """
        turn = self._turns.setdefault(tenant_id, asyncio.Lock())
        async with turn:
            after = await self._database.in_transaction(work)
        if after.correction != before.correction:
            told = {"$inc": {"corrected": 1}, "$set": {"corrected_at": self._clock.now()}}
            await self._classifiers.update_one(
                {"_id": tenant_id}, told | {"$setOnInsert": {"revision": 0}}, upsert=True
            )
        return after

    async def _keep(self, ticket: TicketRecord, row: Row, correction: Row | None, session: Session) -> None:
        """Keep a correction for learning, or forget it."""
        key = text_key(*texts_of(row))
        named = json.dumps([ticket.tenant_id, ticket.external_id, key]).encode()
        among = owned(ticket.tenant_id, _id=hashlib.blake2b(named, digest_size=16).hexdigest())
        if correction is None:
            await self._corrections.delete_one(among, session=session)
            return
        kept = {
            "tenant_id": ticket.tenant_id,
            "ticket_id": ticket.external_id,
            "text_key": key,
            "replies_length": len(ticket.replies),
            **{name: correction.get(name) for name in (*CORRECTABLE, "by", "at")},
        }
        await self._corrections.replace_one(among, kept, upsert=True, session=session)


def demand_no_other(
    corrections: Mapping[Any, str], tickets: Collection, tenant_id: str, ticket_ids: list[Any], session: PlainSession
) -> None:
    """Demand that of these tickets (`_id`s) people have said what they had when `corrections` were read.

    Raises:
        CorrectedMeanwhileError: they have said something else.
    """
    if ticket_ids:
        among = owned(tenant_id, _id={"$in": ticket_ids}, correction={"$ne": None})
        rows = tickets.delegate.find(among, {"correction.id": 1}, session=session, hint=BY_ID)
        if correction_ids(rows) != corrections:
            raise CorrectedMeanwhileError


def correction_ids(rows: Iterable[Row]) -> dict[Any, str]:
    """The ids of the corrections of tickets, by the tickets' `_id`s."""
    return {row["_id"]: each["id"] for row in rows if isinstance(each := row.get("correction"), dict) and "id" in each}


def _is_said(row: Row, said: Row) -> bool:
    """Whether exactly this was said of the ticket's present text before."""
    known = row.get("correction")
    if not isinstance(known, dict) or known.get("text_key") != text_key(*texts_of(row)):
        return False
    return {name: known[name] for name in (*CORRECTABLE, "note") if name in known} == said


def _happened(ticket: TicketRecord, row: Row, new: Row, by: str | None, now: datetime) -> Row:
    changes = {
        name: {"old": row.get(name), "new": new[name]}
        for name in (*CLASSIFIED_FIELDS, "judged_by")
        if row.get(name) != new[name]
    }
    return {
        "_id": f"correction:{uuid4().hex}",
        "ticket_id": ticket.external_id,
        "tenant_id": ticket.tenant_id,
        "action": HistoryAction.UPDATED.value,
        "changes": changes,
        "occurred_at": now,
        "recorded_at": now,
        "actor": to_stored(by),
    }


def _announcement(ticket: TicketRecord, new: Row, now: datetime) -> Row:
    return notification_row(
        ticket.tenant_id,
        ticket.external_id,
        version=f"correction:{new['correction']['id']}",
        matched=new["matched"],
        now=now,
        cause=ANNOUNCED_BECAUSE,
    )
