"""Shows runs on a terminal as live bars, elsewhere (a log, a pipe) as a line now and then."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn

from documents.ingestion_job import IngestionJob, JobStatus

PLAIN_LINE_SECONDS = 5.0
BAR_CHARACTERS = 24


@dataclass(slots=True)
class _Watched:
    """One run since it was first seen; a run that goes on elsewhere's checkpoint did its earlier pages unseen."""

    task: TaskID
    since: float
    pages_before: int
    tickets_before: int
    plain_line_at: float = 0.0
    status: JobStatus | None = None


class RunProgress:
    """A context manager, inside of which `show` is called whenever there is news of a run."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._watched: dict[str, _Watched] = {}
        self._bars = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            BarColumn(BAR_CHARACTERS),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, job: IngestionJob) -> None:
        """Show the run as it is now."""
        now = time.monotonic()
        watched = self._watched.get(job.id)
        if watched is None:
            task = self._bars.add_task(job.tenant_id, total=None, note="")
            watched = _Watched(task, now, job.processed_pages, job.records_seen)
            self._watched[job.id] = watched
        note = describe(
            job,
            seconds=now - watched.since,
            pages=job.processed_pages - watched.pages_before,
            tickets=job.records_seen - watched.tickets_before,
        )
        total = max(job.processed_pages, 1) if job.active is None else job.total_pages
        self._bars.update(watched.task, completed=job.processed_pages, total=total, note=note)
        news = job.status != watched.status
        if not self._console.is_terminal and (news or now - watched.plain_line_at >= PLAIN_LINE_SECONDS):
            self._console.print(f"{job.tenant_id}: {note}", markup=False, highlight=False, soft_wrap=True)
            watched.plain_line_at = now
        watched.status = job.status


def describe(job: IngestionJob, *, seconds: float, pages: int, tickets: int) -> str:
    """One line on a run that did so many pages and tickets in the last `seconds`."""
    if job.active is None:
        return ended(job)
    if job.status is JobStatus.QUEUED:
        return "waits for a worker"
    parts = [f"page {job.processed_pages:,} of {job.total_pages or '?'}", f"{job.records_seen:,} tickets"]
    if tickets and seconds > 0:
        parts.append(f"{tickets / seconds:,.0f}/s")
    if job.waiting_until is not None and job.waiting_until > datetime.now(UTC):
        parts.append(f"waiting for the rate limit until {job.waiting_until.astimezone():%H:%M:%S}")
    elif pages and job.total_pages:
        left = round(seconds / pages * (job.total_pages - job.processed_pages))
        parts.append(f"{left // 60}:{left % 60:02} left")
    return ", ".join(parts)


def ended(job: IngestionJob) -> str:
    """One line on what a run that has ended did."""
    counts = f"{job.new_ingested:,} new, {job.updated:,} updated, {job.unchanged:,} unchanged, {job.deleted:,} deleted"
    odd = "".join(f", {count:,} {name}" for name, count in (("skipped", job.skipped), ("errors", job.errors)) if count)
    return f"{job.status.value}: {counts}{odd}" + (f" ({job.error})" if job.error else "")
