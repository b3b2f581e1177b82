"""The memory that a server takes to export a million tickets."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.report import Chapter, Finding
from benchmarks.stage import PROJECT, Stage, await_answer

LARGEST_GROWTH_MB = 50.0
METHOD = """`GET /tickets/export` of the whole tenant from a real server process, whose resident memory is looked at
after every mebibyte received; idle is after the server has exported 10,000 tickets in either format."""


async def measure(stage: Stage) -> Chapter:
    """Measure both formats."""
    return await asyncio.to_thread(_measure, stage)


def _measure(stage: Stage) -> Chapter:
    findings = []
    with _server(stage) as (url, pid):
        for form in ("ndjson", "csv"):
            _export(url, "t10k", form, pid)
        for form in ("ndjson", "csv"):
            idle = _resident_mb(pid)
            begin = time.perf_counter()
            lines, size, peak = _export(url, "t1m", form, pid)
            seconds = time.perf_counter() - begin
            findings.append(
                Finding(
                    f"{form.upper()}, {lines:,} lines",
                    f"{peak - idle:.1f} MB above the idle {idle:.0f} MB; {size / 2**20:,.0f} MB in {seconds:.0f} s",
                    "under 50 MB above idle",
                    peak - idle < LARGEST_GROWTH_MB,
                )
            )
    return Chapter("Export", METHOD, findings)


def _export(url: str, tenant: str, form: str, pid: int) -> tuple[int, int, float]:
    """Download; returns lines, bytes and the server's largest resident size in MB."""
    lines = size = 0
    peak = _resident_mb(pid)
    query = {"tenant_id": tenant, "format": form}
    with httpx.stream("GET", f"{url}/tickets/export", params=query, timeout=60) as response:
        response.raise_for_status()
        for chunk in response.iter_raw(2**20):
            lines += chunk.count(b"\n")
            size += len(chunk)
            peak = max(peak, _resident_mb(pid))
    return lines, size, peak


@contextmanager
def _server(stage: Stage) -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    settings = {
        "MONGO_URL": stage.mongo_url,
        "MONGO_DB": stage.database,
        "EXTERNAL_API_URL": "http://127.0.0.1:1",
        "RUN_WORKER": "false",
        "REQUESTS_PER_MINUTE": "0",
        "PORT": port,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "gql_app", "serve"],
        cwd=PROJECT,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            await_answer(f"http://127.0.0.1:{port}/health/live")
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()


def _resident_mb(pid: int) -> float:
    """The process's resident memory in MB."""
    statm = Path(f"/proc/{pid}/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(said.stdout) / 1024
