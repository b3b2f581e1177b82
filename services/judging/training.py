"""Learning from corrections in the background, one process at a time, some seconds after the last of them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import structlog
from pymongo.errors import ConnectionFailure, PyMongoError

from documents.correction import Correction
from documents.database import Database, Row, Session
from documents.tenant_classifier import LabelLearning, Learning, TenantClassifier
from services.classification.learned import Learned, to_row
from services.classification.learning import Trial, learn
from services.coordination.leases import Lease, LeaseLostError, Leases
from services.judging.judges import Judges
from services.judging.learning_set import LearningSet, LearningSets
from services.kit.background import Background
from services.kit.clock import Clock
from services.kit.faults import outline
from services.tenancy import owned

LEARNING_RESOURCE = "learning"
"""The resource whose lease makes its holder the one who learns."""
LEARNING_COMMENT = "looking for corrections to learn from"
QUIET_SECONDS = 10.0
"""Somebody who corrects one ticket mostly corrects others."""
LEARN_ANEW_AFTER = timedelta(days=1)
"""Even without a new correction: tickets may be gone, and their words are to go, too; the rules may be others."""
_LOOK_SECONDS = 2.0


class Trainer(Background):
    """Learns from the corrections of every tenant."""

    def __init__(
        self, database: Database, leases: Leases, clock: Clock, *, quiet_seconds: float = QUIET_SECONDS
    ) -> None:
        """`quiet_seconds`: how long after a tenant's last correction it is learned from."""
        super().__init__(structlog.get_logger("services.trainer"))
        self._leases = leases
        self._clock = clock
        self._settled = timedelta(seconds=quiet_seconds)
        self._judges = Judges(database)
        self._sets = LearningSets(database)
        self._classifiers = database.collection(TenantClassifier)
        self._corrections = database.collection(Correction)

    async def _round(self) -> None:
        try:
            lease = await self._leases.acquire(LEARNING_RESOURCE, uuid4().hex)
            async with self._leases.held(lease) as held:
                while held is not None and not (self.is_shut_down or held.is_lost):
                    for row in await self._due():
                        if not self.is_shut_down:
                            await self._try(held, row)
                    await self.rest(_LOOK_SECONDS)
        except (PyMongoError, LeaseLostError) as error:
            self._log.warning("learning_interrupted", error=str(error)[:200])
        await self.rest(_LOOK_SECONDS)

    async def _try(self, lease: Lease, row: Row) -> None:
        """Learn from one tenant's corrections; what cannot be learned from keeps no other tenant waiting."""
        try:
            await self._learn(lease, row["_id"], row)
        except (ConnectionFailure, LeaseLostError):
            raise
        except Exception as error:  # noqa: BLE001  (it is logged)
            # Its kind and its place: its text may quote what a customer wrote.
            self._log.warning("learning_failed", tenant_id=row["_id"], error=outline(error))

    async def _due(self) -> list[Row]:
        """The tenants whose corrections are to be learned from."""
        now = self._clock.now()
        is_new = {
            "$expr": {"$ne": ["$corrected", "$learning.corrected"]},
            "corrected_at": {"$lte": now - self._settled},
        }
        is_old = {"learning.trained_at": {"$lte": now - LEARN_ANEW_AFTER}}
        among = {"corrected": {"$gt": 0}, "$or": [is_new, is_old]}
        return await self._classifiers.find(among, {"corrected": 1, "erased": 1}, comment=LEARNING_COMMENT).to_list(
            None
        )

    async def _learn(self, lease: Lease, tenant_id: str, row: Row) -> None:
        """Learn anew. `row`: the tenant's classifier, as it was before anything was read."""
        found = await self._sets.of(tenant_id, await self._judges.of(tenant_id))
        learned, trials, changed = await asyncio.to_thread(_learned_from, found)
        learning = self._report(found, trials, row["corrected"], changed)

        async def work(session: Session) -> None:
            await self._corrections.delete_many(owned(tenant_id, _id={"$in": found.gone}), session=session)
            await self._store(tenant_id, learning, learned, row.get("erased"), session)

        await self._leases.write(lease, work)
        on = [trial.label for trial in trials if trial.is_on]
        self._log.info("learned", tenant_id=tenant_id, corrections=len(found.lessons), on=on)

    def _report(self, found: LearningSet, trials: list[Trial], corrected: int, changed: int) -> Learning:
        return Learning(
            corrected=corrected,
            trained_at=self._clock.now(),
            corrections=len(found.lessons),
            unreadable=found.unreadable,
            uncorrected=len(found.uncorrected),
            uncorrected_changed=changed,
            labels=[
                LabelLearning(
                    label=trial.label,
                    tried=trial.tried,
                    rules_right=trial.rules_right,
                    learned_right=trial.learned_right,
                    is_on=trial.is_on,
                )
                for trial in trials
            ],
        )

    async def _store(
        self, tenant_id: str, learning: Learning, learned: Learned, erased: int | None, session: Session
    ) -> None:
        """The tenant's revision grows only with what decides. Nothing is stored if somebody was erased meanwhile, whose
        words may be in it: it is learned anew without them."""
        row = await self._classifiers.find_one({"_id": tenant_id}, {"layers": 1, "erased": 1}, session=session)
        if row is None or row.get("erased") != erased:
            return
        layers = to_row(learned)
        update: dict[str, Any] = {"$set": {"learning": learning.model_dump()}}
        if (row.get("layers") or {}) != layers:
            update["$set"] |= {"layers": layers, "changed_at": learning.trained_at}
            update["$inc"] = {"revision": 1}
        await self._classifiers.update_one({"_id": tenant_id}, update, session=session)


def _learned_from(found: LearningSet) -> tuple[Learned, list[Trial], int]:
    """What the corrections teach, how that did, and how many of the other tickets it decides otherwise."""
    learned, trials = learn(found.lessons, found.uncorrected)
    return learned, trials, sum(learned.over(each) is not each for each in found.uncorrected)
