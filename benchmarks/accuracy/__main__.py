"""`python -m benchmarks.accuracy`: how often the classification is right, on the labelled texts of `tests/data`.

Prints tables, within a minute. `--write` puts the shorter ones into docs/classification.md. `--wrong de` prints
the wrong ones of the texts that the German pack is written with (`--wrong older`: of the older English ones). Held-out
texts are never printed: whoever has read them can no longer be measured by them.
"""

import argparse
import re
from pathlib import Path

from benchmarks.accuracy.labelled import Part, labelled_tickets, read_labelled, tuned_files
from benchmarks.accuracy.scores import LABELS, Judged, judge, judged_part
from benchmarks.accuracy.speed import CHARACTERS, mean_seconds
from benchmarks.accuracy.tables import report
from benchmarks.timing import ms

DOCUMENT = Path(__file__).parents[2] / "docs" / "classification.md"
BLOCK = re.compile(r"(?<=<!-- written by: python -m benchmarks.accuracy --write -->\n).*?(?=<!-- end -->)", re.DOTALL)
"""What `--write` replaces."""
OLDER = "older"


def main() -> None:
    """Print or write what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"renew the tables of {DOCUMENT.name}")
    parser.add_argument("--wrong", choices=[*tuned_files(), OLDER], help="print the wrong ones of the tuned texts")
    arguments = parser.parse_args()
    if arguments.wrong:
        print(wrong_ones(arguments.wrong))
        return
    results = {part: judged_part(part) for part in Part}
    seconds = mean_seconds(ticket for part in (Part.HELD_OUT, Part.TUNED) for ticket in labelled_tickets()[part])
    speed = f"A message of {CHARACTERS} characters takes {ms(seconds)} on average, the languages in turn."
    if arguments.write:
        text = DOCUMENT.read_text(encoding="utf-8")
        tables = f"\n{report(results, every_language=False)}\n\n{speed}\n\n"
        DOCUMENT.write_text(BLOCK.sub(lambda _: tables, text), encoding="utf-8")
    else:
        print(f"{report(results, every_language=True)}\n\n{speed}")


def wrong_ones(name: str) -> str:
    """The tickets of a tuned file of which something is wrong, with what was said and why."""
    judged = judged_part(Part.OLDER_TUNED) if name == OLDER else judge(read_labelled(tuned_files()[name]))
    wrong = [(number, each) for number, each in enumerate(judged, start=1) if not each.is_right(*LABELS, "language")]
    return "\n\n".join([*(f"{number}. {_described(each)}" for number, each in wrong), f"{len(wrong)} of {len(judged)}"])


def _described(each: Judged) -> str:
    ticket, said = each.ticket, each.said
    wrong = [
        f"{field} {getattr(said, field)} (right: {getattr(ticket, field)})"
        for field in (*LABELS, "language")
        if not each.is_right(field)
    ]
    matched = [f"{rule.rule}/{rule.keyword} {rule.text!r}" for rule in said.matched]
    return "\n".join(
        [
            f"[{ticket.kind or 'older'}] {ticket.subject}",
            *(f"    {line}" for line in ticket.message.splitlines()),
            f"  said: {', '.join(wrong)}",
            f"  because of: {', '.join(matched) or 'nothing'}",
        ]
    )


if __name__ == "__main__":
    main()
