"""What the history tells of tickets that are not stored any more, and of customers that a ticket had before."""

from collections.abc import Iterable, Sequence
from typing import Any

from documents.database import Database, Session
from documents.ticket_history import TicketHistory
from services.kit.clock import Clock
from services.protection.removal import REMOVED_BATCH, Removal, Removed, name_of
from services.protection.shields import Shields
from services.protection.steps import ErasureSteps, ErasureUnderWay
from services.protection.traces import NEW_CUSTOMER, OLD_CUSTOMER, Traces
from services.tenancy import owned


class PurgedTickets:
    """Erases what only the history tells.

    Soft-deleted tickets are purged after a while, and their history stays. Of a tenant all of that goes; of a customer
    what is told of tickets that were theirs at the end, and from others their name.
    """

    def __init__(self, database: Database, removal: Removal, steps: ErasureSteps, clock: Clock) -> None:
        self._traces = Traces(database)
        self._shields = Shields(database)
        self._history = database.collection(TicketHistory)
        self._removal = removal
        self._steps = steps
        self._clock = clock

    async def of_tenant(self, work: ErasureUnderWay) -> bool:
        """Everything; returns whether it came to the end."""
        async for names in self._traces.names(work.tenant_id, None):
            for some in _batches(names):
                if work.is_over():
                    return False

                async def step(session: Session, some: Sequence[Any] = some) -> Removed:
                    return await self._removal.told(work.tenant_id, some, self._clock.now(), session)

                await self._steps.make(work, step)
        return not work.is_over()

    async def of_customer(self, work: ErasureUnderWay) -> bool:
        """A customer's; returns whether it came to the end."""
        async for names in self._traces.names(work.tenant_id, work.customer_id):
            for some in _batches(names):
                if work.is_over():
                    return False

                async def step(session: Session, some: Sequence[Any] = some) -> Removed:
                    return await self._forget_customer(work.tenant_id, work.customer_id, some, session)

                await self._steps.make(work, step)
        return not work.is_over()

    async def _forget_customer(
        self, tenant_id: str, customer_id: str, names: Sequence[Any], session: Session
    ) -> Removed:
        stored = await self._traces.stored(tenant_id, names, session)
        last = await self._traces.last_customers(tenant_id, [name for name in names if name not in stored], session)
        theirs = [name for name, customer in last.items() if customer == customer_id]
        removed = Removed()
        if theirs:
            marks = await self._shields.ticket_marks(tenant_id, theirs)
            removed += await self._removal.told(tenant_id, theirs, self._clock.now(), session, marks=marks)
        # A ticket that they have written since is theirs still.
        others = [name for name in names if name not in theirs and stored.get(name) != customer_id]
        for field in (OLD_CUSTOMER, NEW_CUSTOMER):
            naming = owned(tenant_id, ticket_id={"$in": others}, **{field: customer_id})
            done = await self._history.update_many(naming, {"$set": {field: None}}, session=session)
            removed[name_of(TicketHistory)] += done.modified_count
        return removed


def _batches(names: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (names[start : start + REMOVED_BATCH] for start in range(0, len(names), REMOVED_BATCH))
