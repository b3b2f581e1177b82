"""Runs of ingestion: `python -m gql_app runs list`, `show`, `logs`, `quarantine` and `cancel`."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

from beanie import Document

from documents.ingestion_job import IngestionJob, RunCounts
from documents.ingestion_log import IngestionLog
from documents.quarantined_record import QuarantinedRecord
from gql_app.commands.data.contexts import asking, tell_if_unknown
from gql_app.commands.data.output import print_fields, print_list
from gql_app.commands.runtime import Means
from gql_app.rest.answers.ingestion import CancelAnswer, LogEntry, ProgressAnswer, QuarantineEntry
from resolvers import ingestion as resolvers
from services.lists.numbered import Page

D = TypeVar("D", bound=Document)


async def show_runs(means: Means, *, tenant_id: str, limit: int, page: int, as_json: bool) -> int:
    """Print a stretch of the tenant's runs."""
    found = await _page(means, IngestionJob, tenant_id, limit, page)
    columns: dict[str, Callable[[ProgressAnswer], Any]] = {
        "job_id": attrgetter("job_id"),
        "status": lambda run: run.status.value,
        "started_at": attrgetter("started_at"),
        "what it did": _deeds,
    }
    answers = [ProgressAnswer.of(job) for job in found.items]
    print_list(answers, columns, as_json=as_json, nothing="There was no run yet.")
    return 0


async def show_run(means: Means, *, job_id: str, as_json: bool) -> int:
    """Print one run.

    Raises:
        JobNotFoundError: there is none with this id.
    """
    async with asking(means) as context:
        job = await resolvers.get_job(context, job_id)
    print_fields(ProgressAnswer.of(job), as_json=as_json)
    return 0


async def show_logs(means: Means, *, tenant_id: str, limit: int, page: int, as_json: bool) -> int:
    """Print a stretch of the tenant's ended runs."""
    found = await _page(means, IngestionLog, tenant_id, limit, page)
    columns: dict[str, Callable[[LogEntry], Any]] = {
        "job_id": attrgetter("job_id"),
        "status": lambda entry: entry.status and entry.status.value,
        "ended_at": attrgetter("ended_at"),
        "seconds": lambda entry: entry.duration_ms and round(entry.duration_ms / 1000),
        "what it did": _deeds,
    }
    answers = [LogEntry.model_validate(log) for log in found.items]
    print_list(answers, columns, as_json=as_json, nothing="No run has ended yet.")
    return 0


async def show_quarantine(means: Means, *, tenant_id: str, limit: int, page: int, as_json: bool) -> int:
    """Print a stretch of the tenant's records that could not be stored."""
    found = await _page(means, QuarantinedRecord, tenant_id, limit, page)
    columns: dict[str, Callable[[QuarantineEntry], Any]] = {
        "external_id": attrgetter("external_id"),
        "state": lambda entry: entry.state.value,
        "recorded_at": attrgetter("recorded_at"),
        "times": lambda entry: entry.times_seen,
        "reason": attrgetter("reason"),
    }
    answers = [QuarantineEntry.model_validate(record) for record in found.items]
    print_list(answers, columns, as_json=as_json, nothing="Every record could be stored.")
    return 0


async def cancel_run(means: Means, *, job_id: str, as_json: bool) -> int:
    """Stop a run, and wait up to 2 s for its end.

    Raises:
        JobNotFoundError: there is none with this id.
        JobFinishedError: it has ended already.
    """
    async with asking(means) as context:
        job = await resolvers.cancel_ingestion(context, job_id)
    print_fields(CancelAnswer.of(job), as_json=as_json)
    return 0


async def _page(means: Means, document: type[D], tenant_id: str, limit: int, page: int) -> Page[D]:
    async with asking(means) as context:
        found = await resolvers.list_runs(context, document, tenant_id, page=page, page_size=limit)
        await tell_if_unknown(context, tenant_id)
    return found


def _deeds(run: ProgressAnswer | LogEntry) -> str:
    """The counts that are not zero, and what went wrong."""
    counts = {name: getattr(run, name) for name in RunCounts.model_fields}
    parts = [f"{count:,} {name.removesuffix('_ingested')}" for name, count in counts.items() if count]
    return ", ".join(parts) + (f" ({run.error})" if run.error else "")
