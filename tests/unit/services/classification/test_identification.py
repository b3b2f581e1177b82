import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ticket import Language
from services.classification.identification import identify
from services.classification.reading import read_text
from services.classification.reading.words import folded

DATA = Path(__file__).parents[3] / "data" / "languages.jsonl"
TEXTS: list[dict[str, Any]] = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
READ = [row for row in TEXTS if row["language"] not in (None, Language.UNSUPPORTED)]
OTHERS = [row for row in TEXTS if row["language"] == Language.UNSUPPORTED]
WORDLESS = [row["text"] for row in TEXTS if row["language"] is None]


def language_of(text: str) -> Language | None:
    return identify(read_text(text).said()).language


def mistaken(rows: list[dict[str, Any]]) -> list[tuple[str, Language | None]]:
    """The texts whose language is not found, and what they are taken for."""
    return [(row["text"], found) for row in rows if (found := language_of(row["text"])) != row["language"]]


def test_there_are_texts_in_many_languages() -> None:
    assert len(TEXTS) >= 300
    assert len({row["iso"] for row in TEXTS}) > 25
    assert {row["language"] for row in READ} == {*Language} - {Language.UNSUPPORTED}


def test_texts_of_five_words_are_told_apart() -> None:
    rows = [row for row in READ if len(row["text"].split()) >= 5]
    assert len(rows) > 80
    wrong = mistaken(rows)
    assert len(wrong) <= 0.03 * len(rows), wrong


def test_subjects_of_two_words_are_told_apart() -> None:
    wrong = mistaken(READ)
    assert len(wrong) <= 0.05 * len(READ), wrong


def test_what_is_read_is_hardly_ever_called_unsupported() -> None:
    wrong = [text for text, found in mistaken(READ) if found is Language.UNSUPPORTED]
    assert len(wrong) <= 0.02 * len(READ), wrong


def test_texts_in_other_languages_are_called_unsupported() -> None:
    wrong = mistaken(OTHERS)
    assert len(wrong) <= 0.05 * len(OTHERS), wrong


@pytest.mark.parametrize("text", [*WORDLESS, "", "Andersson, Johansson", "👍👍", "SELECT * FROM t1", "x = f(y)"])
def test_names_numbers_and_addresses_are_no_foreign_language(text: str) -> None:
    assert language_of(text) is not Language.UNSUPPORTED


@pytest.mark.parametrize("row", READ, ids=lambda row: row["text"])
def test_letter_case_accents_addresses_and_numbers_do_not_count(row: dict[str, Any]) -> None:
    text = row["text"]
    language = language_of(text)
    for changed in (text.upper(), folded(text), f"{text} https://example.com/the/order?is=not 4711", f"12345 {text}"):
        assert language_of(changed) is language
    assert language_of(f"{text} www.example.com/this/is/the/page") is language


@given(st.text(max_size=300))
def test_any_text_has_a_language_or_none_and_always_the_same(text: str) -> None:
    assert language_of(text) is language_of(text)


@pytest.mark.parametrize("text", ["a", "the ", "kein wort ", "x" * 50 + " ", "不", "ab1 "])
def test_a_million_words_cost_no_more_than_the_first_ones(text: str) -> None:
    words = text.split() * 1_000_000
    started = time.process_time()
    identify(words)
    assert time.process_time() - started < 1
