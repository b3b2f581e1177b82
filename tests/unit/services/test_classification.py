import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ticket import Sentiment, Urgency
from services.classification import MAX_MESSAGE_CHARACTERS, RULES, Classification, classify

LABELLED = [
    json.loads(line)
    for line in Path(__file__)
    .parents[2]
    .joinpath("data", "labelled_tickets.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
FIELDS = ("urgency", "sentiment", "requires_action")


def in_subject(text: str) -> Classification:
    return classify(subject=text, message="")


def in_message(text: str) -> Classification:
    return classify(subject="", message=text)


def keywords(result: Classification) -> set[str]:
    return {match.keyword for match in result.matched}


def wrong_tickets(tickets: list[dict[str, Any]], fields: tuple[str, ...]) -> list[dict[str, Any]]:
    wrong = []
    for ticket in tickets:
        result = classify(subject=ticket["subject"], message=ticket["message"])
        if any(getattr(result, field) != ticket[field] for field in fields):
            wrong.append(ticket)
    return wrong


@pytest.mark.parametrize("fields", [FIELDS, *[(field,) for field in FIELDS]], ids="+".join)
@pytest.mark.parametrize("split", ["tuned", "held_out"])
def test_at_least_95_percent_of_the_labelled_tickets_are_right(
    split: str, fields: tuple[str, ...], record_property: Callable[[str, object], None]
) -> None:
    tickets = [ticket for ticket in LABELLED if ticket["split"] == split]
    wrong = wrong_tickets(tickets, fields)
    accuracy = 1 - len(wrong) / len(tickets)
    record_property("accuracy", accuracy)
    assert accuracy >= 0.95, wrong


@pytest.mark.parametrize("field", FIELDS)
def test_every_label_occurs_at_least_ten_times_among_the_held_out_tickets(field: str) -> None:
    labels = [ticket[field] for ticket in LABELLED if ticket["split"] == "held_out"]
    expected = {"urgency": [*Urgency], "sentiment": ["negative", "neutral"], "requires_action": [True, False]}
    assert all(labels.count(label) >= 10 for label in expected[field])


# What the table of signals names, with inflections; `classify` must find each in the subject and in the message.
HIGH = {
    "lawsuit": ["We will file a lawsuit", "lawsuits are on their way"],
    "sue": ["I'll sue", "We are suing you", "I will sue you", "You are going to be sued"],
    "lawyer": ["My lawyer will write to you", "our lawyers are informed"],
    "attorney": ["I have asked an attorney", "Our attorneys disagree"],
    "legal action": ["We will take legal action"],
    "court": ["See you in court", "I take you to court", "The courts will decide"],
    "refund": ["I want a refund", "I demand a refund", "Refunds for both seats, please", "I want to be refunded"],
    "chargeback": ["I started a chargeback", "charge-back requested"],
    "charged twice": ["I was charged twice", "You charged my card twice", "A double charge", "billed twice"],
    "unauthorised charge": ["An unauthorised charge", "unauthorized charges on my card", "I never authorised this"],
    "fraud": ["This is fraud", "a fraudulent payment", "You are scammers"],
    "gdpr": ["A request under the GDPR", "GDPR", "Delete all my personal data"],
    "data breach": ["There was a data breach", "Our data was breached"],
    "data leak": ["This is a data leak", "Our customer list was leaked"],
    "hacked": ["My account was hacked", "Hackers are in our account"],
    "down": ["The site is down", "Your servers are down", "The API went down", "our website has been down for hours"],
    "outage": ["Is there an outage?", "Two outages in one week"],
    "nobody can access": ["Nobody can access the system", "No one can log in", "None of our users can log in"],
    "data loss": [
        "All my data is gone",
        "Our data has disappeared",
        "We lost all our data",
        "Data loss after an update",
    ],
    "urgent": ["This is urgent", "We urgently need a reply", "URGENT"],
    "asap": ["Please answer ASAP", "asap", "as soon as possible please"],
    "immediately": ["Call me immediately", "I need immediate help"],
    "emergency": ["This is an emergency", "Emergency!"],
    "critical": ["A critical problem", "This is critical"],
}
MEDIUM = {
    "broken": ["The link is broken", "It broke yesterday"],
    "bug": ["I found a bug", "So many bugs"],
    "error": ["I get an error", "Errors everywhere"],
    "crash": ["The app crashes", "It crashed again", "constant crashing"],
    "not working": [
        "It is not working",
        "It isn't working",
        "it doesnt work",
        "Search does not work",
        "stopped working",
    ],
    "cannot log in": [
        "I cannot log in",
        "I can't log-in",
        "cant login",
        "I am unable to sign in",
        "We couldn't log in",
    ],
    "login issue": ["A login issue", "login issues", "Log-in problem"],
    "failed": ["The payment failed", "Uploads are failing", "It fails every time"],
    "slow": ["It is slow", "The site has become very slow", "Pages load slowly"],
    "cancel": ["I want to cancel", "Cancel my plan", "We are cancelling", "Cancellation of our contract"],
    "angry": ["I am angry"],
    "furious": ["I'm furious"],
    "unacceptable": ["This is unacceptable"],
    "disappointed": ["I am disappointed", "A disappointing answer", "What a disappointment"],
}
SIGNALS = [
    pytest.param(text, keyword, urgency, id=text)
    for urgency, table in ((Urgency.HIGH, HIGH), (Urgency.MEDIUM, MEDIUM))
    for keyword, texts in table.items()
    for text in texts
]


@pytest.mark.parametrize(("text", "keyword", "urgency"), SIGNALS)
@pytest.mark.parametrize("place", [in_subject, in_message])
def test_a_signal_sets_the_urgency_and_is_reported(
    place: Callable[[str], Classification], text: str, keyword: str, urgency: Urgency
) -> None:
    result = place(text)
    assert (result.urgency, result.requires_action) == (urgency, True)
    assert keyword in keywords(result)


@pytest.mark.parametrize(
    "text",
    [
        "This is not urgent",
        "It isn't urgent at all",
        "There's no rush",
        "No hurry, take your time",
        "Nothing is broken",
        "It is no longer broken",
        "I don't want a refund",
        "I do not want you to give me a refund",
        "I'm not asking for a refund",
        "No refund needed",
        "We are not going to sue you",
        "There is no need for a lawyer",
        "We won't take legal action",
        "There was no data breach",
        "My account wasn't hacked",
        "I was not charged twice",
        "The site isn't down",
        "The site is no longer down",
        "There is no outage",
        "No data was lost",
        "This is not an emergency",
        "It's not critical",
        "You don't need to answer immediately",
        "It doesn't crash",
        "The app does not crash, freeze or lag",
        "It never crashed",
        "I have not seen any errors or bugs",
        "It ran without any errors, crashes or bugs",
        "No errors so far",
        "The upload didn't fail",
        "It is not slow",
        "We do not want to cancel",
        "I am neither angry nor disappointed",
        "I'm not disappointed",
        "I don't think this is a bug",
        "What happens if a payment fails?",
    ],
)
@pytest.mark.parametrize("place", [in_subject, in_message])
def test_a_negated_signal_does_not_fire(place: Callable[[str], Classification], text: str) -> None:
    assert place(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("It is not only slow, it loses my work", "slow"),
        ("Not urgent, but the export is broken", "broken"),
        ("You have not answered my urgent letter", "urgent"),
        ("The update did not fix the bug", "bug"),
        ("The bug is not fixed", "bug"),
        ("When will the bug be fixed?", "bug"),
        ("You said the crash was fixed", "crash"),
        ("It worked, then it crashed", "crash"),
        ("I can't open the file because of an error", "error"),
        ("I don't understand why the import fails", "failed"),
        ("No answer, no refund, only excuses: I want my money back", "refund"),
        ("I have not received my refund", "refund"),
        ("I never received the parcel", "not received"),
        ("Without your help I can't log in", "cannot log in"),
    ],
)
def test_a_negation_of_something_else_leaves_the_signal(text: str, keyword: str) -> None:
    assert keyword in keywords(in_message(text))


@pytest.mark.parametrize(
    "text",
    [
        "The login issue is fixed now",
        "The crash has been resolved",
        "The site was down but it is back up",
        "I couldn't log in yesterday. It works again.",
        "Thanks for fixing the bug",
    ],
)
def test_what_has_been_repaired_does_not_fire(text: str) -> None:
    assert in_message(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    "text",
    [
        "Where is the issue tracker?",
        "You were courteous",
        "I pursue a degree",
        "Download the file",
        "Insurgents, terrors and debugging",
        "Please slow down the video",
        "Can the report break down costs by team?",
        "Write down the address",
        "When I scroll down",
        "A count down timer",
        "How large is the down payment?",
        "Our tennis court is free",
        "What is your refund policy?",
        "Thanks Sue",
        "I spoke to Sue on Monday",
        "Your tool is critical to our success",
        "I found it by trial and error",
        "Fill in the emergency contact field",
        "The answer came immediately after lunch",
        "Is there a bug bounty program?",
        "See https://example.com/urgent/refund or write to fraud@example.com",
    ],
)
def test_a_false_friend_does_not_fire(text: str) -> None:
    assert in_message(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("Refund", "I don't want a refund."),
        ("Refund", "What is your refund policy?"),
        ("Emergency", "How do I edit the emergency contact?"),
        ("Crash", "The app no longer crashes."),
    ],
)
def test_a_subject_that_the_message_takes_back_does_not_fire(subject: str, message: str) -> None:
    assert classify(subject=subject, message=message).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Thank you very much!", Sentiment.POSITIVE),
        ("I love your product", Sentiment.POSITIVE),
        ("Great work, keep it up", Sentiment.POSITIVE),
        ("Your team is not only fast but also helpful", Sentiment.POSITIVE),
        ("Where is the manual? Thanks in advance", Sentiment.NEUTRAL),
        ("Please send the invoice. Thanks", Sentiment.NEUTRAL),
        ("It would be great to get a call", Sentiment.NEUTRAL),
        ("Urgent: please call me", Sentiment.NEUTRAL),
        ("Please cancel my subscription", Sentiment.NEUTRAL),
        ("I request my data under the GDPR", Sentiment.NEUTRAL),
        ("I love the app but it crashes", Sentiment.NEGATIVE),
        ("Thanks for the quick answer, but this is unacceptable", Sentiment.NEGATIVE),
        ("I will sue you", Sentiment.NEGATIVE),
        ("The site is down", Sentiment.NEGATIVE),
        ("I don't like the new colours", Sentiment.NEGATIVE),
    ],
)
def test_negative_wins_and_courtesy_is_not_praise(text: str, sentiment: Sentiment) -> None:
    assert in_message(text).sentiment is sentiment


@pytest.mark.parametrize(
    ("text", "requires_action"),
    [
        ("Could you send me the invoice?", True),
        ("Please change our address", True),
        ("How do I export my contacts", True),
        ("I have a question about my plan", True),
        ("Thanks for the great support. Can you also send the slides?", True),
        ("Thank you all!", False),
        ("The new dashboard looks clean", False),
        ("Please add dark mode", False),
        ("It would be great if the app had a dark mode", False),
        ("Feature request: please support webhooks. How do I change my name?", True),
        ("Please note that our office is closed on Friday", False),
        ("Just for your information: we have moved", False),
        ("No need to reply, please ignore this mail", False),
        ("", False),
        (" \n\t", False),
    ],
)
def test_low_urgency_requires_action_only_where_something_is_asked_for(text: str, requires_action: bool) -> None:
    result = in_message(text)
    assert (result.urgency, result.requires_action) == (Urgency.LOW, requires_action)


def test_matches_name_rule_keyword_and_the_words_found() -> None:
    matched = classify(subject="Re: plan", message="You CHARGED my card  twice!").matched
    assert [(match.rule, match.keyword, match.text) for match in matched] == [
        ("money_dispute", "charged twice", "charged my card twice")
    ]


def test_a_keyword_is_reported_once() -> None:
    assert [match.keyword for match in in_message("An error. Another error.").matched] == ["error"]


def test_keywords_are_plain_lower_case_terms() -> None:
    named = {match.keyword for ticket in LABELLED for match in in_message(ticket["message"]).matched}
    assert all(keyword == keyword.lower() and keyword.replace(" ", "").isalpha() for keyword in named)


def test_signals_beyond_the_analysed_length_are_not_seen() -> None:
    assert in_message("word " * (MAX_MESSAGE_CHARACTERS // 5) + "urgent").urgency is Urgency.LOW


@pytest.mark.parametrize("text", ["not any refund, ", "a", "charged ", "is fixed, bug ", "\u200b", "?", "@ "])
def test_ten_megabytes_take_less_than_a_second(text: str) -> None:
    huge = text * (10_000_000 // len(text))
    started = time.process_time()
    classify(subject=huge, message=huge)
    assert time.process_time() - started < 1


# Words with and without meaning to the rules, so that random texts reach negation, lists and repairs.
WORDS = [*sorted(filter(str.isalpha, RULES.phrases.vocabulary)), "can't", "isn't", "table", "Zürich"]
wordy_texts = st.lists(st.sampled_from([*WORDS, ".", ",", "?", "!"]), max_size=40).map(" ".join)
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
    urgency = in_message(text).urgency
    assert in_message(f"{text}. {neutral}").urgency is urgency
    assert in_message(f"{neutral} {text}").urgency is urgency
