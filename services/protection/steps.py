"""One erasure under way: its steps, each a transaction with the counts that go with it."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from documents.database import Database, Row, Session
from documents.erasure import Erasure
from documents.tenant_protection import TenantProtection
from services.coordination.interventions import Interventions
from services.coordination.leases import Lease, Leases
from services.coordination.resources import ingest_resource
from services.kit.clock import Clock
from services.protection.removal import Removed

RemovalStep = Callable[[Session], Coroutine[Any, Any, Removed]]
"""What is removed in one transaction, which can run more than once."""


@dataclass(slots=True)
class ErasureUnderWay:
    """An erasure, as whoever carries it out knows it."""

    row: Row
    lease: Lease
    """That of the one who erases."""
    is_over: Callable[[], bool]
    """Whether it has to be left to somebody else."""
    rest: Callable[[float], Coroutine[Any, Any, None]]

    @property
    def tenant_id(self) -> str:
        """Whose rows they are."""
        return str(self.row["tenant_id"])

    @property
    def customer_id(self) -> str:
        """Whom it is about."""
        return str(self.row["customer_id"])

    @property
    def until(self) -> datetime:
        """What came into being later is not erased."""
        moment: datetime = self.row["requested_at"]
        return moment


class ErasureSteps:
    """Makes the steps of erasures, in an order with all that others write."""

    def __init__(self, database: Database, leases: Leases, clock: Clock, ordered_with: Sequence[str]) -> None:
        """`ordered_with`: the resources whose holders write elsewhere what they have read of tickets."""
        self._leases = leases
        self._clock = clock
        self._ordered_with = ordered_with
        self._interventions = Interventions(database)
        self._erasures = database.collection(Erasure)
        self._protections = database.collection(TenantProtection)

    async def prepare(self, tenant_id: str) -> None:
        """To be called before the first step."""
        await self._interventions.prepare(self._resources(tenant_id))

    async def make(self, work: ErasureUnderWay, step: RemovalStep) -> int:
        """Make a step and count it, and rest for as long as it took; returns how many rows it removed.

        Raises:
            LeaseLostError: somebody else erases now; nothing was removed.
        """
        began = self._clock.monotonic()

        async def counted(session: Session) -> int:
            await self._interventions.come_between(self._resources(work.tenant_id), session)
            # Whatever was compared before is compared anew: it may be about what is removed here.
            await self._protections.update_one({"_id": work.tenant_id}, {"$inc": {"revision": 1}}, session=session)
            removed = {name: count for name, count in (await step(session)).items() if count}
            if removed:
                counts = {"$inc": {f"counts.{name}": count for name, count in removed.items()}}
                await self._erasures.update_one({"_id": work.row["_id"]}, counts, session=session)
            return sum(removed.values())

        count = await self._leases.write(work.lease, counted)
        await work.rest(self._clock.monotonic() - began)
        return count

    async def note(self, work: ErasureUnderWay, update: Row) -> None:
        """Change the erasure's own row.

        Raises:
            LeaseLostError: somebody else erases now.
        """

        async def noted(session: Session) -> None:
            await self._erasures.update_one({"_id": work.row["_id"]}, update, session=session)

        await self._leases.write(work.lease, noted)

    def _resources(self, tenant_id: str) -> list[str]:
        return [ingest_resource(tenant_id), *self._ordered_with]
