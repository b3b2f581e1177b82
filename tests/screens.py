"""What a terminal shows of what was printed: as much of one as our commands need, who write whole lines."""

import re
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

_PIECE = re.compile(
    r"\x1b\[(?P<numbers>[?\d;]*)(?P<letter>[A-Za-z])|(?P<end>\r\n|\n)|(?P<back>\r)|(?P<text>[^\x1b\r\n]+)"
)


class Screen:
    """The lines that were printed, those that were written over as they are now."""

    def __init__(self, printed: str) -> None:
        self.lines: list[str] = [""]
        self.longest = 0
        """The most cells that any line ever had, those that were written over as well."""
        self.shows_cursor = True
        row = 0
        for piece in _PIECE.finditer(printed):
            if piece["end"]:
                row += 1
                if row == len(self.lines):
                    self.lines.append("")
                # Whatever stands there is written anew, from its first column.
            elif piece["letter"] == "A":
                row -= int(piece["numbers"] or 1)
                assert row >= 0, "the cursor went above the first line"
            elif piece["letter"] == "K":
                self.lines[row] = ""
            elif piece["letter"] in ("h", "l"):
                self.shows_cursor = piece["letter"] == "h"
            elif piece["letter"] == "m" or piece["text"]:
                self.lines[row] += piece[0]
                self.longest = max(self.longest, Text.from_ansi(self.lines[row]).cell_len)

    @property
    def text(self) -> str:
        """Without colours."""
        return "\n".join(Text.from_ansi(line).plain.rstrip() for line in self.lines)

    def save(self, path: Path, title: str, width: int) -> None:
        """Keep a picture of it, as SVG."""
        console = Console(record=True, width=width, file=StringIO(), force_terminal=True, color_system="truecolor")
        for line in self.lines[: len(self.text.rstrip().splitlines())]:
            console.print(Text.from_ansi(line), soft_wrap=True)
        # Its own font would come from another host; any font of even width does.
        form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        path.write_text(console.export_svg(title=title, code_format=form))
