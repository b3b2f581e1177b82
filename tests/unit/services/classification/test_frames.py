"""Texts that speak of what is not so or not here, that take back what they said, and that only hint at trouble."""

import pytest

from documents.ticket import Sentiment, Urgency
from services.classification.classifier import classify


def urgency(text: str) -> Urgency:
    return classify(subject="", message=text).urgency


@pytest.mark.parametrize(
    "text",
    [
        "What would you do if the service went down?",
        "Let's say my account gets hacked, could you restore it?",
        "Suppose my laptop gets stolen. Can I deactivate the licence?",
        "How do you handle a data breach?",
        "Would you refund me if the concert is cancelled?",
        "Were your data centre to burn, would our files be lost?",
        "I read about the data breach at another vendor.",
        "Our old tool crashed daily and lost our files.",
        "Our current provider was hacked twice, so we look for a safer one.",
        "A friend had her account hacked on another site.",
        "Is the talk about fraud and lawsuits recorded?",
        "Test message, please ignore. URGENT outage, lawsuit, refund.",
        "Urgent offer: fraud protection! Unsubscribe here.",
        "My card was charged twice. Never mind, it was only a reservation.",
    ],
)
def test_what_is_supposed_or_of_others_is_no_alarm(text: str) -> None:
    assert urgency(text) is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What would you do if the site went down? Because that is exactly what happened.", Urgency.HIGH),
        ("Our site is down. What happens if it does not come back?", Urgency.HIGH),
        ("Our old tool crashed daily, but yours has now lost all our data.", Urgency.HIGH),
        ("I read that you had a data breach.", Urgency.HIGH),
        ("The site is down, is that so at another vendor as well?", Urgency.LOW),
    ],
)
def test_a_frame_ends_with_its_sentence_or_where_the_writer_turns_to_what_is(text: str, expected: Urgency) -> None:
    assert urgency(text) is expected


@pytest.mark.parametrize(
    ("question", "report"),
    [
        ("Before we buy more seats: which plan would you recommend?", "Unrelated: our production is down."),
        ("Bevor wir kaufen: welchen Tarif empfehlen Sie?", "Übrigens ist unser Shop komplett ausgefallen."),
        ("Antes de comprar, ¿qué plan recomiendan?", "Por cierto, nuestra cuenta fue hackeada."),
        ("Avant de commander, quel forfait conseillez-vous ?", "Par ailleurs, notre site est en panne."),
        ("Prima di acquistare, quale piano consigliate?", "Inoltre nessuno riesce ad accedere al sito."),
        ("Antes de comprar, que plano recomendam?", "Além disso, a nossa conta foi hackeada."),
    ],
)
def test_who_asks_before_buying_may_report_something_of_their_own(question: str, report: str) -> None:
    assert urgency(question) is Urgency.LOW
    assert urgency(f"{question} {report}") is urgency(report) is Urgency.HIGH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't think this isn't urgent.", Urgency.HIGH),
        ("It's not that it's not urgent.", Urgency.HIGH),
        ("I don't think this is urgent.", Urgency.LOW),
        ("I wouldn't say I'm not happy with it.", Urgency.LOW),
    ],
)
def test_a_negation_inside_a_denial_lifts_it(text: str, expected: Urgency) -> None:
    assert urgency(text) is expected


def test_a_withdrawal_takes_back_what_was_said_before_it_and_not_what_is_asked_after() -> None:
    taken_back = classify(subject="Refund", message="Never mind, found it.")
    assert (taken_back.urgency, taken_back.requires_action) == (Urgency.LOW, False)
    assert urgency("I was charged twice. Ignore my last message. Now the site is down.") is Urgency.HIGH
    assert classify(subject="", message="Never mind, found it. How do I change my name?").requires_action


def test_one_hint_says_nothing_and_two_are_a_complaint() -> None:
    assert urgency("It shows the logo since the update.") is Urgency.LOW
    two = classify(subject="", message="It shows the logo every time since the update.")
    assert (two.urgency, two.sentiment) == (Urgency.MEDIUM, Sentiment.NEGATIVE)
    assert {match.rule for match in two.matched} == {"trouble"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("All our tablets freeze at the login picture.", Urgency.HIGH),
        ("Toute l'équipe tourne un peu en rond : le planning ne s'ouvre pas.", Urgency.HIGH),
        ("My tablet freezes at the login picture.", Urgency.MEDIUM),
        ("All our colleagues find the report slow.", Urgency.MEDIUM),
        ("Can all our colleagues use one licence?", Urgency.LOW),
    ],
)
def test_what_blocks_many_is_an_outage_and_what_is_only_slow_for_them_is_none(text: str, expected: Urgency) -> None:
    assert urgency(text) is expected


def test_hints_say_nothing_beside_praise_or_a_wish() -> None:
    praise = classify(subject="", message="I love the logo that it shows every time since the update.")
    assert (praise.urgency, praise.sentiment) == (Urgency.LOW, Sentiment.POSITIVE)


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Wonderful. My parcel has now spent a week in a depot since Monday.", Sentiment.NEGATIVE),
        ("Great job, three hours without our files. Just brilliant.", Sentiment.NEGATIVE),
        ("Thanks for nothing.", Sentiment.NEGATIVE),
        ("Wonderful. My parcel came on Monday.", Sentiment.POSITIVE),
        ("Great job, everybody!", Sentiment.POSITIVE),
    ],
)
def test_praise_beside_trouble_is_irony(text: str, sentiment: Sentiment) -> None:
    assert classify(subject="", message=text).sentiment is sentiment


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("😤😤 ❌ checkout", Sentiment.NEGATIVE),
        ("still no courier 🙄", Sentiment.NEGATIVE),
        ("👎", Sentiment.NEGATIVE),
        ("😭😭😭", Sentiment.NEGATIVE),
        ("🎉 👍🏽", Sentiment.POSITIVE),
        ("🙏", Sentiment.POSITIVE),
        ("Could you send the invoice 🙏", Sentiment.NEUTRAL),
        ("Paczka nie dotarła do mnie od tygodnia 😡", Sentiment.NEGATIVE),
    ],
)
def test_emoji_say_the_same_in_all_languages(text: str, sentiment: Sentiment) -> None:
    assert classify(subject="", message=text).sentiment is sentiment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My internet is dead, but at another provider.", Urgency.LOW),
        ("Mein Internet ist seit Montag tot, aber bei einem anderen Anbieter.", Urgency.LOW),
        ("My internet is dead, but at another provider it works.", Urgency.HIGH),
        ("My internet is dead. But at another provider.", Urgency.HIGH),
    ],
)
def test_a_frame_alone_behind_a_but_is_about_the_words_before_it(text: str, expected: Urgency) -> None:
    assert urgency(text) is expected


def test_a_frame_that_ends_with_a_question_mark_asks() -> None:
    asked = classify(subject="", message="El programa se cuelga a diario. ¿Podemos pasarnos a vosotros?")
    assert (asked.urgency, asked.requires_action) == (Urgency.LOW, True)


@pytest.mark.parametrize(
    ("subject", "message", "expected"),
    [
        ("Re: Site down", "Thank you, could you also send me the invoice?", Urgency.LOW),
        ("AW: Störung", "Danke, ich hätte gern noch die Rechnung.", Urgency.LOW),
        ("Fwd: fraud warning", "Is this mail really from you?", Urgency.LOW),
        ("Site down", "Could you also send me the invoice?", Urgency.HIGH),
        ("Re: Site down", "Any news on this?", Urgency.HIGH),
        ("Re: Site down", "The error is still there.", Urgency.HIGH),
        ("Re: Site down", "", Urgency.HIGH),
    ],
)
def test_the_subject_of_a_reply_only_names_its_topic(subject: str, message: str, expected: Urgency) -> None:
    assert classify(subject=subject, message=message).urgency is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wenn ich die App öffne, stürzt sie ab.", Urgency.MEDIUM),
        ("Was kostet es, wenn ich storniere?", Urgency.LOW),
    ],
)
def test_a_german_if_is_a_supposition_only_in_a_question(text: str, expected: Urgency) -> None:
    assert urgency(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "I thought I had cancelled and you charged me twice.",
        "Laut Sendungsverfolgung sollte die Lieferung gestern kommen, sie ist nicht da.",
        "Disons que je suis très déçu de votre service.",
        "Diciamo che sono molto deluso dal vostro servizio.",
        "Could you transfer our data back? Our whole shop is down.",
    ],
)
def test_words_that_suppose_elsewhere_take_back_no_report(text: str) -> None:
    assert urgency(text) is not Urgency.LOW
