"""The command `python -m gql_app import`: tickets in a file, stored as a run stores those of the external API."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TimeRemainingColumn

from documents.ingestion_job import JobStatus
from gql_app.commands.data.contexts import open_context
from gql_app.commands.data.output import print_json
from gql_app.commands.runtime import Means
from gql_app.commands.screen.board import WIDEST_BAR
from gql_app.commands.screen.runs import ended
from gql_app.rest.answers.batches import BatchAnswer
from gql_app.telemetry.telemetry import Telemetry
from gql_app.working import watched
from resolvers.ingestion import store_batch
from services.ingestion.batches.files import find_format, read_records, to_columns
from services.ingestion.batches.formats import FileFormat
from services.ingestion.batches.storing import BatchOutcome


async def import_file(
    means: Means, *, path: Path, tenant_id: str, column: Sequence[str], form: FileFormat | None, as_json: bool
) -> int:
    """Store the file's tickets and say what became of them; 1 unless every record was stored.

    Raises:
        AlreadyRunningError: the tenant has an active run.
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidInputError: the file is none, a column is given wrongly, or no tenant can have such a name.
    """
    columns = to_columns(column)
    telemetry = Telemetry(means.settings, "import")
    async with open_context(means, telemetry.listeners) as context, watched(context.services, telemetry):
        with _shown(Console(stderr=as_json), path) as file:
            records = read_records(file, form or find_format(file), columns)
            outcome = await store_batch(context, tenant_id, records)
    if as_json:
        print_json(BatchAnswer.of(outcome))
    else:
        _report(Console(), outcome)
    return int(outcome.job.status is not JobStatus.COMPLETED or bool(outcome.job.errors))


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
        console.print(f"... and {unnamed:,} more: python -m gql_app runs quarantine {job.tenant_id}", highlight=False)
