"""Keeping the rollups: rolling tickets up in the background, and taking back those that other programs change."""

from collections.abc import Sequence
from typing import Any

from documents.database import Collection, Database, Row, Session
from documents.rolled_up_ticket import RolledUpTicket
from services.coordination.change_streams import counted_edits
from services.coordination.keepers import Keeper, Kept
from services.coordination.leases import Leases
from services.kit.clock import Clock
from services.rollups.rows import COUNTING
from services.rollups.write import ROLL_UP_BATCH, Rollups

ROLLUPS_RESOURCE = "rollups"
"""The resource whose lease makes its holder the keeper."""
ROLLUP_COMMENT = "looking for tickets to roll up"
ROLL_UP_FROM = 2_000
"""Fewer tickets of a tenant are counted one by one without anybody's noticing: 1,000 take some 4 ms."""


def _foreign_changes() -> list[Row]:
    """Changes that ingestion and rolling up do not make; few others slip in, which costs a look."""
    copied = {"operationType": "insert", "fullDocument.rolled_up": True}
    return [
        {"$match": {"$or": [{"operationType": {"$in": ["replace", "delete"]}}, *counted_edits("rolled_up"), copied]}},
        {"$project": {"documentKey": 1}},
    ]


class RollupKeeper(Keeper):
    """Keeps the rollups. On a server without transactions there are none."""

    kept = Kept(
        resource=ROLLUPS_RESOURCE,
        name="rollup",
        bookmark="tickets",
        made_as=COUNTING,
        changes=_foreign_changes(),
        needs_transactions=True,
        comment=ROLLUP_COMMENT,
    )

    def __init__(
        self,
        database: Database,
        rollups: Rollups,
        leases: Leases,
        clock: Clock,
        *,
        roll_up_from: int = ROLL_UP_FROM,
        batch: int = ROLL_UP_BATCH,
    ) -> None:
        """`roll_up_from`: how many tickets of a tenant have to be counted one by one before they are rolled up.

        `batch`: how many tickets are rolled up or checked in one transaction.
        """
        super().__init__(database, leases, clock, batch=batch)
        self._rollups = rollups
        self._roll_up_from = roll_up_from
        self._receipts = database.collection(RolledUpTicket)

    async def _has_work(self, tenant_id: str) -> bool:
        backlog = await self._rollups.backlog(tenant_id, limit=self._roll_up_from, comment=ROLLUP_COMMENT)
        return backlog >= self._roll_up_from

    async def _work_on_next(self, tenant_id: str, session: Session) -> int:
        return await self._rollups.roll_up(tenant_id, at_most=self._batch, session=session)

    async def _mend(self, ticket_ids: Sequence[Any], session: Session) -> int:
        return await self._rollups.check(ticket_ids, session=session)

    def _made(self) -> list[tuple[Collection, Row]]:
        """Every receipt, and every ticket that is marked as if it had one."""
        return [(self._receipts, {}), (self._tickets, {"rolled_up": True})]
