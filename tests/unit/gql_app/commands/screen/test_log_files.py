import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from gql_app.commands.screen.logs import BoundedLog, logs_beside
from tests.fakes import make_settings

pytestmark = pytest.mark.usefixtures("logging_as_before")


def test_what_an_earlier_process_wrote_stays(tmp_path: Path) -> None:
    for text in ("the crash\n", "the next start\n"):
        with BoundedLog(tmp_path / "up.log") as log:
            log.write(text)
    assert (tmp_path / "up.log").read_text() == "the crash\nthe next start\n"


def test_its_size_is_bounded_and_the_newest_lines_are_kept(tmp_path: Path) -> None:
    with BoundedLog(tmp_path / "up.log", max_bytes=100) as log:
        for number in range(1000):
            log.write(f"line {number:04}\n")
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["up.log", "up.log.1"]
    assert all(file.stat().st_size <= 110 for file in files)
    assert files[0].read_text().endswith("line 0999\n")


def test_another_process_that_renamed_the_file_is_no_fault(tmp_path: Path) -> None:
    with BoundedLog(tmp_path / "up.log", max_bytes=5) as log:
        log.write("too long\n")
        (tmp_path / "up.log").rename(tmp_path / "up.log.1")
        log.write("next\n")
    assert (tmp_path / "up.log").read_text() == "next\n"


def test_text_that_is_no_unicode_is_written_as_escapes(tmp_path: Path) -> None:
    with BoundedLog(tmp_path / "up.log") as log:
        log.write("\ud800")
    assert (tmp_path / "up.log").read_text() == "\\ud800"


def test_on_a_terminal_standard_error_goes_to_the_file_which_is_named(tmp_path: Path) -> None:
    output = io.StringIO()
    with logs_beside(Console(file=output, force_terminal=True), make_settings(data_dir=tmp_path), "up"):
        print("a warning", file=sys.stderr)  # noqa: T201
    written = (tmp_path / "up.log").read_text()
    assert "a warning" in written
    assert "command_started" in written
    assert str(tmp_path / "up.log") in output.getvalue().replace("\n", "")
