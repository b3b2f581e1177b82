"""What was learned from tenants' corrections, for those who want to know."""

import asyncio
from dataclasses import dataclass

from documents.correction import Correction
from documents.database import Database
from documents.tenant_classifier import Learning, TenantClassifier
from services.tenancy import owned


@dataclass(frozen=True, slots=True)
class LearningState:
    """How learning from a tenant's corrections stands."""

    tenant_id: str
    corrections: int
    """That are kept to be learned from."""
    is_up_to_date: bool
    """Whether all of them were looked at."""
    last: Learning | None
    """What came of the last time; None where there was none."""


class Learnings:
    """Tells what was learned of a tenant's corrections."""

    def __init__(self, database: Database) -> None:
        self._classifiers = database.collection(TenantClassifier)
        self._corrections = database.collection(Correction)

    async def of(self, tenant_id: str) -> LearningState:
        """How learning stands."""
        kept, row = await asyncio.gather(
            self._corrections.count_documents(owned(tenant_id)),
            self._classifiers.find_one({"_id": tenant_id}, {"learning": 1, "corrected": 1}),
        )
        stored = (row or {}).get("learning")
        learning = None if stored is None else Learning.model_validate(stored)
        corrected = (row or {}).get("corrected", 0)
        return LearningState(tenant_id, kept, corrected == (learning.corrected if learning else 0), learning)
