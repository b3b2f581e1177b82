"""The judges of the tenants."""

from documents.database import Database, Row, Session
from documents.tenant_classifier import TenantClassifier
from services.classification.judging import RULES_ALONE, Judge
from services.classification.learned import from_row

MAX_JUDGES = 256
"""So many are kept ready."""


class Judges:
    """Makes the judge of each tenant, and keeps it until something of the tenant's own has changed."""

    def __init__(self, database: Database) -> None:
        self._classifiers = database.collection(TenantClassifier)
        self._ready: dict[str, Judge] = {}

    async def of(self, tenant_id: str, *, session: Session = None) -> Judge:
        """The judge of the tenant's tickets, as of now.

        `session`: that of the transaction in which the tickets are written.
        """
        row = await self._classifiers.find_one({"_id": tenant_id}, {"revision": 1}, session=session)
        if row is None:
            return RULES_ALONE
        judge = self._ready.get(tenant_id)
        if judge is None or judge.revision != row["revision"]:
            # All of it may be large, and is only read when it is another one.
            row = await self._classifiers.find_one({"_id": tenant_id}, session=session)
            if row is None:
                return RULES_ALONE
            judge = _judge(row)
            if len(self._ready) >= MAX_JUDGES:
                self._ready.clear()
            self._ready[tenant_id] = judge
        return judge


def _judge(row: Row) -> Judge:
    return Judge(revision=row["revision"], learned=from_row(row.get("layers") or {}))
