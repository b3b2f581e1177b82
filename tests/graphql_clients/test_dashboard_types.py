"""The dashboard's modules as TypeScript sees them; needs npm and what it fetches, and is skipped without."""

import subprocess
from pathlib import Path

import pytest

TSC = Path(__file__).parent / "node_modules" / ".bin" / "tsc"
CONFIG = Path(__file__).parents[2] / "web" / "dashboard" / "jsconfig.json"


def test_the_dashboards_modules_have_no_type_errors() -> None:
    if not TSC.exists():
        pytest.skip("TypeScript is not installed")
    done = subprocess.run([TSC, "--project", CONFIG], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)
