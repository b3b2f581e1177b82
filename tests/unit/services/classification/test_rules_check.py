"""Checking the files of the rules: every kind of fault, with its line."""

import shutil
from pathlib import Path

import pytest

from services.classification.checking.files import check_rules
from services.classification.checking.release import RELEASED_FILE, note_release
from services.classification.rules import PACKS_FOLDER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small rules without a fault."""
    (tmp_path / "signals.toml").write_text(
        'version = 3\n\n[outage]\nurgency = "high"\nsentiment = "negative"\n', encoding="utf-8"
    )
    (tmp_path / "en.toml").write_text(
        '[macros]\nsite = "site, page"\n\n[harmless]\ncalm = "calm down"\n\n'
        '[keywords.outage]\ndown = "is down, {site} gone"\n\n[scopes]\nnoun = "no"\n',
        encoding="utf-8",
    )
    return tmp_path


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_rules_of_this_program_have_no_fault() -> None:
    assert [str(fault) for fault in check_rules(PACKS_FOLDER) if not fault.is_remark] == []


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('noun = "no"', 'noun = "no', 11, "line"),
        ("[keywords.outage]", "[keywords.outrage]", 7, "no rule 'outrage'"),
        ('noun = "no"', 'nothing = "no"', 11, "no scope 'nothing'"),
        ("{site} gone", "{place} gone", 8, "no macro 'place'"),
        ("is down", "*", 8, "would fit any text"),
        ("is down", "[is] ^ *", 8, "would fit any text"),
        ("is down", "is/ down", 8, "a choice has no word"),
        ("site, page", "site, {site} page", 2, "a macro names itself"),
    ],
)
def test_a_fault_is_told_with_its_line(folder: Path, old: str, new: str, line: int, reason: str) -> None:
    assert check_rules(folder) == []
    change(folder, "en.toml", old, new)

    faults = check_rules(folder)
    assert (faults[0].file, faults[0].line) == ("en.toml", line)
    assert reason in faults[0].reason


def test_of_two_phrases_that_fit_the_same_words_the_second_is_remarked_on(folder: Path) -> None:
    change(folder, "en.toml", "is down", "is down, keep/calm down")

    (remark,) = check_rules(folder)
    assert remark.is_remark
    assert str(remark).startswith("en.toml:8: remark: 'keep/calm down': [harmless] calm says the same words")


def test_a_keyword_that_english_does_not_have_is_a_fault(folder: Path) -> None:
    shutil.copy(folder / "en.toml", folder / "de.toml")
    change(folder, "de.toml", "down = ", "unten = ")

    (fault,) = check_rules(folder)
    assert (fault.file, fault.line) == ("de.toml", 8)
    assert "'unten' is none of en.toml" in fault.reason


def test_rules_that_are_broken_in_themselves_are_told(folder: Path) -> None:
    change(folder, "signals.toml", '"high"', '"highest"')
    assert "highest" in check_rules(folder)[0].reason


def test_after_a_release_a_change_needs_another_version(folder: Path) -> None:
    note_release(folder)
    assert check_rules(folder) == []
    change(folder, "en.toml", "is down", "is offline")
    assert "raise the version" in check_rules(folder)[0].reason
    change(folder, "signals.toml", "version = 3", "version = 2")
    assert "lower than 3" in check_rules(folder)[0].reason
    change(folder, "signals.toml", "version = 2", "version = 4")
    assert check_rules(folder) == []
    assert (folder / RELEASED_FILE).exists()
