"""Checking the files of the rules: what a change of them breaks is told with file, line and reason.

The program itself reads them without such care: what is released has been checked.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from services.classification.checking.release import RulesFault, faults_of_version
from services.classification.phrasing.inflections import Inflections
from services.classification.reading.words import folded
from services.classification.rules import PACKS_FOLDER, Reach, all_rules

MAX_NODES = 50_000
"""Of the automaton of one phrase: macros in macros multiply."""
MAX_VARIANTS = 64
"""A phrase that stands for more is compared with others as it is written."""
_AT_LINE = re.compile(r"\(at line (\d+)")
_HEADER = re.compile(r"^\[+([^\]]+)\]+")
_KEY = re.compile(r'^("[^"]+"|[\w-]+)\s*=')
_MACRO = re.compile(r"\{(\w+)\}")
_FREE = frozenset("*^")
_PHRASES = ("macros", "harmless", "scopes")


def check_rules(folder: Path = PACKS_FOLDER) -> list[RulesFault]:
    """All that is wrong in the files of a folder, by file and line."""
    faults: list[RulesFault] = []
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}
    parsed: dict[str, dict[str, Any]] = {}
    for name, text in files.items():
        try:
            parsed[name] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            line = _AT_LINE.search(str(error))
            faults.append(RulesFault(name, int(line[1]) if line else text.count("\n") + 1, str(error)))
    if faults:
        return sorted(faults)
    try:
        rules = frozenset(all_rules.__wrapped__(folder))
        faults += faults_of_version(folder)
    except (KeyError, ValueError) as error:
        return [RulesFault("signals.toml", 1, f"It does not say what it should: {error}")]
    names = _keywords_of(parsed.get("en.toml", {}))
    for name, data in parsed.items():
        if "keywords" in data:
            faults += _PackCheck(name, data, _lines_of(files[name]), rules).faults(names)
    return sorted(faults)


def _lines_of(text: str) -> dict[tuple[str, str], int]:
    """Where each key of each section stands; of a section itself, the key is empty."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = header[1]
            found.setdefault((section, ""), number)
        elif key := _KEY.match(line):
            found.setdefault((section, key[1].strip('"')), number)
    return found


def _keywords_of(pack: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(keyword for keywords in pack.get("keywords", {}).values() for keyword in keywords)


class _PackCheck:
    """Checks the file of one language."""

    def __init__(
        self, file: str, data: Mapping[str, Any], lines: Mapping[tuple[str, str], int], rules: frozenset[str]
    ) -> None:
        self._file = file
        self._data = data
        self._lines = lines
        self._rules = rules
        self._macros: Mapping[str, str] = data.get("macros", {})
        self._seen: dict[str, tuple[str, str]] = {}

    def faults(self, names: frozenset[str]) -> Iterator[RulesFault]:
        """What is wrong; `names`: the keywords that statistics know."""
        for rule, keywords in self._data["keywords"].items():
            if rule not in self._rules:
                yield self._fault(f"keywords.{rule}", "", f"There is no rule {rule!r} in signals.toml.")
            for keyword in sorted(keywords.keys() - names):
                reason = f"The keyword {keyword!r} is none of en.toml: keywords are counted across languages."
                yield self._fault(f"keywords.{rule}", keyword, reason)
        for scope in self._data.get("scopes", {}).keys() - set(Reach):
            yield self._fault("scopes", scope, f"There is no scope {scope!r}.")
        try:
            Inflections(self._data.get("inflections", ()))
        except (KeyError, ValueError) as error:
            yield self._fault("inflections", "", f"{error}.")
        for section, key, text in self._texts():
            for phrase in filter(None, (each.strip() for each in re.split(r"[,\n]", text))):
                is_alone = section != "macros"
                if against := self._reason_against(phrase, is_alone=is_alone):
                    yield self._fault(section, key, f"{phrase!r}: {against}")
                elif is_alone and (clash := self._clash(phrase, section, key)):
                    yield self._fault(section, key, f"{phrase!r}: {clash}", is_remark=True)

    def _texts(self) -> Iterator[tuple[str, str, str]]:
        for section in _PHRASES:
            for key, text in self._data.get(section, {}).items():
                yield section, key, text
        for rule, keywords in self._data["keywords"].items():
            for key, text in keywords.items():
                yield f"keywords.{rule}", key, text

    def _reason_against(self, phrase: str, *, is_alone: bool) -> str | None:
        elements = phrase.split()
        if unknown := next((name for name in _MACRO.findall(phrase) if name not in self._macros), None):
            return f"there is no macro {unknown!r}."
        if is_alone and all(element[0] == "[" or element in _FREE for element in elements):
            return "it would fit any text."
        if any("" in element.strip("[]").split("/") for element in elements):
            return "a choice has no word."
        if self._nodes(phrase, ()) > MAX_NODES:
            return f"it is too large, or a macro names itself: more than {MAX_NODES:,} nodes."
        return None

    def _nodes(self, phrase: str, within: tuple[str, ...]) -> int:
        """How many nodes of the automaton it takes; more than are allowed if a macro names itself."""
        count = 0
        for element in phrase.split():
            count += 4 if element == "*" else 1
            for name in _MACRO.findall(element):
                if name in within or count > MAX_NODES:
                    return MAX_NODES + 1
                for part in filter(None, re.split(r"[,\n]", self._macros.get(name, ""))):
                    count += self._nodes(part, (*within, name))
        return count

    def _clash(self, phrase: str, section: str, key: str) -> str | None:
        """Why a phrase says what another one has said already, or the opposite."""
        for variant in _variants(phrase):
            first = self._seen.setdefault(variant, (section, key))
            if first != (section, key):
                return f"[{first[0]}] {first[1]} says the same words, and is the one that counts."
        return None

    def _fault(self, section: str, key: str, reason: str, *, is_remark: bool = False) -> RulesFault:
        line = self._lines.get((section, key)) or self._lines.get((section, ""), 1)
        return RulesFault(self._file, line, reason, is_remark)


def _variants(phrase: str) -> Iterator[str]:
    """The phrases without choices and optional words that it stands for; itself where they are too many."""
    parts = []
    for element in phrase.split():
        choices = element.strip("[]").split("/")
        parts.append(["", *choices] if element[0] == "[" else choices)
    count = 1
    for choices in parts:
        count *= len(choices)
    if count > MAX_VARIANTS:
        yield folded(phrase)
        return
    for variant in product(*parts):
        yield folded(" ".join(filter(None, variant)))
