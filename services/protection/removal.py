"""Removing tickets for good, with all that is stored about them, in the transaction of whoever removes them.

Statistics are exact at every moment: what the rollups hold of a ticket goes with it. Where there are no transactions,
the ticket goes last, so that whoever goes on after a crash still finds it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from beanie import Document

from documents.correction import Correction
from documents.database import Database, Row, Session
from documents.erased_ticket import ErasedTicket
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.rolled_up_ticket import RolledUpTicket
from documents.staged_detail import StagedDetail
from documents.tenant_classifier import TenantClassifier
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_life import TicketLife
from documents.writes import Writes
from services.protection.shields import marking
from services.rollups.write import Rollups
from services.tenancy import BY_ID, owned

REMOVED_BATCH = 100
"""Tickets that are removed in one transaction."""
_BY_TICKET: tuple[tuple[type[Document], str], ...] = (
    (TicketHistory, "ticket_id"),
    (Notification, "ticket_id"),
    (Correction, "ticket_id"),
    (StagedDetail, "ticket_id"),
    (QuarantinedRecord, "external_id"),
)
"""What is stored about a ticket under its external id, and the field that has it."""

Removed = Counter[str]
"""By collection, how many rows were removed or changed."""


def name_of(document: type[Document]) -> str:
    """The name of its collection."""
    return str(document.get_settings().name)


class Removal:
    """Removes one database's tickets."""

    def __init__(self, database: Database, rollups: Rollups) -> None:
        self._database = database
        self._rollups = rollups
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._classifiers = database.collection(TenantClassifier)

    async def tickets(
        self, tenant_id: str, tickets: Sequence[Row], now: datetime, session: Session, *, marks: Sequence[Row] = ()
    ) -> Removed:
        """Remove stored tickets, of which `_id` and `external_id` are given. `marks`: the rows that keep them away."""
        ids = [ticket["_id"] for ticket in tickets]
        removed = Removed({name_of(RolledUpTicket): await self._rollups.take_back(tenant_id, ids, session)})
        names = [ticket.get("external_id") for ticket in tickets]
        removed += await self.told(tenant_id, names, now, session, marks=marks)
        gone = await self._tickets.delete_many(owned(tenant_id, _id={"$in": ids}), session=session, hint=BY_ID)
        removed[name_of(Ticket)] += gone.deleted_count
        return removed

    async def told(
        self, tenant_id: str, names: Sequence[Any], now: datetime, session: Session, *, marks: Sequence[Row] = ()
    ) -> Removed:
        """Remove all that is told of tickets (external ids), whether they are stored or purged. `marks`: as above."""
        await self._database.write(Writes(ErasedTicket, marking(marks)), session=session)
        removed = Removed({name_of(TicketLife): await self._rollups.forget_lives(tenant_id, names, session)})
        was_corrected = await self._was_corrected(tenant_id, names, session)
        for document, field in _BY_TICKET:
            among = owned(tenant_id, **{field: {"$in": list(names)}})
            gone = await self._database.collection(document).delete_many(among, session=session)
            removed[name_of(document)] += gone.deleted_count
        if was_corrected:
            removed[name_of(TenantClassifier)] += await self._unlearn(tenant_id, now, session)
        return removed

    async def _was_corrected(self, tenant_id: str, names: Sequence[Any], session: Session) -> bool:
        """Whether people have ever said anything of these tickets, so that their words may have been learned."""
        of_people = owned(tenant_id, ticket_id={"$in": list(names)}, _id={"$regex": "^correction:"})
        return await self._history.find_one(of_people, {"_id": 1}, session=session) is not None

    async def _unlearn(self, tenant_id: str, now: datetime, session: Session) -> int:
        """Forget what was learned, and have it learned anew from the corrections that are left; 1 if there was any."""
        mine: Row = {"_id": tenant_id}
        anew: Row = {"$inc": {"erased": 1, "corrected": 1}, "$set": {"corrected_at": now}}
        await self._classifiers.update_one(mine, anew, session=session)
        has_any = mine | {"layers": {"$nin": [None, {}]}}
        without: Row = {"$set": {"layers": {}, "changed_at": now}, "$inc": {"revision": 1}}
        return (await self._classifiers.update_one(has_any, without, session=session)).modified_count
