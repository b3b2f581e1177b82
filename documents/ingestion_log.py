"""The audit trail of ingestion: one row a run, whatever its end."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.described import DescribedEnum
from documents.ingestion_job import RunCounts


class RunOutcome(DescribedEnum):
    """How a run ended."""

    SUCCESS = "SUCCESS", "Everything upstream has is stored."
    PARTIAL_SUCCESS = "PARTIAL_SUCCESS", "It reached its end, but records were quarantined or the walk was irregular."
    FAILED = "FAILED", "It was given up."
    CANCELLED = "CANCELLED", "It was stopped on request."


SUCCESSES = (RunOutcome.SUCCESS, RunOutcome.PARTIAL_SUCCESS)
"""The runs that came to their end."""


class IngestionLog(Document, RunCounts):
    """One ended run; its id is the job's, so that a run cannot be logged twice.

    Rows of other programs may lack any field but the tenant.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    job_id: str | None = None
    tenant_id: str
    status: RunOutcome | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    pages: int = 0
    retries: int = 0
    error: str | None = None

    class Settings:
        """Collection and indexes."""

        name = "ingestion_logs"
        indexes = [
            IndexModel(
                [("tenant_id", ASCENDING), ("started_at", DESCENDING), ("_id", DESCENDING)],
                name="tenant_started",
            ),
            # Each tenant's last success, however often its runs have failed since.
            IndexModel(
                [("tenant_id", ASCENDING), ("started_at", DESCENDING), ("_id", DESCENDING)],
                name="tenant_succeeded",
                partialFilterExpression={"status": {"$in": [each.value for each in SUCCESSES]}},
            ),
        ]
