"""Each reason of a classification says which words of which text it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ticket import Urgency
from services.classification import classify
from services.classification.judging import RULES_ALONE
from services.classification.reading import TicketText, read_text

PIECES = ["the site is down", "Refund", "<b>urgent</b>", "charged&nbsp;twice", "my lawyer", "can\u2019t log\nin", "not"]
PIECES += [
    "naïve ﬁles",
    "n'arrive pas",
    "Straße",
    ". ",
    ", ",
    "\n\n",
    "> ",
    "\nOn 3 June, Anna wrote:\n",
    "thanks",
    "<p>",
]
PIECES += ["-- Dana Roe"]
texts = st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join)


@given(texts, texts, texts)
def test_what_stands_there_has_the_words(subject: str, message: str, replies: str) -> None:
    originals = {"subject": subject, "message": message, "replies": replies}
    for reason in classify(subject=subject, message=message, replies=replies).matched:
        assert reason.field is not None
        original = originals[reason.field][reason.start : reason.end]
        read = read_text(original, TicketText.SUBJECT)
        assert reason.text in (" ".join(read.words), " ".join(read.parted().words))


def places(**originals: str) -> list[tuple[str, str | None, str]]:
    matched = classify(**({"subject": "", "message": ""} | originals)).matched
    return [
        (reason.keyword, reason.field, originals[reason.field or ""][reason.start : reason.end]) for reason in matched
    ]


def test_reasons_stand_in_the_text_they_were_found_in() -> None:
    found = places(subject="Refund", message="<p>It is <b>ur</b>gent!</p>", replies="😀 The\nsite is&nbsp;down")
    assert ("refund", "subject", "Refund") in found
    assert ("urgent", "message", "ur</b>gent") in found
    assert ("down", "replies", "site is&nbsp;down") in found


def test_a_reason_has_no_full_stop() -> None:
    assert ("urgent", "message", "urgent") in places(message="Is it not only urgent?! We are on fire.")


def test_quoted_words_are_no_reason() -> None:
    found = places(message="> urgent\nThanks, urgent.")
    assert found == [("thanks", "message", "Thanks"), ("urgent", "message", "urgent")]


@pytest.mark.parametrize("replies", ["I am out of the office. For urgent matters call Max.", "", "> urgent"])
def test_replies_that_only_quote_or_were_written_by_nobody_say_nothing(replies: str) -> None:
    alone = classify(subject="Seats", message="How many seats can we have?")
    later = classify(subject="Seats", message="How many seats can we have?", replies=replies)
    assert (later.urgency, later.matched) == (alone.urgency, alone.matched)


def test_a_judge_counts_what_was_written_later() -> None:
    judged = RULES_ALONE.judge(subject="Seats", message="How many seats?", replies="The site is down.")
    assert judged.urgency is Urgency.HIGH
    assert {reason.field for reason in judged.matched if reason.keyword == "down"} == {"replies"}
