import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.commands.screen.board import Board
from tests.screens import Screen
from tests.unit.gql_app.commands.screen import test_runs


def make_job(**changes: Any) -> IngestionJob:
    """A job whose worker shows life."""
    return test_runs.make_job(**{"heartbeat_at": datetime.now(UTC) + timedelta(hours=1), **changes})


def board_on(output: io.StringIO, **console: Any) -> Board:
    return Board(Console(file=output, **{"force_terminal": True, "height": 24, **console}), lease_seconds=60)


def drawn(width: int, *jobs: IngestionJob, footer: tuple[str, ...] = ()) -> Screen:
    """What a terminal of this width shows of these runs."""
    output = io.StringIO()
    with board_on(output, width=width) as board:
        for job in jobs:
            board.show(job)
        board.tell(footer)
    return Screen(output.getvalue().replace("\n", "\r\n"))


def test_without_a_terminal_a_line_is_printed_for_each_change_of_status_only() -> None:
    output = io.StringIO()
    with board_on(output, force_terminal=False) as board:
        for job in (
            make_job(status=JobStatus.QUEUED),
            make_job(processed_pages=13),
            make_job(processed_pages=14),
            make_job(status=JobStatus.COMPLETED, active=None),
        ):
            board.show(job)
            board.refresh()
    assert [re.sub(r"[,:].*", "", line) for line in output.getvalue().splitlines()] == ["tenant_a"] * 3


def test_without_a_terminal_lines_of_the_commands_own_are_printed_when_there_is_news() -> None:
    output = io.StringIO()
    with board_on(output, force_terminal=False) as board:
        board.tell(["1 delivered"], "some wait")
        board.tell(["2 delivered"], "some wait")
        board.tell(["3 delivered"], "none waits")
    assert output.getvalue().splitlines() == ["1 delivered", "3 delivered"]


def test_markup_in_a_tenants_name_is_shown_as_it_is() -> None:
    assert "[red]tenant" in drawn(120, make_job(tenant_id="[red]tenant")).text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", ["tenant_d", "a-tenant-with-quite-a-long-name", "x" * 200, "名" * 30])
def test_whatever_the_width_no_line_is_longer_and_nothing_is_cut(width: int, name: str) -> None:
    error = "the external API answered with status 404 to page 3, which another attempt cannot mend"
    job = make_job(tenant_id=name)
    ended = make_job(id="other", tenant_id=name, active=None, status=JobStatus.FAILED, error=error)
    screen = drawn(width, job, ended, footer=("a line of the command's own " * 5,))
    column = min(width // 3, cell_len(name))
    names = [set_cell_size(line, column) for line in screen.text.splitlines()]
    notes = [line[len(name) :] for line, name in zip(screen.text.splitlines(), names, strict=True)]
    assert screen.longest <= width
    assert "…" not in screen.text
    assert "".join(each.strip() for each in names).count(name) == 2
    for part in ("1,200tickets", "30%", "failed:theexternalAPIansweredwithstatus404", "anotherattemptcannotmend"):
        assert part in re.sub(r"[\s━╸╺]+", "", "".join(notes))
    assert re.sub(r"\s+", " ", screen.text).count("command's own") == 5


def test_at_80_columns_a_run_has_one_line_with_a_bar() -> None:
    lines = drawn(80, make_job(), make_job(id="other", tenant_id="tenant_b")).text.splitlines()
    assert [
        bool(re.fullmatch(r"tenant_[ab] ━*[╸╺]?━* +30% page 12 of 40, 1,200 tickets", line)) for line in lines[:2]
    ] == [
        True,
        True,
    ]


def test_runs_that_have_ended_stand_above_those_that_go_on() -> None:
    first, second = make_job(), make_job(id="other", tenant_id="tenant_b")
    output = io.StringIO()
    with board_on(output, width=80) as board:
        for job in (first, second):
            board.show(job)
        board.refresh()
        board.show(make_job(id="other", tenant_id="tenant_b", active=None, status=JobStatus.COMPLETED, new_ingested=7))
        printed = output.getvalue()
    lines = Screen(printed).text.splitlines()
    assert [line[:8] for line in lines if line] == ["tenant_b", "tenant_a"]


def test_more_runs_than_there_is_room_for_are_counted() -> None:
    screen = drawn(80, *(make_job(id=f"job{number}", tenant_id=f"tenant{number}") for number in range(50)))
    assert "and 36 more runs" in screen.text
    assert len(screen.lines) <= 24


def test_the_cursor_is_there_again_at_the_end() -> None:
    assert drawn(80, make_job()).shows_cursor
