"""The commands of docs/command-line.md, as a reader would paste them: block after block, on one database."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from gql_app.commands.cli import app
from tests.processes import OUR_ENVIRONMENT, ROOT, serving_mock
from tests.shells import prepared_python
from tests.waiting import PATIENCE_SECONDS

TEXT = (ROOT / "docs/command-line.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_every_block_of_commands_does_what_it_says(tmp_path: Path, mongo_url: str) -> None:
    name = f"test_{uuid4().hex[:12]}"
    with serving_mock(tmp_path, MOCK_TICKET_COUNT=200) as mock:
        settings = {"MONGO_URL": mongo_url, "MONGO_DB": name, "EXTERNAL_API_URL": mock, "DATA_DIR": str(tmp_path)}
        programs = tmp_path / "bin"
        programs.mkdir()
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        settings |= prepared_python(programs) | {"PATH": path, "PYTHONPATH": str(ROOT)}
        environment = {**OUR_ENVIRONMENT, **settings}
        for block in BLOCKS:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=len(block.splitlines()) * PATIENCE_SECONDS,
            )
            assert ran.returncode == 0, (block, ran.stdout, ran.stderr)
            assert ran.stdout
    assert (tmp_path / "tickets.csv").stat().st_size > 1000


def test_every_command_is_in_the_list() -> None:
    table = TEXT.partition("\n## ")[0]
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    for name, command in group.commands.items():
        row = next((line for line in table.splitlines() if line.startswith("|") and f"`{name}" in line), "")
        assert row, name
        assert [each for each in getattr(command, "commands", {}) if not re.search(rf"\b{each}`", row)] == []
