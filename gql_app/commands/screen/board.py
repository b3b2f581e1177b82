"""Shows runs on a terminal as live bars, elsewhere (a log, a pipe) as a line now and then."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.commands.screen.runs import WatchedRun, explain
from services.ingestion.reading import percent
from services.sources.budget import RateLimitState

PLAIN_LINE_SECONDS = 5.0
NOTE_CHARACTERS = 52
"""What is said of a run beside its bar; in less room it takes two lines."""
WIDEST_BAR, NARROWEST_BAR = 28, 8
LINES_AROUND = 10
"""Of a terminal's height, what is needed for anything but the runs."""


class Board:
    """A context manager, inside of which `show` is called whenever there is news of a run, and `refresh` now and then.

    On a terminal runs that go on have a line each at the bottom, with what they wait for and further lines below;
    those that have ended stand above, like everything that is printed. No line is cut: what is too long is wrapped.
    """

    def __init__(self, console: Console, *, lease_seconds: float) -> None:
        self._console = console
        self._lease_seconds = lease_seconds
        self._began = datetime.now(UTC)
        self._runs: dict[str, WatchedRun] = {}
        self._plain: dict[str, tuple[JobStatus, float]] = {}
        self._live = Live(
            console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False, vertical_overflow="crop"
        )
        self._drawn = ""
        self.budget: RateLimitState | None = None
        """The outbound budget, by which a wait is explained."""
        self._footer: Sequence[str] = ()
        self._news: object = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self.refresh()
            self._live.stop()

    def show(self, job: IngestionJob) -> None:
        """Take the run as it is now."""
        now = datetime.now(UTC)
        run = self._runs.setdefault(job.id, WatchedRun.first_seen(job, now, self._began))
        run.job = job
        if job.active is None:
            del self._runs[job.id]
        if self._console.is_terminal:
            if job.active is None:
                self._live.update(self._body(now), refresh=True)  # printing draws again what stands below
                self._console.print(self._rows([run], now))
        else:
            self._print_plainly(run, now)

    @property
    def is_busy(self) -> bool:
        """Whether any run that it was shown goes on."""
        return bool(self._runs)

    def tell(self, lines: Sequence[str], news: object = None) -> None:
        """Replace the lines of the command's own, at the bottom; without a terminal only if `news` has changed."""
        if not self._console.is_terminal and news != self._news:
            for line in lines:
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._footer, self._news = lines, news

    def part(self, line: str) -> None:
        """Put a last line in the place of what waits for keys, and leave the rest as it is."""
        self.tell([*self._footer[:-1], line], line)

    def refresh(self) -> None:
        """Draw what has changed, on a terminal."""
        if not self._console.is_terminal:
            return
        body = self._body(datetime.now(UTC))
        with self._console.capture() as capture:
            self._console.print(body)
        if capture.get() != self._drawn:
            self._drawn = capture.get()
            self._live.update(body, refresh=True)

    def _body(self, now: datetime) -> RenderableType:
        runs = list(self._runs.values())
        shown = runs[: max(1, self._console.height - LINES_AROUND)]
        parts: list[RenderableType] = [self._rows(shown, now)] if shown else []
        if len(runs) > len(shown):
            parts.append(Text(f"and {len(runs) - len(shown)} more runs"))
        lines = [*explain(runs, self.budget, now), *self._footer]
        return Group(*parts, *(Text(line, overflow="fold") for line in lines))

    def _rows(self, runs: Iterable[WatchedRun], now: datetime) -> Table:
        """A line for each run; in the width that there is, names and notes are wrapped before the bar is dropped."""
        runs = list(runs)
        width = self._console.width
        names = min(max(cell_len(run.job.tenant_id) for run in runs), width // 3)
        bar = min(WIDEST_BAR, width - names - NOTE_CHARACTERS - len(" 100%  "))
        table = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column(overflow="fold", width=names)
        if bar >= NARROWEST_BAR:
            table.add_column(width=bar)
        table.add_column(justify="right", width=len("100%"))
        table.add_column(overflow="fold")
        for run in runs:
            done = percent(run.job)
            cells = [ProgressBar(total=100, completed=done, width=bar)] if bar >= NARROWEST_BAR else []
            note = run.describe(now, lease_seconds=self._lease_seconds)
            table.add_row(Text(run.job.tenant_id), *cells, Text(f"{done}%"), Text(note))
        return table

    def _print_plainly(self, run: WatchedRun, now: datetime) -> None:
        moment = time.monotonic()
        status, printed_at = self._plain.get(run.job.id, (None, 0.0))
        if run.job.status is status and moment - printed_at < PLAIN_LINE_SECONDS:
            return
        self._plain[run.job.id] = run.job.status, moment
        note = run.describe(now, lease_seconds=self._lease_seconds)
        self._console.print(f"{run.job.tenant_id}: {note}", markup=False, highlight=False, soft_wrap=True)
