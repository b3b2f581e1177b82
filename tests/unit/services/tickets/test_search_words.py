"""What a search text becomes."""

import pytest

from services.errors import InvalidInputError
from services.tickets.search_words import search_text


@pytest.mark.parametrize(
    ("word", "beginning"),
    [
        ("refund", "refund"),
        ("refunds", "refund"),
        ("refunded", "refund"),
        ("refunding", "refund"),
        ("crashes", "crash"),
        ("replies", "repl"),
        ("reply", "repl"),
        ("logging", "log"),
        ("invoice", "invoic"),
        ("uses", "use"),
        ("bed", "bed"),
        ("größen", "größen"),
        ("inv42s", "inv42s"),
    ],
)
def test_a_word_is_demanded_by_what_its_inflections_begin_with(word: str, beginning: str) -> None:
    assert search_text(word) == f'"{beginning}" {word}'


def test_every_word_is_demanded_once() -> None:
    assert search_text("card bug card") == '"card" card "bug" bug'


@pytest.mark.parametrize(
    "q", ['"card" -bug', "card\x00bug", "card…bug", "-card (bug)", "card\ud800bug", "\\card\\ bug"]
)
def test_what_is_not_of_a_word_separates_words(q: str) -> None:
    assert search_text(q) == '"card" card "bug" bug'


def test_words_that_no_index_holds_are_left_out() -> None:
    assert search_text("The card and YOU") == '"card" card'


def test_combining_marks_belong_to_their_word() -> None:
    assert search_text("हिन्दी") == '"हिन्दी" हिन्दी'


@pytest.mark.parametrize("q", ["", "  ", '"', "-", "!?", "the", "The, of AND", "x" * 201, "x " * 5_000])
def test_a_search_without_a_word_or_too_long_is_refused(q: str) -> None:
    with pytest.raises(InvalidInputError):
        search_text(q)
