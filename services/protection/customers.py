"""Erasing one customer: where they are named, stage after stage. Each stage can be begun anew from its beginning."""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from documents.database import Database, Row, Session
from documents.quarantined_record import QuarantinedRecord
from documents.rolled_up_ticket import RolledUpTicket
from documents.staged_detail import StagedDetail
from documents.ticket import Ticket
from documents.ticket_indexes import CUSTOMER_INDEX
from documents.ticket_rollup import TicketRollup
from services.kit.clock import Clock
from services.protection.names import names
from services.protection.purged import PurgedTickets
from services.protection.removal import REMOVED_BATCH, Removal, Removed, name_of
from services.protection.shields import Shields
from services.protection.steps import ErasureSteps, ErasureUnderWay
from services.rollups.rows import COUNTING, CUSTOMER
from services.rollups.write import Rollups
from services.tenancy import Filter, owned

_READ_AT_ONCE = 100
_CUSTOMER_CHANGES = ("changes.customer_id.old", "changes.customer_id.new")

Remove = Callable[[list[Any], Session], Coroutine[Any, Any, Removed]]
"""Removes rows with these `_id`s, or what they say of the customer."""


class CustomerErasures:
    """Carries erasures of customers out."""

    def __init__(
        self, database: Database, rollups: Rollups, removal: Removal, steps: ErasureSteps, clock: Clock
    ) -> None:
        self._rollups = rollups
        self._removal = removal
        self._steps = steps
        self._clock = clock
        self._shields = Shields(database)
        self._tickets = database.collection(Ticket)
        self._quarantine = database.collection(QuarantinedRecord)
        self._staged = database.collection(StagedDetail)
        self._receipts = database.collection(RolledUpTicket)
        self._rows = database.collection(TicketRollup)
        purged = PurgedTickets(database, removal, steps, clock)
        self.stages = (self._stored, purged.of_customer, self._quarantined, self._told, self._counted)
        """What is done one after the other; each returns whether it came to its end."""

    async def _stored(self, work: ErasureUnderWay) -> bool:
        """Their tickets, with all that is stored about these."""
        while not work.is_over():
            found = self._tickets.find(tickets_of(work), {"external_id": 1}, hint=CUSTOMER_INDEX).limit(REMOVED_BATCH)
            ids = [row["_id"] for row in await found.to_list(None)]
            if not ids:
                return True

            async def step(session: Session, ids: Sequence[Any] = ids) -> Removed:
                # As they are now: one of them may have become another customer's meanwhile.
                among = tickets_of(work, _id={"$in": ids})
                rows = await self._tickets.find(among, {"external_id": 1}, session=session).to_list(None)
                texts = [row["external_id"] for row in rows if isinstance(row.get("external_id"), str)]
                marks = await self._shields.ticket_marks(work.tenant_id, texts)
                return await self._removal.tickets(work.tenant_id, rows, self._clock.now(), session, marks=marks)

            await self._steps.make(work, step)
        return False

    async def _quarantined(self, work: ErasureUnderWay) -> bool:
        """Records of theirs that could not be read as tickets."""

        async def remove(ids: list[Any], session: Session) -> Removed:
            gone = await self._quarantine.delete_many(owned(work.tenant_id, _id={"$in": ids}), session=session)
            return Removed({name_of(QuarantinedRecord): gone.deleted_count})

        rows = self._quarantine.find(owned(work.tenant_id), {"raw": 1}, batch_size=_READ_AT_ONCE)
        return await self._each(work, rows, remove, lambda row: names(str(row.get("raw") or ""), work.customer_id))

    async def _told(self, work: ErasureUnderWay) -> bool:
        """What they have said on others' tickets that wait to be shown, and their name among what is told of these."""
        customer: Row = {"$literal": work.customer_id}
        of_others = {"$filter": {"input": "$told", "cond": {"$ne": ["$$this.author", customer]}}}
        update: list[Row] = [
            {"$set": {"told": of_others}},
            {"$set": {"told": {"$map": {"input": "$told", "in": _without(customer)}}}},
        ]

        async def remove(ids: list[Any], session: Session) -> Removed:
            among = owned(work.tenant_id, _id={"$in": ids})
            done = await self._staged.update_many(among, update, session=session)
            return Removed({name_of(StagedDetail): done.modified_count})

        is_theirs = [{f"told.{field}": work.customer_id} for field in ("author", *_CUSTOMER_CHANGES)]
        return await self._each(
            work, self._staged.find(owned(work.tenant_id, **{"$or": is_theirs}), {"_id": 1}), remove
        )

    async def _counted(self, work: ErasureUnderWay) -> bool:
        """Counts of tickets that other programs have removed, and what earlier versions have counted."""

        async def take_back(ids: list[Any], session: Session) -> Removed:
            tickets = [each["ticket"] for each in ids if each["counting"] == COUNTING]
            taken = await self._rollups.take_back(work.tenant_id, tickets, session)
            rest = await self._receipts.delete_many(owned(work.tenant_id, _id={"$in": ids}), session=session)
            return Removed({name_of(RolledUpTicket): taken + rest.deleted_count})

        async def remove(ids: list[Any], session: Session) -> Removed:
            gone = await self._rows.delete_many(owned(work.tenant_id, _id={"$in": ids}), session=session)
            return Removed({name_of(TicketRollup): gone.deleted_count})

        receipts = self._receipts.find(owned(work.tenant_id, **{"counted.customer": work.customer_id}), {"_id": 1})
        old = owned(work.tenant_id, field=CUSTOMER, value=work.customer_id, counting={"$ne": COUNTING})
        return await self._each(work, receipts, take_back) and await self._each(
            work, self._rows.find(old, {"_id": 1}), remove
        )

    async def _each(
        self, work: ErasureUnderWay, rows: Any, remove: Remove, is_theirs: Callable[[Row], bool] = lambda row: True
    ) -> bool:
        """Remove the rows that a cursor finds, some in a step; looking for them holds nobody up."""
        while some := await rows.to_list(_READ_AT_ONCE):
            ids = [row["_id"] for row in some if is_theirs(row)]
            if work.is_over():
                return False
            if ids:
                await self._steps.make(work, partial(remove, ids))
        return not work.is_over()


def _without(customer: Row) -> Row:
    """The expression for something told that does not name the customer."""
    change = "$$this.changes.customer_id"
    values = {
        part: {"$cond": [{"$eq": [f"{change}.{part}", customer]}, None, {"$ifNull": [f"{change}.{part}", None]}]}
        for part in ("old", "new")
    }
    is_told = {"$eq": [{"$type": change}, "object"]}
    changes = {"$mergeObjects": ["$$this.changes", {"customer_id": values}]}
    return {"$cond": [is_told, {"$mergeObjects": ["$$this", {"changes": changes}]}, "$$this"]}


def tickets_of(work: ErasureUnderWay, **more: object) -> Filter:
    """The customer's tickets, but for those that were created after the request and have come in since; `more` are
    further conditions."""
    is_covered: list[Row] = [
        {"created_at": {"$not": {"$gt": work.until}}},
        {"first_ingested_at": {"$lte": work.until}},
    ]
    return owned(work.tenant_id, customer_id=work.customer_id, **{"$or": is_covered}, **more)
