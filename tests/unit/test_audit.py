"""`make audit`: what it makes of pip-audit's answers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CI = Path(__file__).parents[2] / ".ci"
GOOD = {"name": "good", "version": "1", "vulns": []}
BAD = {"name": "bad", "version": "2", "vulns": [{"id": "CVE-2026-1"}]}
SKIPPED = {"name": "skipped", "skip_reason": "Dependency not found"}


def audit(home: Path, answer: str) -> tuple[int, str]:
    """Run it beside a pip-audit that answers like this."""
    (home / ".ci").mkdir()
    for name in ("audit", "audit.lock"):
        shutil.copy(CI / name, home / ".ci" / name)
    tool = home / ".venv-audit" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    shutil.copy(CI / "audit.lock", tool.parents[1] / "installed")
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit 1\n")
    tool.chmod(0o755)
    done = subprocess.run([sys.executable, home / ".ci" / "audit"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([GOOD], 0, "1 dependencies without a known vulnerability, 0 with one."),
        ([GOOD, BAD], 1, "bad 2: CVE-2026-1"),
        ([GOOD, SKIPPED], 0, "not looked up: skipped"),
        ([SKIPPED], 0, "Not audited"),
    ],
)
def test_only_a_known_vulnerability_is_a_failure(
    tmp_path: Path, packages: list[dict[str, Any]], code: int, said: str
) -> None:
    verdict, printed = audit(tmp_path, json.dumps({"dependencies": packages}))
    assert (verdict, said in printed) == (code, True), printed


def test_without_an_answer_it_says_that_it_could_not_look(tmp_path: Path) -> None:
    verdict, printed = audit(tmp_path, "Traceback: ConnectionError")
    assert (verdict, printed.startswith("Not audited")) == (0, True)
