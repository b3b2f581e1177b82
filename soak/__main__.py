"""`make soak`: every promise at full size, as a table of what was promised, measured and held.

`--write` puts the table into `docs/reliability.md`.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from soak import bad_data, crashes, operations, races
from soak.verdict import Verdict

SCENARIOS: dict[str, Callable[[], Verdict]] = {
    "resume": lambda: crashes.resume(50),
    "one_runner": lambda: races.one_runner(1_000),
    "fencing": lambda: crashes.fencing(20),
    "limit": lambda: operations.rate_limit(180),
    "bad_data": lambda: bad_data.fuzzed_records(1_000),
    "deletes": lambda: bad_data.partial_runs(100),
    "cancel": lambda: operations.cancelling(100),
    "cancel_waiting": lambda: operations.cancelling_while_waiting(10),
    "sigterm": lambda: operations.graceful_stop(10),
    "database": lambda: crashes.database_outages(10),
    "failover": lambda: crashes.failovers(5),
    "memory": lambda: operations.memory(50),
    "health": operations.health,
}
BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
DOCUMENT = Path(__file__).parent.parent / "docs" / "reliability.md"


def main() -> int:
    """Run the scenarios; the exit code is 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], help="which; default: all")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    wanted = parser.parse_args()
    console = Console()
    table = Table("promise", "measured", "held", "took", title="Soak")
    rows = ["| promise | measured | held |", "|---|---|---|"]
    broken = 0
    for name in wanted.scenarios or SCENARIOS:
        begin = time.monotonic()
        verdict = SCENARIOS[name]()
        console.print(f"{name}: {verdict}")
        table.add_row(
            verdict.promise, verdict.measured, "yes" if verdict.held else "NO", f"{time.monotonic() - begin:.0f} s"
        )
        rows.append(f"| {verdict.promise} | {verdict.measured} | {'yes' if verdict.held else '**no**'} |")
        broken += not verdict.held
    console.print(table)
    if wanted.write:
        text = DOCUMENT.read_text()
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        DOCUMENT.write_text(f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n{END}{after}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
