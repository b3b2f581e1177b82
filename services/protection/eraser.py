"""Carrying erasures out in the background, one after the other, in one process at a time.

Every step is a transaction that removes some rows and counts them. The stages that are done are kept with the erasure;
whoever goes on after a crash begins the stage at hand anew, and finds what is still there.
"""

from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import structlog
from pymongo import ASCENDING
from pymongo.errors import ConnectionFailure, PyMongoError

from documents.database import Database, Row
from documents.erasure import Erasure, ErasureScope, ErasureState
from services.coordination.leases import Lease, LeaseLostError, Leases
from services.kit.background import Background
from services.kit.clock import Clock
from services.kit.faults import outline
from services.protection.ages.aged import AgedErasures
from services.protection.ages.retentions import Retentions
from services.protection.customers import CustomerErasures
from services.protection.removal import Removal
from services.protection.steps import ErasureSteps, ErasureUnderWay
from services.protection.tenants import SETTLED_AFTER_SECONDS, TenantErasures
from services.rollups.write import Rollups

ERASURE_RESOURCE = "erasure"
"""The resource whose lease makes its holder the one who erases."""
ERASURE_COMMENT = "looking for erasures"
_LOOK_SECONDS = 2.0
_AGAIN_SECONDS = 0.5
"""Where something has to end first, such as a run."""
_STANDBY_SECONDS = 2.0
_LOOKED_AT = 100

log = structlog.get_logger("services.eraser")


class Eraser(Background):
    """Erases until it is shut down; one for each process that has a worker."""

    def __init__(
        self,
        database: Database,
        rollups: Rollups,
        leases: Leases,
        clock: Clock,
        *,
        retentions: Retentions | None = None,
        ordered_with: Sequence[str] = (),
        settled_after_seconds: float = SETTLED_AFTER_SECONDS,
    ) -> None:
        """`retentions`: what says when tickets are too old; None: nobody looks.

        `ordered_with`: the resources whose holders write elsewhere what they have read of tickets.
        """
        super().__init__(log)
        self._leases = leases
        self._clock = clock
        self._steps = ErasureSteps(database, leases, clock, ordered_with)
        removal = Removal(database, rollups)
        self._stages: dict[str, Sequence[Callable[[ErasureUnderWay], Awaitable[bool]]]] = {
            ErasureScope.CUSTOMER.value: CustomerErasures(database, rollups, removal, self._steps, clock).stages,
            ErasureScope.TENANT.value: TenantErasures(
                database, leases, removal, self._steps, clock, settled_after_seconds=settled_after_seconds
            ).stages,
            ErasureScope.AGE.value: AgedErasures(database, removal, self._steps, clock).stages,
        }
        self._retentions = retentions
        self._rows = database.collection(Erasure)

    async def _round(self) -> None:
        """Work until shut down, or see whether whoever does has ended."""
        try:
            async with self._leases.held(await self._leases.acquire(ERASURE_RESOURCE, uuid4().hex)) as lease:
                while lease is not None and not self._must_end(lease):
                    is_waiting = await self._look(lease)
                    await self.rest(_AGAIN_SECONDS if is_waiting else _LOOK_SECONDS)
        except (PyMongoError, LeaseLostError) as error:
            log.warning("erasure_interrupted", error=str(error)[:200])
        await self.rest(_STANDBY_SECONDS)

    def _must_end(self, lease: Lease) -> bool:
        return self.is_shut_down or lease.is_lost

    async def _look(self, lease: Lease) -> bool:
        """Carry out what there is to carry out; returns whether something is left that has to wait."""
        for tenant_id, retention in [] if self._retentions is None else await self._retentions.due():
            if self._retentions is not None and await self._retentions.apply(tenant_id, retention):
                log.info("retention_applied", tenant_id=tenant_id, days=retention.days)
        due = self._rows.find({"state": {"$ne": ErasureState.DONE.value}}, comment=ERASURE_COMMENT)
        rows = await due.sort("requested_at", ASCENDING).limit(_LOOKED_AT).to_list(None)
        done = [await self._try(lease, row) for row in rows if not self._must_end(lease)]
        return not all(done)

    async def _try(self, lease: Lease, row: Row) -> bool:
        """The same of one; what cannot be carried out keeps no other one waiting."""
        try:
            return await self._carry_out(lease, row)
        except (ConnectionFailure, LeaseLostError):
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, it comes again for this one only)
            # Its kind and its place: the text of the database's errors may quote a customer's id.
            log.error("erasure_crashed", erasure_id=row["_id"], error=outline(error))  # noqa: TRY400
            return False

    async def _carry_out(self, lease: Lease, row: Row) -> bool:
        """Go on with an erasure; returns whether it is done."""
        work = ErasureUnderWay(row, lease, lambda: self._must_end(lease), self.pause)
        await self._steps.prepare(work.tenant_id)
        if row["state"] == ErasureState.PENDING.value:
            begun = {"state": ErasureState.RUNNING.value, "started_at": self._clock.now()}
            await self._steps.note(work, {"$set": begun})
            log.info("erasure_begun", erasure_id=row["_id"], tenant_id=work.tenant_id, scope=row["scope"])
        stages = self._stages[row["scope"]]
        for number in range(row.get("stage", 0), len(stages)):
            if not await stages[number](work):
                return False
            await self._steps.note(work, {"$set": {"stage": number + 1}})
        # The customer goes with the last write, and the certificate stays.
        done = {"state": ErasureState.DONE.value, "finished_at": self._clock.now()}
        await self._steps.note(work, {"$set": done, "$unset": {"customer_id": ""}})
        log.info("erasure_done", erasure_id=row["_id"], tenant_id=work.tenant_id)
        return True
