import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from documents.ticket import Language, Urgency
from services.classification.classifier import Classification, classify
from services.classification.languages import pack_of
from services.classification.reading.text import READ_CHARACTERS, TicketText

FIELDS = ("urgency", "sentiment", "requires_action")
REAL = [
    "I don't want a refund, but the export isn't working.",
    "The site was down; it's back up now, thanks!",
    "No errors, bugs or crashes since the update - great work.",
    "You haven't answered my urgent letter. I'll see you in court!",
    "Could you add a dark mode? It'd be great if it weren't so slow.",
    "My card was charged twice, please call me A.S.A.P.",
]


def in_message(text: str) -> Classification:
    return classify(subject="", message=text)


def test_signals_beyond_the_analysed_length_are_not_seen() -> None:
    assert in_message("word " * (READ_CHARACTERS[TicketText.MESSAGE] // 5) + "urgent").urgency is Urgency.LOW


@pytest.mark.parametrize(
    "text", ["not any refund, ", "out of office ", "a", "charged ", "is fixed, bug ", "\u200b", "?", "@ "]
)
def test_ten_megabytes_take_less_than_a_second(text: str) -> None:
    huge = text * (10_000_000 // len(text))
    started = time.process_time()
    classify(subject=huge, message=huge)
    assert time.process_time() - started < 1


def words() -> st.SearchStrategy[str]:
    """With and without meaning to the rules, so that random texts reach negation, lists and repairs."""
    meaning = sorted(filter(str.isalpha, pack_of(Language.EN).phrases.vocabulary))
    return st.sampled_from([*meaning, "can't", "isn't", "table", "Zürich", ".", ",", "?", "!"])


wordy_texts = st.one_of(
    st.lists(st.deferred(words), max_size=40).map(" ".join),  # not read where these tests are not run
    st.sampled_from(REAL),
)
texts = st.one_of(st.text(max_size=200), wordy_texts)


@given(subject=texts, message=texts)
def test_any_text_is_classified_and_always_alike(subject: str, message: str) -> None:
    assert classify(subject=subject, message=message) == classify(subject=subject, message=message)


@given(subject=texts, message=texts)
def test_what_is_not_low_requires_action(subject: str, message: str) -> None:
    result = classify(subject=subject, message=message)
    assert result.requires_action or result.urgency is Urgency.LOW


@given(
    text=wordy_texts,
    variant=st.sampled_from(
        [
            str.upper,
            str.title,
            lambda text: text.replace(" ", " \r\n\t "),
            lambda text: text.replace(" ", "\u00a0"),
            lambda text: text.replace("'", "\u2019"),
            lambda text: text.replace("'", ""),
            lambda text: text.replace("e", "e\u200b"),
            lambda text: f"\u202e{text}\x00",
        ]
    ),
)
def test_case_white_space_apostrophes_and_invisible_characters_change_nothing(
    text: str, variant: Callable[[str], str]
) -> None:
    varied, result = in_message(variant(text)), in_message(text)
    assert [getattr(varied, field) for field in FIELDS] == [getattr(result, field) for field in FIELDS]


@given(
    text=wordy_texts,
    neutral=st.sampled_from(["We are based in Lisbon.", "My number is 4411.", "It was raining on Tuesday."]),
)
def test_a_neutral_sentence_changes_no_urgency(text: str, neutral: str) -> None:
    alone = in_message(text)
    assume(alone.language is in_message(f"{text}. {neutral}").language)  # a few words may be French as well
    urgency = alone.urgency
    assert in_message(f"{text}. {neutral}").urgency is urgency
    assert in_message(f"{neutral} {text}").urgency is urgency
