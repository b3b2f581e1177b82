"""What the files of the rules and of the languages may say."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from documents.ticket import Language
from services.classification.languages import all_packs, pack_of
from services.classification.rules import PACKS_FOLDER, all_rules

SIGNALS = """
version = 7
[defect]
urgency = "medium"
sentiment = "negative"
"""
PACK = """
[macros]
[harmless]
[keywords.defect]
broken = "broken"
[scopes]
[words]
passes = "a"
stops = "b"
conjunctions = "c"
voids = "d"
ands = "e"
ors = "f"
function = "g"
[[inflections]]
pattern = ".*"
forms = "\\\\g<0>"
"""
LANGUAGES = [language for language in Language if language is not Language.UNSUPPORTED]


def packs(folder: Path, signals: str, pack: str) -> Path:
    (folder / "signals.toml").write_text(signals, encoding="utf-8")
    (folder / "en.toml").write_text(pack, encoding="utf-8")
    return folder


@cache
def raw(language: Language) -> tuple[str, dict[str, Any]]:
    text = (PACKS_FOLDER / f"{language}.toml").read_text(encoding="utf-8")
    return text, tomllib.loads(text)


def test_rules_are_read_from_files(tmp_path: Path) -> None:
    folder = packs(tmp_path, SIGNALS, PACK)
    assert list(all_rules(folder)) == ["defect"]
    found = pack_of(Language.EN, folder).phrases.find(["it", "is", "broken"])
    assert [(hit.start, hit.end) for hit in found] == [(2, 3)]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("medium", "middling"),
        ("[scopes]", '[scopes]\nsideways = "not"'),
        ('"broken"', '"{unknown}"'),
        ("keywords.defect", "keywords.defects"),
        ('".*"', '"(.*"'),
    ],
)
def test_files_that_make_no_sense_are_refused(tmp_path: Path, right: str, wrong: str) -> None:
    assert right in SIGNALS + PACK
    with pytest.raises((ValueError, KeyError)):
        pack_of(Language.EN, packs(tmp_path, SIGNALS.replace(right, wrong), PACK.replace(right, wrong)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_macro_is_used(language: Language) -> None:
    text, data = raw(language)
    assert [name for name in data["macros"] if f"{{{name}}}" not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_keywords_are_those_of_the_english_pack(language: Language) -> None:
    keywords = {keyword for table in raw(language)[1]["keywords"].values() for keyword in table}
    english = {keyword for table in raw(Language.EN)[1]["keywords"].values() for keyword in table}
    assert keywords <= english
    assert [keyword for keyword in keywords if not re.fullmatch("[a-z]+( [a-z]+)*", keyword)] == []


def test_every_language_has_a_pack() -> None:
    assert [pack.language for pack in all_packs()] == LANGUAGES
