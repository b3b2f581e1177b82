"""Which misspelt words are read as words of the phrases, and which words never are."""

import pytest

from documents.ticket import Language, Urgency
from services.classification.classifier import classify
from services.classification.languages import pack_of
from services.classification.spelling import Spelling, spelling_of

VOCABULARY = frozenset(
    ["refund", "charged", "charges", "disappointed", "slow", "court", "urgent", "twice", "fraud", "down"]
)


def corrected(text: str, frequent: str = "") -> str:
    spelling = Spelling(VOCABULARY, frozenset(frequent.split()), {"pls": "please"})
    return " ".join(spelling.corrected(text.split()))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("refnd", "refund"),
        ("refunnd", "refund"),
        ("refubd", "refund"),
        ("refudn", "refund"),
        ("chargd", "charged"),
        ("dissapointed", "disappointed"),
        ("sloooow", "slow"),
        ("dwon", "down"),
        ("urg3nt", "urgent"),
        ("pls", "please"),
    ],
)
def test_a_word_one_slip_away_is_read_as_the_word_of_the_phrases(written: str, meant: str) -> None:
    assert corrected(f"my {written} today") == f"my {meant} today"


@pytest.mark.parametrize(
    "written",
    ["refund", "table", "rfd", "curt", "count", "cours", "wice", "freud", "slo", "xefund", "re4fun5d", "x" * 99],
)
def test_other_words_stay(written: str) -> None:
    assert corrected(written, frequent="table curt count") == written


def test_a_frequent_word_is_never_misspelt() -> None:
    assert corrected("refunt refunt") == "refund refund"
    assert corrected("refunt", frequent="refunt") == "refunt"


def test_letters_apart_are_one_word_where_the_first_stands() -> None:
    assert corrected("very u r g e n t now").split()[:2] == ["very", "urgent"]
    assert corrected("a b c d e f") == "a b c d e f"


@pytest.mark.parametrize(
    "word", ["beach", "freud", "outrange", "curt", "used", "compliant", "smith", "marina", "sting"]
)
def test_real_english_words_are_no_slips(word: str) -> None:
    assert list(spelling_of(Language.EN).corrected([word])) == [word]


def test_what_the_most_frequent_words_are_corrected_to_is_themselves() -> None:
    pack = pack_of(Language.EN)
    words = sorted(pack.function | pack.phrases.vocabulary)
    assert list(spelling_of(Language.EN).corrected(words)) == words


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("my card was chraged twise, pls refnd", Urgency.HIGH),
        ("somone hackd my acount", Urgency.HIGH),
        ("the webiste is dwon", Urgency.HIGH),
        ("r.e.f.u.n.d please", Urgency.HIGH),
        ("i cant lgoin", Urgency.MEDIUM),
        ("realy dissapointed", Urgency.MEDIUM),
        ("Which beach hotel hosts the Freud lecture?", Urgency.LOW),
        ("Say hello to Mr. Curtis Crouch", Urgency.LOW),
    ],
)
def test_misspelt_texts_are_classified(text: str, urgency: Urgency) -> None:
    assert classify(subject="", message=text).urgency is urgency


def test_of_an_unsupported_language_nothing_is_corrected() -> None:
    assert list(spelling_of(Language.UNSUPPORTED).corrected(["refnd"])) == ["refnd"]
