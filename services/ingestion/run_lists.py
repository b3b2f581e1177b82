"""Lists of runs along cursors, and reads for many runs at once."""

from collections.abc import Sequence
from typing import TypeVar

from beanie import Document

from documents.database import Database
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.quarantined_record import QuarantinedRecord
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, read_slice
from services.tenancy import Filter, owned

D = TypeVar("D", bound=Document)

MOMENTS: dict[type[Document], str] = {
    IngestionJob: "queued_at",
    IngestionLog: "started_at",
    QuarantinedRecord: "recorded_at",
}
"""What each list is ordered by."""


class RunLists:
    """Reads jobs, logs and quarantined records, never another tenant's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def slice(self, document: type[D], tenant_id: str, window: Window, *, job_id: str | None = None) -> Slice[D]:
        """A stretch of the tenant's rows along its cursors; of one run if `job_id` is given.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        rows = self._database.collection(document)
        found = await read_slice(rows, _of(tenant_id, job_id), MOMENTS[document], window)
        return found.map(document.model_validate)

    async def count(self, document: type[Document], tenant_id: str, *, job_id: str | None = None) -> int:
        """How many rows the tenant has, in one run if `job_id` is given.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        rows = self._database.collection(document)
        async with time_limited():
            return await rows.count_documents(_of(tenant_id, job_id), maxTimeMS=LIST_MILLISECONDS)

    async def by_id(self, document: type[D], tenant_id: str, ids: Sequence[str]) -> dict[str, D]:
        """Those of the tenant's rows with these ids that there are."""
        rows = self._database.collection(document)
        found = await rows.find(owned(tenant_id, _id={"$in": list(ids)})).to_list(None)
        return {row["_id"]: document.model_validate(row) for row in found}


def _of(tenant_id: str, job_id: str | None) -> Filter:
    return owned(tenant_id) if job_id is None else owned(tenant_id, job_id=job_id)
