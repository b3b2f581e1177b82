"""`make soak`: every promise at full size, as a table of what was promised, measured and held.

`--write` puts the table into `docs/reliability.md`.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from documents.vocabulary import SourceKind
from soak import (
    bad_data,
    bombs,
    crashes,
    delivery,
    failing_over,
    frozen,
    help_desks,
    neighbours,
    operations,
    races,
    rollups,
    slow_clients,
    upstream,
)
from soak.verdict import Verdict

SCENARIOS: dict[str, Callable[[], Verdict]] = {
    "resume": lambda: crashes.resume(50),
    "one_runner": lambda: races.one_runner(1_000),
    "fencing": lambda: crashes.fencing(20),
    "limit": lambda: operations.rate_limit(180),
    "bad_data": lambda: bad_data.fuzzed_records(1_000),
    "deletes": lambda: bad_data.partial_runs(100),
    "moving_list": lambda: upstream.moving_list(1_000),
    "patience": lambda: upstream.patience([*upstream.troubles(8), upstream.Trouble(300, 503, "0")]),
    "bombs": bombs.harmless,
    "delivery": lambda: delivery.delivery(10_000),
    "probe": lambda: delivery.one_probe(100),
    "cancel": lambda: operations.cancelling(100),
    "cancel_waiting": lambda: operations.cancelling_while_waiting(10),
    "sigterm": lambda: operations.graceful_stop(10),
    "database": lambda: crashes.database_outages(10),
    "frozen": lambda: frozen.frozen_database(5),
    "failover": lambda: crashes.failovers(5),
    "failovers_under_load": lambda: failing_over.failing_over(6),
    "rollups": lambda: rollups.exact(40),
    "memory": lambda: operations.memory(50),
    "health": operations.health,
    "slow_clients": slow_clients.besieged,
    "neighbours": lambda: neighbours.neighbours(15),
    "help_desk_killed": lambda: help_desks.killed_first_sync(20),
    "zendesk_histories": lambda: help_desks.random_histories(SourceKind.ZENDESK, 100),
    "github_histories": lambda: help_desks.random_histories(SourceKind.GITHUB, 100),
    "zendesk_revoked": lambda: help_desks.revoked(SourceKind.ZENDESK),
    "github_revoked": lambda: help_desks.revoked(SourceKind.GITHUB),
}
BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
DOCUMENT = Path(__file__).parent.parent / "docs" / "reliability.md"


def main() -> int:
    """Run the scenarios; the exit code is 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], help="which; default: all")
    parser.add_argument("--write", action="store_true", help=f"put what was measured into {DOCUMENT.name}")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console = Console()
    table = Table("promise", "measured", "held", "took", title="Soak")
    broken = 0
    for name in wanted.scenarios or SCENARIOS:
        begin = time.monotonic()
        verdict = SCENARIOS[name]()
        took = f"{time.monotonic() - begin:.0f} s"
        console.print(f"{name} ({took}): {verdict}", soft_wrap=True)
        table.add_row(verdict.promise, verdict.measured, "yes" if verdict.held else "NO", took)
        broken += not verdict.held
        if wanted.write:
            write_down(verdict)
    console.print(table)
    return 1 if broken else 0


def write_down(verdict: Verdict) -> None:
    """Put a verdict into the document's table, in the place of the promise's last one if it has one."""
    before, rest = DOCUMENT.read_text().split(BEGIN)
    table, after = rest.split(END)
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in table.strip().splitlines()[2:]}
    rows[verdict.promise] = f"| {verdict.promise} | {verdict.measured} | {'yes' if verdict.held else '**no**'} |"
    lines = [BEGIN, "| promise | measured | held |", "|---|---|---|", *rows.values(), END]
    DOCUMENT.write_text(before + "\n".join(lines) + after)


if __name__ == "__main__":
    sys.exit(main())
