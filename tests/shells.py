"""Shells in which the documentation's commands are run as they stand there, without an interpreter for each."""

import os
import sys
from pathlib import Path

from soak.prepared import ADDRESS
from tests.processes import ROOT, prepare

FORWARDED = f"""
import os, sys
if sys.argv[1] not in ("-m", "-c"):
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
sys.path.insert(0, {str(ROOT)!r})
from soak.prepared import started
code = started(sys.argv[1:], environment=os.environ, given=0, output=1, errors=2).wait()
sys.exit(code if code >= 0 else 128 - code)
"""
"""A program that has another one forked, and waits for its end as a shell does."""


def prepared_python(folder: Path) -> dict[str, str]:
    """Put a `python` into a folder that has its programs forked as well, for shells; what these have to know of it."""
    prepare()
    program = folder / "python"
    program.write_text(f"#!{sys.executable} -IS\n{FORWARDED}")
    program.chmod(0o755)
    return {ADDRESS: os.environ[ADDRESS]}
