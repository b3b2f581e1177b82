"""Texts whose matter is settled, taken back, laughed at or only rehearsed; and those that merely look like it."""

import pytest

from documents.ticket import Sentiment, Urgency
from services.classification.classifier import Classification, classify

LOW_AND_POSITIVE = (Urgency.LOW, Sentiment.POSITIVE, False)


def labels(said: Classification) -> tuple[Urgency, Sentiment, bool]:
    return said.urgency, said.sentiment, said.requires_action


@pytest.mark.parametrize(
    "text",
    [
        "It works again. Thanks for your patience.",
        "Funktioniert wieder. Danke für Ihre Geduld.",
        "Ya funciona. Gracias por su paciencia.",
        "Ça marche de nouveau. Merci pour votre patience.",
        "Já funciona. Obrigado pela paciência.",
        "Ora funziona. Grazie per la pazienza.",
    ],
)
def test_thanks_for_anything_count_once_the_matter_is_settled(text: str) -> None:
    assert labels(classify(subject="", message=text)) == LOW_AND_POSITIVE


def test_thanks_for_patience_are_politeness_while_something_is_asked() -> None:
    said = classify(subject="", message="How do I export my contacts? Thanks for your patience.")
    assert labels(said) == (Urgency.LOW, Sentiment.NEUTRAL, True)


def test_a_withdrawal_goes_on_to_the_end_of_its_sentence() -> None:
    said = classify(subject="", message="Please ignore my last mail, the invoice I called wrong was last year's.")
    assert labels(said) == (Urgency.LOW, Sentiment.NEUTRAL, False)


def test_a_withdrawal_takes_nothing_back_of_what_is_so_now() -> None:
    said = classify(subject="", message="Please ignore my last mail, the whole shop is down now.")
    assert said.urgency is Urgency.HIGH


def test_what_the_subject_says_to_be_over_is_over_in_a_thankful_text() -> None:
    message = "I wrote to you in May since I was charged twice. Thank you so much."
    assert labels(classify(subject="All sorted", message=message)) == LOW_AND_POSITIVE
    assert classify(subject="My card", message=message).urgency is Urgency.HIGH


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("Re: Problem solved", "Sorry, the shop is down again. Thanks for looking."),
        ("Re: Problem gelöst", "Der Shop ist leider wieder offline. Danke fürs Nachsehen."),
        ("All sorted", "Thank you, but the whole shop is down."),
    ],
)
def test_what_goes_on_is_not_over_whatever_the_subject_says(subject: str, message: str) -> None:
    assert classify(subject=subject, message=message).urgency is Urgency.HIGH


@pytest.mark.parametrize(
    "text",
    [
        "Your cake is so good that I should sue you, haha!",
        "Ihre Pralinen sind kriminell gut, ich sollte Sie verklagen. Weiter so!",
        "Voy a tener que denunciarles: por culpa de su juego no duermo, jaja. ¡Es buenísimo!",
        "Vi denuncio: la vostra pizza è così buona che ho litigato con mia moglie, ahah. Complimenti!",
    ],
)
def test_a_laughing_threat_is_none(text: str) -> None:
    assert classify(subject="", message=text).urgency is Urgency.LOW


@pytest.mark.parametrize("text", ["Haha, very funny: you charged me twice again.", "You will hear from my lawyer."])
def test_laughter_takes_back_nothing_but_threats(text: str) -> None:
    assert classify(subject="", message=text).urgency is Urgency.HIGH


@pytest.mark.parametrize(
    "text",
    [
        "We are running a tabletop exercise. At nine nobody can log in. Whom should we call?",
        "Für unser Planspiel: Montag früh ist der Server weg, mittags droht einer mit dem Anwalt. Wen rufen wir an?",
        "Preparamos un simulacro para los jefes. A las nueve se caen todas las cajas. ¿A quién llamamos?",
    ],
)
def test_a_drill_is_no_outage(text: str) -> None:
    assert labels(classify(subject="", message=text)) == (Urgency.LOW, Sentiment.NEUTRAL, True)


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("This is no drill: nobody can log in.", Urgency.HIGH),
        ("Could you migrate our mailboxes? The old server crashes every hour.", Urgency.MEDIUM),
        ("Könnten Sie nachsehen, warum seit sechs Uhr keine einzige Filiale mehr kassieren kann?", Urgency.HIGH),
    ],
)
def test_a_request_supposes_nothing(text: str, urgency: Urgency) -> None:
    assert classify(subject="", message=text).urgency is urgency
