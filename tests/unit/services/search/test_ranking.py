"""How well tickets fit a search, and what of them is shown as found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.search.query import parse_search
from services.search.ranking import MAX_FOUND_WORDS, RANKED_CHARACTERS, fit, found_words


@pytest.mark.parametrize(
    ("q", "better", "worse"),
    [
        ("refund", ("refunds", ""), ("", "a refund, a refund")),
        ("card refund", ("refunds, cards", ""), ("refund", "card")),
        ("refund", ("", "the refund"), ("", "refunded refunds")),
        ("card refund", ("card refund", ""), ("refund card", "")),
        ("card refund", ("", "my card refund"), ("", "card and refund")),
        ("refund of card", ("", "refund the card"), ("", "refund card")),
        ("退款 卡", ("我要退款", "卡"), ("你好", "我要退款 卡")),
        ("refund", ("", "refund"), ("", "x " * RANKED_CHARACTERS + "refund")),
    ],
)
def test_the_better_fit(q: str, better: tuple[str, str], worse: tuple[str, str]) -> None:
    query = parse_search(q)
    assert fit(query, *better) > fit(query, *worse)


def test_what_counts_the_same() -> None:
    query = parse_search("card refund")
    assert fit(query, "card", "refund") == fit(query, "Card!", "no refund, no refund")


@pytest.mark.parametrize(
    ("q", "text", "words"),
    [
        ("refund", "Refunds? I was refunded; no refunds. Refunds!", ["Refunds", "refunded", "refunds"]),
        ("cafe", "(Café) and cafe\u0301s", ["Café", "cafe\u0301s"]),
        ("o'brien", "Mr O\u2019Brien", ["O\u2019Brien"]),
        ("2024", "INV-2024-001", ["2024"]),
        ("inv-2024-001", "see INV-2024-001, 2024", ["INV-2024-001"]),
        ("退款", "我要退款,我要退款吗", ["退款"]),
        ("refund 😡", "refund😡!", ["refund", "😡"]),
        ("refund", "<b>Refund</b><br>it", ["Refund"]),
        ("the refund", "the refund", ["refund"]),
    ],
)
def test_what_was_found_is_shown_as_it_stands(q: str, text: str, words: list[str]) -> None:
    assert found_words(parse_search(q), text) == words


def test_what_is_shown_is_bounded() -> None:
    text = " ".join(f"x{number}.refund.com" for number in range(MAX_FOUND_WORDS + 5))
    assert found_words(parse_search("refund.com"), text) == text.split()[:MAX_FOUND_WORDS]


@given(st.lists(st.sampled_from(["refund", "Refunds", "card", "the", "退款", "no"]), min_size=1))
def test_all_that_is_shown_is_in_the_text(words: list[str]) -> None:
    text = " ".join(words)
    assert all(word in text for word in found_words(parse_search("refunds 退款"), text))
