"""A run in words, for a line of a terminal or of a log."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.ingestion_job import IngestionJob, JobStatus
from services.sources.budget import RateLimitState


@dataclass(slots=True)
class WatchedRun:
    """A run since it was first seen; one that goes on elsewhere's checkpoint did its earlier pages unseen."""

    job: IngestionJob
    since: datetime
    pages_before: int
    tickets_before: int
    heartbeat_before: datetime | None
    """What a worker that was there before us showed last; None: nobody had the run."""

    @classmethod
    def first_seen(cls, job: IngestionJob, now: datetime, began: datetime) -> "WatchedRun":
        """Begin to watch a run; `began`: what ran before has a worker that was there before us."""
        is_running = job.status is JobStatus.RUNNING and job.heartbeat_at is not None and job.heartbeat_at < began
        return cls(job, now, job.processed_pages, job.records_seen, job.heartbeat_at if is_running else None)

    @property
    def is_silent(self) -> bool:
        """Whether it had a worker when it was first seen, and that one has not shown any life since."""
        is_running = self.job.status is JobStatus.RUNNING and self.job.active is not None
        return is_running and self.heartbeat_before is not None and self.job.heartbeat_at == self.heartbeat_before

    def waits_until(self, now: datetime) -> datetime | None:
        """Until when its requests wait; None: they do not."""
        until = self.job.waiting_until
        return until if until is not None and until > now and not self.is_silent and self.job.active else None

    def describe(self, now: datetime, *, lease_seconds: float) -> str:
        """Say in one line where it is, and when it goes on if it stands still."""
        job = self.job
        if job.active is None:
            return ended(job)
        page = f"page {job.processed_pages:,} of {job.total_pages or '?'}"
        if job.status is JobStatus.QUEUED:
            return f"{page}, waits for a worker" if job.processed_pages else "waits for a worker"
        if self.is_silent and job.heartbeat_at is not None:
            free = job.heartbeat_at + timedelta(seconds=lease_seconds)
            when = f"in {left} s at most" if (left := _seconds(free - now)) else "at any moment"
            return f"{page}, interrupted, goes on {when}"
        parts = [page, f"{job.records_seen:,} tickets"]
        seconds = (now - self.since).total_seconds()
        pages, tickets = job.processed_pages - self.pages_before, job.records_seen - self.tickets_before
        if until := self.waits_until(now):
            parts.append(f"goes on in {_seconds(until - now)} s")
        elif tickets and seconds > 0:
            parts.append(f"{tickets / seconds:,.0f}/s")
            if pages and job.total_pages:
                left = round(seconds / pages * (job.total_pages - job.processed_pages))
                parts.append(f"{left // 60}:{left % 60:02} left")
        return ", ".join(parts)


def ended(job: IngestionJob) -> str:
    """One line on what a run that has ended did; what there is none of is not mentioned."""
    stored = {"new": job.new_ingested, "updated": job.updated, "unchanged": job.unchanged, "deleted": job.deleted}
    counts = [f"{count:,} {name}" for name, count in stored.items() if count]
    if not counts and job.status is JobStatus.COMPLETED:
        counts = ["no tickets"]
    amiss = (("skipped", job.skipped), ("error" if job.errors == 1 else "errors", job.errors))
    counts += [f"{count:,} {name}" for name, count in amiss if count]
    did = f"{', '.join(counts)} ({job.error})" if counts and job.error else ", ".join(counts) or job.error
    return f"{job.status.value}: {did}" if did else job.status.value


def explain(runs: Iterable[WatchedRun], budget: RateLimitState | None, now: datetime) -> Iterator[str]:
    """Why runs stand still, in a line for each cause."""
    runs = list(runs)
    if waits := [until for run in runs if (until := run.waits_until(now))]:
        at = f"{min(waits).astimezone():%H:%M:%S}"
        if budget is not None and budget.limit and not budget.remaining:
            window = f"{budget.limit} requests in {budget.window_seconds:.0f} s"
            yield f"Rate limit: {window} are used up; the runs go on at {at}."
        else:
            yield f"The external API is left alone for a while; it is asked again at {at}."
    if any(run.is_silent for run in runs):
        yield "An interrupted run goes on where it was as soon as its worker's lease has ended."


def _seconds(left: timedelta) -> int:
    return max(0, -int(-left.total_seconds() // 1))
