import pytest

from documents.ticket import Language, Urgency
from services.classification.classifier import classify
from services.classification.multilingual import readings_of
from services.classification.reading import read_text

GERMAN = "Hallo, seit gestern kommen bei uns keine Bestellungen mehr an. Wir warten noch auf eine Antwort von euch."
SPANISH = "Hola, hice un pedido hace dos semanas y todavía no ha llegado. ¿Me pueden decir dónde está?"
URGENT = "The server is down and nobody can access their data."


def readings(subject: str, message: str) -> dict[Language, tuple[bool, frozenset[int] | None]]:
    parts = [read_text(text).said() for text in (subject, message)]
    return {reading.language: (reading.subject, reading.sentences) for reading in readings_of(*parts, said=parts[1])[1]}


def test_a_ticket_in_one_language_is_read_once() -> None:
    assert readings("Keine Bestellungen", GERMAN) == {Language.DE: (True, None)}


def test_the_language_is_that_of_the_message() -> None:
    assert classify(subject="Re: My order has not arrived yet", message=SPANISH).language is Language.ES
    assert classify(subject="Where is my order?", message="Hallo, wo bleibt meine Ware?").language is Language.DE


def test_the_language_is_that_of_the_subject_where_the_message_has_none() -> None:
    assert classify(subject="¿Dónde está mi pedido?", message="4711-0815").language is Language.ES
    assert classify(subject="Waar blijft mijn bestelling?", message="").language is Language.UNSUPPORTED


def test_a_subject_is_read_in_its_own_language() -> None:
    assert readings("Where is the order that I paid for?", SPANISH) == {
        Language.ES: (False, None),
        Language.EN: (True, frozenset()),
    }
    assert classify(subject="I cannot log in to my account", message=SPANISH).urgency is Urgency.MEDIUM


def test_a_subject_that_says_little_is_read_in_the_language_of_the_message() -> None:
    assert readings("Problem Login 4711", GERMAN) == {Language.DE: (True, None)}


def test_a_sentence_in_another_language_is_read_in_its_own() -> None:
    mixed = classify(subject="", message=f"{GERMAN} {URGENT} {GERMAN}")
    assert mixed.language is Language.DE
    assert mixed.urgency is Urgency.HIGH
    assert classify(subject="", message=GERMAN).urgency is not Urgency.HIGH


def test_a_sentence_that_does_not_tell_goes_with_the_one_before() -> None:
    assert readings("", f"{GERMAN} {URGENT} Urgent! {GERMAN}") == {
        Language.DE: (True, frozenset({0, 1, 4, 5, 6})),
        Language.EN: (False, frozenset({2, 3})),
    }


def test_a_quotation_in_another_language_does_not_change_the_language() -> None:
    english = "I wrote to you two weeks ago and have not had an answer since then. Your shop only sent me this message:"
    result = classify(subject="", message=f'{english} "Wir haben Ihre Anfrage erhalten." What does it mean?')
    assert result.language is Language.EN


def test_a_keyword_found_in_two_languages_is_reported_once() -> None:
    matched = classify(subject="Server down", message=f"{URGENT} {GERMAN} {URGENT}").matched
    assert len({(match.rule, match.keyword) for match in matched}) == len(matched)


LOG = """
2024-10-17 08:14:02,113 ERROR [pool-3] c.example.sync.Worker - connection to upstream failed, retrying in 30 seconds
Traceback (most recent call last):
  File "/srv/app/worker.py", line 118, in run
    self.client.send(batch)
ConnectionError: the remote host closed the connection without a response
java.lang.IllegalStateException: no session is open for this request
    at com.example.core.Session.current(Session.java:211)
    at com.example.core.Handler.handle(Handler.java:87)
"""
MAILS = {
    Language.DE: (
        "Hallo, seit gestern bricht der Abgleich immer ab. Könnt ihr euch das bitte ansehen?",
        "Danke und Grüße",
    ),
    Language.FR: ("Bonjour, la synchronisation s'arrête depuis hier. Pouvez-vous regarder ?", "Merci d'avance"),
    Language.ES: ("Hola, desde ayer se corta la sincronización. ¿Pueden revisarlo?", "Muchas gracias"),
    Language.PT: ("Olá, desde ontem a sincronização está parando. Podem verificar?", "Obrigado"),
    Language.IT: ("Buongiorno, da ieri la sincronizzazione si interrompe. Potete controllare?", "Grazie mille"),
}


@pytest.mark.parametrize("language", MAILS)
@pytest.mark.parametrize("repeated", [1, 20])
def test_a_log_in_a_mail_does_not_make_it_english(language: Language, repeated: int) -> None:
    before, after = MAILS[language]
    assert classify(subject="", message=f"{before}\n{LOG * repeated}\n{after}").language is language


def test_a_log_alone_is_in_no_foreign_language() -> None:
    assert classify(subject="", message=LOG).language is not Language.UNSUPPORTED
