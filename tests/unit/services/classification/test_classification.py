from collections.abc import Callable

import pytest

from documents.ticket import Sentiment, Urgency
from services.classification.classifier import Classification, classify


def in_subject(text: str) -> Classification:
    return classify(subject=text, message="")


def in_message(text: str) -> Classification:
    return classify(subject="", message=text)


def keywords(result: Classification) -> set[str]:
    return {match.keyword for match in result.matched}


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
