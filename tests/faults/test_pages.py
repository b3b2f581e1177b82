"""The documentation's commands, run as a reader would: in a shell, in the order of the page, beside `make run`."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gql_app.local.supervisor import STATE
from tests.pages import Block, blocks
from tests.processes import HTTP, OUR_ENVIRONMENT, ROOT, Command, free_port
from tests.shells import prepared_python
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
SERVICE, STAND_IN, RECEIVER = "http://127.0.0.1:8000", "http://127.0.0.1:9000", "9999"
END = "=== the end of a block ==="
SETTINGS = {"ALLOW_PRIVATE_DESTINATIONS": "true", "MOCK_TICKET_COUNT": 200, "RATE_LIMIT_PER_MINUTE": 0}


def start_up(home: Path, **more: object) -> Command:
    """`make run`."""
    settings = {**SETTINGS, "MOCK_RATE_LIMIT_PER_MINUTE": 0, "DATA_DIR": ".data", "PORT": 0, **more}
    return Command(home, "-m", "gql_app", "up", terminal=True, **settings)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """`make run`, once everything is there."""
    with start_up(tmp_path_factory.mktemp("pages")) as command:
        command.wait_for("Serving until")
        yield command


def stand_in(home: Path) -> str:
    """Where the stand-in of the help desks listens, if there is one: its usual port may be taken."""
    state = home / ".data" / "mock" / STATE
    return f"http://127.0.0.1:{json.loads(state.read_text())['port']}" if state.exists() else STAND_IN


def run_blocks(home: Path, shown: list[Block], service: str) -> list[str]:
    """Run them in one shell, which ends with the first that fails; what each printed."""
    receiver = str(free_port())
    script = "set -e\n" + "".join(f"{block.code}\necho '{END}'\n" for block in shown if "make run" not in block.code)
    script = script.replace(SERVICE, service).replace(RECEIVER, receiver).replace(STAND_IN, stand_in(home))
    programs = home / ".venv" / "bin"
    programs.mkdir(parents=True, exist_ok=True)
    own = {"PATH": f"{programs}:{OUR_ENVIRONMENT['PATH']}", "PYTHONPATH": str(ROOT), "DATA_DIR": ".data", "PORT": "0"}
    environment = OUR_ENVIRONMENT | prepared_python(programs) | own
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=home,
        env=environment | {name: str(value) for name, value in SETTINGS.items()},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout.split(f"{END}\n")[:-1]


def check(block: Block, printed: str) -> None:
    """What a block printed is what the page says it prints."""
    if block.answer is None:
        return
    if block.answer.language == "json":
        assert_has_shape(json.loads(printed), json.loads(block.answer.code))
    else:
        for line in block.answer.code.splitlines():
            assert line in printed


def assert_has_shape(answer: Any, sample: Any) -> None:
    """The answer has what the sample has, with values of the same kinds."""
    assert type(answer) is type(sample)
    if isinstance(sample, dict):
        for name, value in sample.items():
            assert_has_shape(answer[name], value)
    if isinstance(sample, list) and answer:
        assert_has_shape(answer[0], sample[0])


def service_of(up: Command) -> str:
    return up.wait_for(r"(http://\S+)/graphql")[1]


@pytest.mark.parametrize(
    ("page", "chapter", "count"),
    [("tutorial.md", None, 13), ("operations.md", "Is it well?", 2), ("operations.md", "Upgrade", 1),
     ("scaling.md", None, 1), ("operations.md", "What is wrong?", 1), ("metrics.md", None, 1),
     ("connections.md", None, 2), ("runbooks.md", None, 1)],
)  # fmt: skip
def test_the_commands_of_a_page_do_what_it_says(up: Command, page: str, chapter: str | None, count: int) -> None:
    shown = [block for block in blocks(page, "sh", chapter=chapter) if "make run" not in block.code]
    assert len(shown) == count
    for block, printed in zip(shown, run_blocks(up.home, shown, service_of(up)), strict=True):
        check(block, printed)


def test_a_backup_of_the_embedded_database_can_be_restored(tmp_path: Path) -> None:
    dump, put_back, backup, restore = blocks("operations.md", "sh", chapter="Backup and restore")
    # What the stand-in has is of no account here.
    start = partial(start_up, tmp_path, EXTERNAL_API_URL="http://127.0.0.1:1")
    (tmp_path / "own.csv").write_text("id,created_at\nA-1,2026-02-05T09:00:00Z\n")
    with start() as command:
        service_of(command)
        own = Block("sh", ".venv/bin/python -m gql_app import own.csv --tenant acme", None)
        printed = run_blocks(tmp_path, [own, dump, put_back], SERVICE)
        assert printed[1].split(" collections")[0] == printed[2].split(" collections")[0]
        command.stop()
        assert command.exit_code() == 0
    run_blocks(tmp_path, [backup, restore], SERVICE)
    with start() as command:
        found = HTTP.get(f"{service_of(command)}/tickets", params={"tenant_id": "acme"})
    assert [ticket["external_id"] for ticket in found.json()["tickets"]] == ["A-1"]


def test_a_block_that_fails_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run_blocks(tmp_path, [Block("sh", "false\n", None), Block("sh", "true\n", None)], SERVICE)
    with pytest.raises(AssertionError):
        check(Block("sh", "", Block("json", '{"a": [1]}', None)), '{"a": ["text"]}')
