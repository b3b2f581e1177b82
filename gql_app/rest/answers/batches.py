"""What is answered to tickets that came as a file."""

from typing import Literal, Self

from documents.ingestion_job import RunCounts
from gql_app.rest.answers.base import Answer
from services.ingestion.batches.storing import BatchOutcome


class LineAnswer(Answer):
    """A record that could not be stored, by the line on which it begins."""

    line: int
    reason: str


class BatchAnswer(RunCounts):
    """What became of the file. Sent again, it changes nothing: all tickets are `unchanged`."""

    status: Literal["completed", "cancelled"]
    job_id: str
    tenant_id: str
    rejected: list[LineAnswer]
    """The first 100 of the `errors`; all of them are at `/ingest/quarantine`."""

    @classmethod
    def of(cls, outcome: BatchOutcome) -> Self:
        """The answer for an outcome."""
        job = outcome.job
        counts = {name: getattr(job, name) for name in RunCounts.model_fields}
        rejected = [LineAnswer(line=each.line, reason=each.reason) for each in outcome.rejected]
        return cls.model_validate(
            {"status": job.status.value, "job_id": job.id, "tenant_id": job.tenant_id, "rejected": rejected, **counts}
        )
