import sys
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classification.reading.positions import PositionMap
from services.classification.reading.words import (
    at_apostrophes,
    normalise,
    normalised_pieces,
    plain,
    split_words,
    with_paragraph_ends,
    without_links,
    words_and_gaps,
)

ODD = "\u2019\u2018`\u00b4\u2011\u2013\u2014\u00ad\u200b\u202e\x00\ufe0f\xa0\u202f\u2026\ufb01\u0301"
ODD += "\u0308\u1100\u1161\uff55ßİǰéÉüΣς½가"
odd_texts = st.text(st.one_of(st.sampled_from(ODD), st.sampled_from("aEiu n.,-'\n@"), st.characters()), max_size=40)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Can\u2019t  LOG\u2011in\r\n", "can't  log-in\n "),
        ("a\rb\r\r\nc\u2028d", "a\nb\n\n c\nd"),
        ("\uff35\uff32\uff27\uff25\uff2e\uff34", "urgent"),
        ("re\u00adfund re\u200bfund \u202erefund\x00", "refund refund refund"),
        ("Straße", "strasse"),
        ("can`t", "can't"),
        ("broken\u2014please help", "broken - please help"),
        ("depuis\xa0hier\u202f!", "depuis hier !"),
        ("e\u0301cole e\u200b\u0301", "école é"),
        ("wait\u2026", "wait..."),
    ],
)
def test_what_reads_alike_gets_one_form(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("see https://example.com/urgent?refund now", ["see", ",", "now"]),
        ("write to fraud@example.com.", ["write", "to", "."]),
        ("<me@example.com>: hello", [",", "hello"]),
    ],
)
def test_addresses_are_no_words(text: str, words: list[str]) -> None:
    assert split_words(without_links(text)) == words
    assert len(without_links(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log-in, please!", ["log", "in", ",", "please", "!"]),
        ("it isn't error_count", ["it", "isn't", "error_count"]),
        ("_urgent_ *urgent* 'urgent'", ["urgent", "urgent", "urgent"]),
        ("version 1.5 at 12:30 of example.com.", ["version", "1", "5", "at", "12", "30", "of", "example", "com", "."]),
        ("one - two -- three", ["one", "-", "two", "-", "three"]),
        ("one -\ntwo", ["one", "-", "two"]),
        ("thanks ❤🎉", ["thanks", "❤", "🎉"]),
        ("日本語 naïve", ["日本語", "naïve"]),
        ("", []),
    ],
)
def test_words_and_punctuation_are_kept_in_order(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_where_apostrophes_part_words_they_are_two() -> None:
    assert split_words("je n'arrive pas dell'account", apostrophe_parts=True) == [
        "je",
        "n",
        "arrive",
        "pas",
        "dell",
        "account",
    ]
    assert split_words("'urgent' it's", apostrophe_parts=True) == ["urgent", "it", "s"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("a line\nwrapped", ["a line wrapped"]),
        ("a heading\n\na text", ["a heading", "a text"]),
        ("a heading\r\n \t\r\na text", ["a heading", "a text"]),
        ("items:\n- one\n* two\n 1. three\n2) four", ["items :", "one", "two", "three", "four"]),
        ("I am -\n5 minutes late", ["I am - 5 minutes late"]),
    ],
)
def test_paragraphs_and_items_end_sentences_and_wrapped_lines_do_not(text: str, sentences: list[str]) -> None:
    said = " ".join(split_words(with_paragraph_ends(text))).split(".")
    assert [sentence.strip() for sentence in said] == sentences


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("can't", "cant"),
        ("users'", "users"),
        ("für", "fur"),
        ("Straße", "strasse"),
        ("déjà", "deja"),
        ("AÇÃO", "acao"),
        ("nin\u0303o", "nino"),
        ("œuvre", "oeuvre"),
        ("søger", "soger"),
        ("日本語", "日本語"),
    ],
)
def test_phrases_are_compared_without_apostrophes_and_accents(text: str, key: str) -> None:
    assert plain([normalise(text)]) == [key]


@given(odd_texts)
def test_the_pieces_make_the_normal_form(text: str) -> None:
    pieces = list(normalised_pieces(text))
    assert "".join(piece.text for piece in pieces) == normalise(text)
    assert "".join(text[piece.start : piece.end] for piece in pieces) == text
    assert all(len(piece.text) == piece.end - piece.start for piece in pieces if piece.copied)


def word_places(words_in_gaps: Sequence[str]) -> Iterator[tuple[int, int]]:
    yield from [*pairwise(accumulate(map(len, words_in_gaps)))][::2]


@given(odd_texts)
def test_each_word_stands_where_it_is_said_to_stand(text: str) -> None:
    normal = normalise(text)
    places = PositionMap(normalised_pieces(text))
    for start, end in word_places(words_and_gaps(normal)):
        original = text[slice(*places.source(start, end))]
        assert normal[start:end] in normalise(original)
        assert unicodedata.normalize("NFKC", original).strip() != ""


@given(st.text(st.characters(exclude_categories=["Mn", "Mc", "Me"]), max_size=40), st.booleans())
def test_words_are_found_again_in_the_same_places(text: str, parts: bool) -> None:
    normal = normalise(text)
    pieces = at_apostrophes(words_and_gaps(normal)) if parts else words_and_gaps(normal)
    found = [normal[start:end] for start, end in word_places(pieces)]
    assert found == split_words(normal, apostrophe_parts=parts)


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=5), max_size=8))
def test_a_normal_form_stays_as_it_is(words: list[str]) -> None:
    once = normalise(" ".join(words))
    assert split_words(normalise(once)) == split_words(normalise(normalise(once)))


def test_every_letter_that_becomes_longer_has_its_place() -> None:
    letters = [letter for letter in map(chr, range(sys.maxunicode + 1)) if len(letter.casefold()) > 1]
    for letter in letters:
        text = f"a{letter}b"
        assert "".join(piece.text for piece in normalised_pieces(text)) == normalise(text)
        assert PositionMap(normalised_pieces(text)).source(len(normalise(text)) - 1, len(normalise(text))) == (2, 3)
