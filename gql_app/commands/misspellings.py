"""Names in the environment and in `.env` that look like a setting's and are none: nobody else would say so."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

SIMILARITY = 0.85
"""`MONGO_URI` is as similar to `MONGO_URL` as that; `MONGO_USER`, or `HOME` to `HOST`, is not."""
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)


class Misspelling(NamedTuple):
    """A name, and the one that was probably meant."""

    name: str
    meant: str

    def __str__(self) -> str:
        """In one line."""
        return f"{self.name} is no setting; is {self.meant} meant?"


def misspellings(names: Iterable[str], known: Iterable[str]) -> Iterator[Misspelling]:
    """Which of the names are nearly known ones. A name whose known one is given as well is somebody else's."""
    # OpenTelemetry's own settings are many, and some of them are as long as they are alike.
    given, known = {name.upper(): name for name in names if not name.upper().startswith("OTEL_")}, sorted(known)
    for upper, name in sorted(given.items()):
        nearest = [] if upper in known else get_close_matches(upper, known, n=1, cutoff=SIMILARITY)
        yield from (Misspelling(name, meant) for meant in nearest if meant not in given)


def names_in(file: Path) -> list[str]:
    """The names that an environment file gives values to; none if there is no such file."""
    try:
        return _ASSIGNMENT.findall(file.read_text())
    except (OSError, UnicodeDecodeError):
        return []
