"""What a benchmark found, and how it is told."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPORT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    what: str
    measured: str
    target: str = ""
    """Empty: there is none, the figure is for comparison."""
    reached: bool | None = None

    def verdict(self) -> str:
        """Whether the target was reached, in a word."""
        return "" if self.reached is None else "yes" if self.reached else "**no**"


@dataclass(frozen=True, slots=True)
class Chapter:
    """What one benchmark found."""

    title: str
    method: str
    findings: Sequence[Finding]

    def as_text(self) -> str:
        """For the terminal."""
        lines = [f"\n{self.title}"]
        for finding in self.findings:
            target = f"   target: {finding.target}" if finding.target else ""
            verdict = {None: "", True: "   reached", False: "   MISSED"}[finding.reached]
            lines.append(f"  {finding.what}: {finding.measured}{target}{verdict}")
        return "\n".join(lines)

    def as_markdown(self) -> str:
        """For the report."""
        rows = [f"| {f.what} | {f.measured} | {f.target} | {f.verdict()} |" for f in self.findings]
        return "\n".join(
            [
                f"## {self.title}",
                "",
                self.method,
                "",
                "| what | measured | target | reached |",
                "|---|---|---|---|",
                *rows,
            ]
        )


def write_report(chapters: Sequence[Chapter], machine: str) -> None:
    """Write `docs/benchmarks.md`."""
    head = (
        f"# Benchmarks\n\nWritten by `make bench`; ratios are of figures taken side by side in one run.\n\n{machine}\n"
    )
    REPORT.write_text("\n".join([head, *(f"{chapter.as_markdown()}\n" for chapter in chapters)]), encoding="utf-8")


def describe_machine(mongodb_version: str) -> str:
    """What ran the benchmarks, without any name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Machine: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB of memory, {_system()}; "
        f"Python {platform.python_version()}, MongoDB {mongodb_version} with a cache of 256 MB, all on one machine."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"
