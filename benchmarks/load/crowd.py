"""A crowd of dashboards (`load/dashboards.py`) as a process of its own, and what it found."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PYTHON = PROJECT / ".venv-load" / "bin" / "python"
SLACK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Latencies:
    """Requests of one kind; times in milliseconds."""

    requests: int
    failures: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a crowd of dashboards met."""

    all: Latencies
    by_kind: dict[str, Latencies]
    errors: list[str]


class NoGeneratorError(Exception):
    """Locust is not installed: `make load` does it."""


def look(url: str, *, dashboards: int, seconds: float) -> Crowd:
    """Have dashboards look at the service at `url`, and tell what they met once all had arrived.

    Raises:
        NoGeneratorError: there is nothing that could play them.
    """
    if not PYTHON.exists():
        raise NoGeneratorError("Locust is not installed into .venv-load; `make load` does it")
    command = [str(PYTHON), str(PROJECT / "load" / "dashboards.py"), url]
    arguments = ["--dashboards", str(dashboards), "--seconds", str(seconds)]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=seconds + SLACK_SECONDS, check=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return Crowd(
        Latencies(**told["all"]), {name: Latencies(**each) for name, each in told["by_kind"].items()}, told["errors"]
    )
