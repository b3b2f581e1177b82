"""The command `python -m gql_app import`: tickets in a file, stored as a run stores those of the external API."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TimeRemainingColumn

from documents.ingestion_job import JobStatus
from gql_app.commands.runtime import Dependencies
from gql_app.commands.screen.board import WIDEST_BAR
from gql_app.commands.screen.runs import ended
from gql_app.settings import Settings
from gql_app.wiring import open_services
from resolvers.context import Context
from resolvers.ingestion import store_batch
from services.access import EVERYONE
from services.ingestion.batches.files import FileFormat, find_format, read_records
from services.ingestion.batches.storing import BatchOutcome


async def import_file(
    settings: Settings,
    found: Dependencies,
    console: Console,
    *,
    path: Path,
    tenant_id: str,
    columns: Mapping[str, str],
    form: FileFormat | None,
) -> bool:
    """Store the file's tickets and say what became of them; false unless every record was stored.

    Raises:
        AlreadyRunningError: the tenant has an active run.
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidInputError: the file is none, or no tenant can have such a name.
    """
    async with open_services(settings, **found._asdict()) as services:
        context = Context(services, EVERYONE)
        with _shown(console, path) as file:
            records = read_records(file, form or find_format(file), columns)
            outcome = await store_batch(context, tenant_id, records)
    _report(console, outcome)
    return outcome.job.status is JobStatus.COMPLETED and not outcome.job.errors


@contextmanager
def _shown(console: Console, path: Path) -> Iterator[BinaryIO]:
    """The file, with a bar that tells how much of it was read."""
    bars = Progress(
        BarColumn(WIDEST_BAR),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bars, bars.open(path, "rb") as file:
        yield file


def _report(console: Console, outcome: BatchOutcome) -> None:
    job = outcome.job
    console.print(f"{job.tenant_id}: {ended(job)}", markup=False, highlight=False, soft_wrap=True)
    for each in outcome.rejected:
        console.print(f"line {each.line}: {each.reason}", markup=False, highlight=False, soft_wrap=True)
    if unnamed := job.errors - len(outcome.rejected):
        console.print(f"... and {unnamed:,} more: GET /ingest/quarantine?tenant_id={job.tenant_id}", highlight=False)
