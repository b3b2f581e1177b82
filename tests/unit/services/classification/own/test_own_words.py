"""A tenant's own words: what they find, what they hide, and which are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ticket import Urgency
from services.classification import classify
from services.classification.own.faults import (
    MAX_ENTRIES,
    MAX_ENTRY_CHARACTERS,
    MAX_ENTRY_CHOICES,
    OwnWordsFault,
    find_faults,
)
from services.classification.own.words import OWN_RULE, OwnBook, OwnWords
from tests.properties import tried_on

BOOK = OwnBook(
    OwnWords(
        high=("P1", "board deck * overdue", "Störung", "fire/flood", "l'appli"),
        harmless=("fire sale", "urgent care", "chargeback~ product"),
    )
)


@pytest.mark.parametrize(
    "message",
    [
        "We have a P1 here",
        "the BOARD-DECK is long overdue",
        "Es gibt eine Stoerung im Haus, bitte helfen Sie uns",
        "Es gibt eine STÖRUNG im Haus, bitte helfen Sie uns",
        "there is a flood in the cellar",
        "je ne peux pas ouvrir l\u2019appli depuis ce matin",
        "a fire, and not because of the fire sale",
    ],
)
def test_own_words_make_a_ticket_urgent(message: str) -> None:
    judged = classify(subject="", message=message, own=BOOK)

    assert judged.urgency is Urgency.HIGH
    assert OWN_RULE in {reason.rule for reason in judged.matched}


@pytest.mark.parametrize(
    "message",
    [
        "this is not a P1",
        "the p10 form",
        "we plan a fire sale",
        "about your urgent care leaflet",
        "the deck is overdue",
    ],
)
def test_what_is_negated_or_harmless_does_not_count(message: str) -> None:
    judged = classify(subject="", message=message, own=BOOK)

    assert judged.urgency is not Urgency.HIGH
    assert classify(subject="P1", message="It is not a P1 at all.", own=BOOK).urgency is Urgency.LOW


def test_a_harmless_phrase_has_the_forms_of_its_words() -> None:
    text = "A question about chargebacks product pages"

    assert classify(subject="", message=text).urgency is Urgency.HIGH
    assert classify(subject="", message=text, own=BOOK).urgency is Urgency.LOW


def test_where_both_fit_the_same_words_the_tenants_word_counts() -> None:
    assert classify(subject="", message="urgent").urgency is Urgency.HIGH
    assert classify(subject="", message="urgent", own=OwnBook(OwnWords(harmless=("urgent",)))).urgency is Urgency.LOW


F = OwnWordsFault


@pytest.mark.parametrize(
    ("high", "harmless", "expected"),
    [
        ([], [], []),
        (["P1", "vip customer"], ["urgent care"], []),
        ([""], [], [(F.EMPTY, "high", 1, None)]),
        (["ok then", " ? "], [], [(F.EMPTY, "high", 2, None)]),
        (["https://example.com/a"], [], [(F.EMPTY, "high", 1, None)]),
        (["fire/ now"], [], [(F.EMPTY, "high", 1, 5)]),
        (["x" * (MAX_ENTRY_CHARACTERS + 1)], [], [(F.TOO_LONG, "high", 1, MAX_ENTRY_CHARACTERS + 1)]),
        (["one two three four five six seven eight nine ten eleven"], [], [(F.TOO_LONG, "high", 1, None)]),
        (["fire\nsale"], [], [(F.INVISIBLE, "high", 1, 5)]),
        ([], ["fire\u202esale"], [(F.INVISIBLE, "harmless", 1, 5)]),
        (["* fire"], [], [(F.GAP, "high", 1, 1)]),
        (["fire *"], [], [(F.GAP, "high", 1, 6)]),
        (["fire * * sale"], [], [(F.GAP, "high", 1, 6)]),
        (["*"], [], [(F.EMPTY, "high", 1, None)]),
        (["! * fire"], [], [(F.GAP, "high", 1, 3)]),
        (["fire* sale"], [], [(F.GAP, "high", 1, 5)]),
        (["aa/bb aa/bb aa/bb aa/bb aa/bb"], [], [(F.TOO_MANY_CHOICES, "high", 1, 3)]),
        (["a/b " * 25], [], [(F.TOO_MANY_CHOICES, "high", 1, 2)]),
        (["the"], [], [(F.TOO_COMMON, "high", 1, None)]),
        (["a"], [], [(F.TOO_COMMON, "high", 1, None)]),
        (["fire/the"], [], [(F.TOO_COMMON, "high", 1, None)]),
        (["für"], [], [(F.TOO_COMMON, "high", 1, None)]),
        ([], ["of * the"], [(F.TOO_COMMON, "harmless", 1, None)]),
        (["fire", "Fire!"], [], [(F.REPEATED, "high", 2, None)]),
        (["fire/flood", "flood/fire"], [], [(F.REPEATED, "high", 2, None)]),
        (["fire"], ["FIRE"], [(F.AMBIGUOUS, "high", 1, None)]),
        (["fire big sale"], ["fire * sale"], [(F.AMBIGUOUS, "high", 1, None)]),
        (["fire * sale"], ["fire big sale"], []),
        (["fire", "big fire sale"], ["fire sale"], []),
        (["word"] * (MAX_ENTRIES + 1), [], [(F.TOO_MANY, "high", None, None)]),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(
    high: list[str], harmless: list[str], expected: list[tuple[object, ...]]
) -> None:
    faults = find_faults(OwnWords(tuple(high), tuple(harmless)))

    assert [(each.fault, each.list_name, each.entry, each.column) for each in faults] == expected
    assert all(each.reason.endswith(".") for each in faults)


@tried_on(200)
@given(st.lists(st.text(max_size=40), max_size=5), st.lists(st.text(max_size=40), max_size=5), st.text(max_size=80))
def test_whatever_is_not_refused_can_be_used(high: list[str], harmless: list[str], message: str) -> None:
    words = OwnWords(tuple(high), tuple(harmless))
    if not find_faults(words):
        book = OwnBook(words)
        for text in (message, *high, *harmless):
            classify(subject=text, message=message, own=book)


_SYLLABLES = st.sampled_from(["ba", "Lö", "zor", "mit", "Qué", "fão", "nix", "W3", "ô", "straß", "чай"])
_WORDS = st.lists(_SYLLABLES, min_size=2, max_size=4).map("".join)


@tried_on(200)
@given(st.lists(_WORDS, min_size=1, max_size=4).map(" ".join))
def test_an_accepted_entry_finds_its_own_words(entry: str) -> None:
    words = OwnWords(high=(entry,))
    if not find_faults(words):
        judged = classify(subject="", message=f"{entry.upper()} 1234", own=OwnBook(words))
        assert [reason.rule for reason in judged.matched] == [OWN_RULE]


@pytest.mark.parametrize(
    "text", ["P1", "vip * down", "fire/flood alarm", "Störung", "aujourd'hui appli", "Refundo", "asp", "urgnt"]
)
def test_an_entry_finds_the_text_that_it_is(text: str) -> None:
    example = text.replace("*", "was").replace("fire/", "")
    judged = classify(subject="", message=example, own=OwnBook(OwnWords(high=(text,))))

    assert [reason.rule for reason in judged.matched] == [OWN_RULE]
    assert find_faults(OwnWords(high=(text,))) == []


def test_as_many_choices_as_are_allowed() -> None:
    assert find_faults(OwnWords(high=("/".join(f"w{number}x" for number in range(MAX_ENTRY_CHOICES)),))) == []
