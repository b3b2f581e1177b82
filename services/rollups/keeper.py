"""Keeping the rollups: rolling tickets up in the background, and taking back those that other programs change.

When tickets are now counted as something else, all are rolled up anew, and what was written before is removed.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from documents.database import Collection, Database, Row, Session
from documents.ingestion_job import IngestionJob
from documents.rolled_up_ticket import RolledUpTicket
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_life import TicketLife
from documents.ticket_rollup import TicketRollup
from services.coordination.keepers import ONLY_IDS, Keeper, Kept
from services.coordination.leases import Lease, Leases
from services.kit.clock import Clock
from services.rollups.foreign import foreign_changes
from services.rollups.rows import COUNTING
from services.rollups.write import LIFE_IS_OVER, ROLL_UP_BATCH, ROLLED_UP, Rollups, is_name
from services.tenancy import owned

ROLLUPS_RESOURCE = "rollups"
"""The resource whose lease makes its holder the keeper."""
ROLLUP_COMMENT = "looking for tickets to roll up"
ROLL_UP_FROM = 1_000
"""Fewer tickets of a tenant are counted one by one without anybody's noticing: 1,000 take some 16 ms."""
ROLL_UP_IN_RUN_FROM = 5_000
"""The same while a run of the tenant is on its way at full speed, which is quicker without it: so many cost a dashboard
0.4 s of processor time, 1,000 cost it 0.16 s."""
FULL_SPEED = 400
"""Tickets a second. A run that is slower mostly waits for its source or for the limit, and leaves time for it."""
_STORED = ("new_ingested", "updated")
_PROGRESS = dict.fromkeys(("started_at", *_STORED), 1)


class RollupKeeper(Keeper):
    """Keeps the rollups. On a server without transactions there are none."""

    kept = Kept(
        resource=ROLLUPS_RESOURCE,
        name="rollup",
        bookmark="tickets",
        made_as=COUNTING,
        changes=foreign_changes(),
        needs_transactions=True,
        rest_share=2.0,
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
        self._history = database.collection(TicketHistory)
        self._jobs = database.collection(IngestionJob)
        self._receipts = database.collection(RolledUpTicket)
        self._lives = database.collection(TicketLife)
        self._rows = database.collection(TicketRollup)

    async def _has_work(self, tenant_id: str) -> bool:
        run = await self._jobs.find_one(owned(tenant_id, active=True), _PROGRESS, comment=ROLLUP_COMMENT)
        is_hurried = run is not None and self._pace(run) >= FULL_SPEED
        least = max(self._roll_up_from, ROLL_UP_IN_RUN_FROM) if is_hurried else self._roll_up_from
        return await self._rollups.backlog(tenant_id, limit=least, comment=ROLLUP_COMMENT) >= least

    def _pace(self, run: Row) -> float:
        """How many tickets a second it has stored since it began."""
        if run.get("started_at") is None:
            return 0.0
        seconds: float = (self._clock.now() - run["started_at"]).total_seconds()
        stored: int = sum(run.get(name, 0) for name in _STORED)
        return stored / max(seconds, 1.0)

    async def _work_on_next(self, tenant_id: str, session: Session) -> int:
        return await self._rollups.roll_up(tenant_id, at_most=self._batch, session=session)

    async def _mend(self, ticket_ids: Sequence[Any], session: Session) -> int:
        return await self._rollups.check(ticket_ids, session=session)

    async def _touched(self, changes: list[Row]) -> list[Any]:
        """The `_id`s of the tickets that the changes are about; a new row of the history can tell of a close."""
        ids = [change["documentKey"]["_id"] for change in changes if _is_of(Ticket.Settings.name, change)]
        of_history = [change["documentKey"]["_id"] for change in changes if _is_of(TicketHistory.Settings.name, change)]
        for start in range(0, len(of_history), self._batch):
            of_any_tenant: list[Row] = [
                {"$match": {"_id": {"$in": of_history[start : start + self._batch]}}},
                {"$project": {"tenant_id": 1, "ticket_id": 1}},
            ]
            rows = await self._history.aggregate(of_any_tenant).to_list(None)
            for tenant_id in {row["tenant_id"] for row in rows if is_name(row.get("tenant_id"))}:
                names = [row.get("ticket_id") for row in rows if row.get("tenant_id") == tenant_id]
                told = self._tickets.find(owned(tenant_id, external_id={"$in": names}), {"_id": 1})
                ids += [ticket["_id"] for ticket in await told.to_list(None)]
        return ids

    def _made(self) -> list[tuple[Collection, list[Row]]]:
        """Every receipt and every life of ours, and every ticket that is marked as if it had them."""
        of_ours: list[Row] = [{"$match": {"_id.counting": COUNTING}}, {"$project": {"_id": "$_id.ticket"}}]
        marked: list[Row] = [{"$match": {"rolled_up": {"$in": [ROLLED_UP, LIFE_IS_OVER]}}}, ONLY_IDS]
        return [(self._receipts, of_ours), (self._lives, of_ours), (self._tickets, marked)]

    async def _clean_up(self, lease: Lease) -> None:
        made = (self._rows, "counting"), (self._receipts, "_id.counting"), (self._lives, "_id.counting")
        for rows, counting in made:
            outdated: list[Row] = [{"$match": {counting: {"$ne": COUNTING}}}, ONLY_IDS]
            await self._in_batches(lease, rows, outdated, partial(self._remove, rows))

    async def _remove(self, rows: Collection, lease: Lease, row_ids: list[Any]) -> None:
        async def work(session: Session) -> None:
            await rows.delete_many({"_id": {"$in": row_ids}}, session=session)

        await self._leases.write(lease, work)


def _is_of(collection: str, change: Row) -> bool:
    return bool(change["ns"]["coll"] == collection)
