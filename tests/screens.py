"""What a terminal shows of what was printed: as much of one as our commands need, who write whole lines."""

import re
from copy import copy
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_PIECE = re.compile(
    r"\x1b\[(?P<numbers>[?\d;]*)(?P<letter>[A-Za-z])|(?P<end>\r\n|\n)|(?P<back>\r)|(?P<text>[^\x1b\r\n]+)|(?P<odd>\x1b)"
)
_BEGUN = re.compile(r"\x1b(\[[?\d;]*)?$")
"""A control sequence of which the rest is still to come."""
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


class Screen:
    """The lines that were printed, those that were written over as they are now."""

    def __init__(self, printed: str = "") -> None:
        self.lines: list[str] = [""]
        self.longest = 0
        """The most cells that any line ever had, those that were written over as well."""
        self.shows_cursor = True
        self._row = 0
        self._read = 0
        self.follow(printed)

    def follow(self, printed: str) -> None:
        """Show what was added to `printed` since the last time."""
        begun = _BEGUN.search(printed, self._read)
        until = begun.start() if begun else len(printed)
        for piece in _PIECE.finditer(printed, self._read, until):
            self._show(piece)
        self._measure()
        self._read = until

    def as_it_is(self) -> "Screen":
        """The screen of this moment, which nothing changes any more."""
        still = copy(self)
        still.lines = list(self.lines)
        return still

    def _show(self, piece: re.Match[str]) -> None:
        if piece["end"]:
            self._move(1)
            # Whatever stands there is written anew, from its first column.
        elif piece["letter"] == "A":
            self._move(-int(piece["numbers"] or 1))
        elif piece["letter"] == "K":
            self._measure()
            self.lines[self._row] = ""
        elif piece["letter"] in ("h", "l"):
            self.shows_cursor = piece["letter"] == "h"
        elif piece["letter"] == "m" or piece["text"]:
            self.lines[self._row] += piece[0]

    def _move(self, rows: int) -> None:
        self._measure()
        self._row += rows
        assert self._row >= 0, "the cursor went above the first line"
        if self._row == len(self.lines):
            self.lines.append("")

    def _measure(self) -> None:
        self.longest = max(self.longest, cell_len(_COLOURS.sub("", self.lines[self._row])))

    @property
    def text(self) -> str:
        """Without colours."""
        return "\n".join(_COLOURS.sub("", line).rstrip() for line in self.lines)

    def save(self, path: Path, title: str, width: int) -> None:
        """Keep a picture of it, as SVG."""
        console = Console(record=True, width=width, file=StringIO(), force_terminal=True, color_system="truecolor")
        for line in self.lines[: len(self.text.rstrip().splitlines())]:
            console.print(Text.from_ansi(line), soft_wrap=True)
        # Its own font would come from another host; any font of even width does.
        form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        path.write_text(console.export_svg(title=title, code_format=form))
