"""German as people write it: negation behind the verb, compounds, inflection, frames, registers."""

import pytest

from documents.ticket import Sentiment, Urgency
from services.classification.classifier import Classification, classify


def judged(text: str) -> Classification:
    # So that a text of three words is known to be German.
    return classify(subject="", message=f"Guten Tag, ich schreibe Ihnen. {text}")


@pytest.mark.parametrize(
    "text",
    [
        "Das ist nicht dringend.",
        "Es eilt nicht.",
        "Es hat keine Eile.",
        "Dringend ist das nicht.",
        "Wir haben keine Störung.",
        "Die App stürzt nicht ab.",
        "Es gibt keine Fehler.",
        "Ich glaube nicht, dass das ein Fehler ist.",
        "Ich möchte keine Rückerstattung.",
        "Einen Anwalt brauche ich nicht.",
        "Wir wollen den Vertrag nicht kündigen.",
        "Ich bin nicht verärgert.",
        "Der Fehler tritt nicht mehr auf.",
        "Das Problem wurde behoben.",
        "Der Server war down, läuft aber wieder.",
        "Was passiert, wenn der Server ausfällt?",
        "Falls eine Zahlung fehlschlägt, werde ich dann benachrichtigt?",
        "Bei unserem alten Anbieter gab es ständig Ausfälle.",
        "Ich habe von einem Datenleck bei einem anderen Anbieter gelesen.",
        "Wie lang ist die Kündigungsfrist?",
        "Welches Gericht aus der Speisekarte ist vegan?",
        "Wo ist der Notausgang?",
    ],
)
def test_what_is_denied_repaired_or_imagined_does_not_fire(text: str) -> None:
    assert judged(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("Der Drucker funktioniert nicht.", "not working"),
        ("Heute funktioniert der Drucker leider nicht.", "not working"),
        ("Sie schreiben, dass er nicht mehr funktioniert.", "not working"),
        ("Die Datei lässt sich nicht öffnen.", "cannot use"),
        ("Ich kann mich nicht mehr anmelden.", "cannot log in"),
        ("Ich komme nicht in mein Konto.", "cannot log in"),
        ("Die App stürzt beim Start ab.", "crash"),
        ("Sie ist schon abgestürzt.", "crash"),
        ("Seit gestern stürzt die App jedes Mal beim Start ab.", "crash"),
        ("Wir hatten einen Serverausfall.", "outage"),
        ("Das ist ein Verbindungsfehler.", "error"),
        ("Das Gerät ist defekt.", "broken"),
        ("Das ist eine defekte Lampe.", "broken"),
        ("Die Rechnung wurde doppelt abgebucht.", "charged twice"),
        ("Sie buchen den Betrag zweimal ab.", "charged twice"),
        ("Ich verlange mein Geld zurück.", "refund"),
        ("Ich schalte meinen Rechtsanwalt ein.", "lawyer"),
        ("Ich setze Ihnen eine Frist.", "legal action"),
        ("Hiermit kündige ich den Vertrag.", "cancel"),
        ("Der Vertrag ist gekündigt.", "cancel"),
        ("Das ist eine Unverschämtheit.", "unacceptable"),
        ("Ich bin sehr enttäuscht.", "disappointed"),
        ("Niemand kann sich anmelden.", "nobody can access"),
        ("Ich sehe die Rechnungen anderer Kunden.", "data leak"),
        ("Das ist nicht gelöst, der Fehler bleibt.", "error"),
        ("Sie haben den Fehler nicht behoben.", "error"),
        ("Glauben Sie nicht, dass das nicht dringend ist.", "urgent"),
        ("Es vergeht kein Tag, an dem die App nicht abstürzt.", "crash"),
    ],
)
def test_what_is_said_fires(text: str, keyword: str) -> None:
    assert keyword in {match.keyword for match in judged(text).matched}


@pytest.mark.parametrize("spelled", ["Störung", "Stoerung", "Storung", "STÖRUNG"])
def test_umlauts_may_be_spelled_as_people_do(spelled: str) -> None:
    assert judged(f"Wir haben eine {spelled}.").urgency is Urgency.HIGH


@pytest.mark.parametrize(
    ("text", "sentiment", "requires_action"),
    [
        ("Vielen Dank für die schnelle Hilfe!", Sentiment.POSITIVE, False),
        ("Bitte senden Sie mir die Rechnung. Vielen Dank im Voraus!", Sentiment.NEUTRAL, True),
        ("Es wäre schön, wenn man sortieren könnte.", Sentiment.NEUTRAL, False),
        ("Danke für nichts.", Sentiment.NEGATIVE, True),
        ("Die neue Oberfläche gefällt mir sehr gut.", Sentiment.POSITIVE, False),
        ("Die neue Oberfläche gefällt mir nicht.", Sentiment.NEGATIVE, False),
        ("Ich finde nirgends die Einstellungen.", Sentiment.NEUTRAL, True),
    ],
)
def test_mood_and_need_for_action(text: str, sentiment: Sentiment, requires_action: bool) -> None:
    result = judged(text)
    assert (result.sentiment, result.requires_action) == (sentiment, requires_action)
