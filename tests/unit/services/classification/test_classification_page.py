"""What docs/classification.md shows: tables of the form that the command writes, and a worked example that works."""

import re
import shutil
from pathlib import Path

from benchmarks.accuracy.__main__ import BLOCK, DOCUMENT
from benchmarks.accuracy.labelled import Part
from benchmarks.accuracy.tables import report
from documents.ticket import Language
from services.classification.languages import pack_of
from services.classification.negation import find_signals
from services.classification.reading.words import normalise, plain, split_words
from services.classification.rules import PACKS_FOLDER

EDIT = re.compile(r"^ *```diff\n *(\S+)\n    (.*)\n   \+(.*)\n *```$", re.MULTILINE)
QUOTED = re.compile(r'"(The label printer .*?)"')


def skeleton(tables: str) -> list[str]:
    """Titles and heads of tables."""
    lines = tables.splitlines()
    return [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("**") or following.startswith("| ---")
    ]


def test_the_page_has_the_tables_of_the_command() -> None:
    (block,) = BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert skeleton(block) == skeleton(report(dict.fromkeys(Part, ()), every_language=False))
    for part in (Part.HELD_OUT, Part.OLDER_HELD_OUT):
        assert re.search(rf"^\| {part}, English \| \d+ \| \d+ % \|", block, re.MULTILINE)
    assert re.search(r"characters takes [\d.]+ ms on average", block)


def test_the_worked_example_brings_what_it_says(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    ((file, anchor, added),) = EDIT.findall(text)
    grave, harmless = QUOTED.findall(text)
    shutil.copytree(PACKS_FOLDER, tmp_path, dirs_exist_ok=True)
    pack = tmp_path / Path(file).name
    before = pack.read_text(encoding="utf-8")
    assert before.count(f"\n{anchor}\n") == 1
    pack.write_text(before.replace(f"\n{anchor}\n", f"\n{anchor}\n{added}\n"), encoding="utf-8")
    assert keywords(grave, PACKS_FOLDER) == []
    assert keywords(grave, tmp_path) == ["broken"]
    assert keywords(harmless, tmp_path) == []


def keywords(text: str, folder: Path) -> list[str]:
    words = plain(split_words(normalise(text)))
    return [hit.entry.keyword for hit in find_signals(words, pack_of(Language.EN, folder))]
