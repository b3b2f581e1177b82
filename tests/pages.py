"""The code blocks of a page of the documentation, for the tests that run them."""

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[1] / "docs"


class Block(NamedTuple):
    """A block of code."""

    language: str
    code: str
    answer: "Block | None"
    """The block that follows at once, in another language: what it answers, or what it is given."""


def blocks(page: str, *languages: str, chapter: str | None = None) -> list[Block]:
    """The blocks in these languages, of the whole page or of one chapter."""
    text = (DOCS / page).read_text()
    if chapter is not None:
        (text,) = re.findall(rf"^## {re.escape(chapter)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    found = re.findall(r"^```(\w+)\n(.*?)^```\n(?=(?:```(\w+)\n(.*?)^```)?)", text, re.DOTALL | re.MULTILINE)
    return [
        Block(language, code, Block(second, answer, None) if second else None)
        for language, code, second, answer in found
        if language in languages
    ]
