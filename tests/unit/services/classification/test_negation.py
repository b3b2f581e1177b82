import pytest

from documents.ticket import Urgency
from services.classification.classifier import classify


def urgency(text: str) -> Urgency:
    return classify(subject="", message=text).urgency


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
def test_a_negated_signal_does_not_fire(text: str) -> None:
    assert urgency(text) is Urgency.LOW
    assert classify(subject=text, message="").urgency is Urgency.LOW


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
    assert keyword in {match.keyword for match in classify(subject="", message=text).matched}


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
    assert urgency(text) is Urgency.LOW


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


def test_a_question_mark_ends_a_negation() -> None:
    assert classify(subject="", message="Cancellation without fees?").requires_action


@pytest.mark.parametrize(
    ("subject", "expected"), [("Data loss", Urgency.LOW), ("Our data is gone since Monday", Urgency.HIGH)]
)
def test_a_short_subject_only_names_what_the_text_supposes(subject: str, expected: Urgency) -> None:
    assert classify(subject=subject, message="What happens if a server fails?").urgency is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't think our data isn't gone.", Urgency.HIGH),
        ("Glauben Sie nicht, dass unsere Daten nicht weg sind.", Urgency.HIGH),
        ("On ne peut pas dire que l'application ne plante plus.", Urgency.MEDIUM),
        ("Never said that the bug is fixed.", Urgency.MEDIUM),
        ("Non pensate che non ci sia fretta.", Urgency.HIGH),
        ("glauben sie nicht dass ich mein geld nicht zurück will.", Urgency.HIGH),
        ("I don't think our data is gone.", Urgency.LOW),
        ("Please tell me how to get a refund.", Urgency.HIGH),
        ("Creo que no se ha perdido nada.", Urgency.LOW),
    ],
)
def test_a_denied_negation_is_read_as_if_neither_were_there(text: str, expected: Urgency) -> None:
    assert urgency(text) is expected


def test_the_reason_of_a_denied_negation_names_the_words_as_they_stand() -> None:
    text = "Don't think our data isn't gone."
    matched = classify(subject="", message=text).matched
    assert [rule.text for rule in matched] == ["our data isn't gone"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My account was hacked, but your team restored everything. Thank you!", Urgency.LOW),
        ("Your team restored everything, thank you, but my card was charged twice.", Urgency.HIGH),
    ],
)
def test_thanks_settle_what_was_before_a_solution_unless_a_but_follows(text: str, expected: Urgency) -> None:
    assert urgency(text) is expected
