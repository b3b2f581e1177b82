"""`python -m benchmarks.spikes`: what forecasts are worth, and how often spikes are found, and alarms false.

Prints tables, within some minutes; `--write` puts them into docs/forecasts.md. Made-up tenants (their seeds are fixed)
and one real series: flights of New York's airports that were late.
"""

import argparse
import random
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.spikes.measuring import FIRST_OF_FLIGHTS, ForecastScore, WatchScore, flights, foretell, watch
from benchmarks.spikes.tenants import made_up

DOCUMENT = Path(__file__).parents[2] / "docs" / "forecasts.md"
BLOCK = re.compile(r"(?<=<!-- written by: python -m benchmarks.spikes --write -->\n).*?(?=<!-- end -->)", re.DOTALL)
"""What `--write` replaces."""
SIZES = (0.5, 2, 10, 60)
"""Tickets an hour of made-up tenants."""
FORETOLD_TENANTS, FORETOLD_WEEKS = 6, 26
WATCHED_TENANTS = 10
SPIKES = (5, 10, 20, 40, 100)
"""Additional customers within an hour."""


def main() -> None:
    """Print or write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spikes", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"renew the tables of {DOCUMENT.name}")
    arguments = parser.parse_args()
    scores = {f"late flights, {name}": _real(counts) for name, counts in flights().items()}
    scores |= {f"made up, {size} tickets an hour": _foretold(size) for size in SIZES}
    watched = {size: watch(size, range(WATCHED_TENANTS), SPIKES) for size in SIZES}
    text = f"{forecast_table(scores)}\n\n{alarm_table(watched)}"
    if arguments.write:
        page = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(BLOCK.sub(lambda _: f"\n{text}\n\n", page), encoding="utf-8")
    else:
        print(text)


def forecast_table(scores: dict[str, ForecastScore]) -> str:
    """What weeks that were not known came to, by series."""
    rows = [
        [name, each.weeks, each.shown, _percent(each.skill), each.worse, _percent(each.coverage)]
        for name, each in scores.items()
    ]
    return table(
        ["series", "weeks", "forecast shown", "error smaller by", "weeks it was larger", "hours in the band"], rows
    )


def alarm_table(watched: dict[float, WatchScore]) -> str:
    """How often alarms are false and spikes are found, by how many tickets a tenant has."""
    rows = []
    for size, score in watched.items():
        rate = score.false_alarms / score.months
        rows.append([size, f"{score.months:.0f}", f"{rate:.2f}", *(_found(score, extra) for extra in SPIKES)])
    heads = [f"found with {extra} more customers" for extra in SPIKES]
    return table(["tickets an hour", "months watched", "false alarms a month", *heads], rows)


def table(heads: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [heads, ["---"] * len(heads), *rows])


def _real(counts: list[int]) -> ForecastScore:
    score = ForecastScore()
    foretell(counts, FIRST_OF_FLIGHTS, score)
    return score


def _foretold(size: float) -> ForecastScore:
    score = ForecastScore()
    for seed in range(FORETOLD_TENANTS):
        foretell(made_up(size, FORETOLD_WEEKS, random.Random(seed)).hourly(), 0, score)
    return score


def _found(score: WatchScore, extra: int) -> str:
    delays = score.found[extra]
    share = _percent(len(delays) / score.put_in[extra])
    return f"{share}, after {median(delays):.0f} min" if delays else share


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}".replace("%", " %")


if __name__ == "__main__":
    main()
