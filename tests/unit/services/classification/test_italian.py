import pytest

from documents.ticket import Language, Sentiment, Urgency
from services.classification.classifier import Classification, classify


def read_italian(text: str) -> Classification:
    result = classify(subject="", message=text)
    assert result.language is Language.IT
    return result


@pytest.mark.parametrize(
    ("text", "keyword", "urgency"),
    [
        ("Vi denuncio alla polizia postale", "sue", Urgency.HIGH),
        ("Vi farò scrivere dal mio avvocato", "lawyer", Urgency.HIGH),
        ("Con la presente vi diffido dal procedere", "legal action", Urgency.HIGH),
        ("Pretendo il rimborso di quanto ho pagato", "refund", Urgency.HIGH),
        ("Ridatemi i miei soldi", "refund", Urgency.HIGH),
        ("Non volete rimborsarmi l'ordine?", "refund", Urgency.HIGH),
        ("Mi è stato addebitato due volte il canone", "charged twice", Urgency.HIGH),
        ("Mi avete addebitato un servizio che non ho mai attivato", "overcharged", Urgency.HIGH),
        ("C'è un addebito che non riconosco", "unauthorised charge", Urgency.HIGH),
        ("Mi hanno hackerato l'account", "hacked", Urgency.HIGH),
        ("Vedo le fatture di altri clienti", "data leak", Urgency.HIGH),
        ("Il sito è irraggiungibile da stamattina", "offline", Urgency.HIGH),
        ("Nessuno riesce ad accedere al gestionale", "nobody can access", Urgency.HIGH),
        ("Sono spariti tutti i dati dei clienti", "data loss", Urgency.HIGH),
        ("Non riesco ad entrare nel mio account", "cannot log in", Urgency.MEDIUM),
        ("L'app non funziona più da ieri", "not working", Urgency.MEDIUM),
        ("xke nn funziona lapp??", "not working", Urgency.MEDIUM),
        ("L'app si blocca di continuo", "crash", Urgency.MEDIUM),
        ("Il pacco è arrivato rotto", "broken", Urgency.MEDIUM),
        ("Oggi è tutto lentissimo", "slow", Urgency.MEDIUM),
        ("Voglio disdire l'abbonamento", "cancel", Urgency.MEDIUM),
        ("Dal mese prossimo cambio operatore", "churn", Urgency.MEDIUM),
        ("Sono davvero delusa dal vostro servizio", "disappointed", Urgency.MEDIUM),
        ("Nessuno risponde alle mie mail", "ignored", Urgency.MEDIUM),
    ],
)
def test_what_italian_tickets_say_is_found(text: str, keyword: str, urgency: Urgency) -> None:
    result = read_italian(text)
    assert (result.urgency, result.requires_action) == (urgency, True)
    assert keyword in {match.keyword for match in result.matched}


@pytest.mark.parametrize(
    "text",
    [
        "Non è urgente, grazie",
        "Non voglio un rimborso",
        "Non è nessuna truffa, è il mio abbonamento",
        "Non mi avete addebitato due volte",
        "Non ho nessun problema con l'account",
        "Non ci sono errori nel report",
        "Funziona tutto senza errori né blocchi",
        "Il sito non è mai andato giù",
        "Non credo che sia un difetto",
        "Non vogliamo disdire il contratto",
        "Cosa succede se il server va giù?",
        "Cosa fareste se ci fosse una fuga di dati?",
        "Qual è la vostra politica di rimborso?",
        "Ho letto che hanno hackerato una banca la settimana scorsa",
        "Con il nostro vecchio fornitore era sempre tutto giù",
        "Sono un avvocato e cerco un piano per il mio studio",
        "A causa dei lavori la sede chiude prima",
        "L'errore di ieri è stato risolto",
        "Ieri non riuscivo a entrare, ma ora funziona",
        "Il rimborso è arrivato sul conto",
        "Mi avete addebitato due volte ma poi me li avete restituiti",
    ],
)
def test_what_italian_tickets_deny_suppose_or_tell_as_over_does_not_fire(text: str) -> None:
    assert read_italian(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("Non pensate che non sia urgente", Urgency.HIGH),
        ("L'errore non è stato risolto", Urgency.MEDIUM),
        ("Avevano detto che il guasto era già risolto", Urgency.MEDIUM),
        ("Non è urgente, ma la stampante non funziona", Urgency.MEDIUM),
        ("Non solo è lento, fa anche un rumore strano", Urgency.MEDIUM),
        ("Il problema si è ripresentato", Urgency.MEDIUM),
    ],
)
def test_an_italian_negation_of_something_else_leaves_the_signal(text: str, urgency: Urgency) -> None:
    assert read_italian(text).urgency is urgency


@pytest.mark.parametrize(
    ("text", "sentiment", "requires_action"),
    [
        ("Grazie mille, servizio eccellente!", Sentiment.POSITIVE, False),
        ("Volevo fare i complimenti a Marco per la pazienza che ha avuto", Sentiment.POSITIVE, False),
        ("Potreste inviarmi la fattura? Grazie in anticipo", Sentiment.NEUTRAL, True),
        ("Non trovo dove si cambia l'indirizzo", Sentiment.NEUTRAL, True),
        ("Sarebbe bello poter esportare in Excel", Sentiment.NEUTRAL, False),
        ("Vi informiamo che l'ufficio resterà chiuso. Non è necessario rispondere", Sentiment.NEUTRAL, False),
        ("Non mi piace la nuova grafica", Sentiment.NEGATIVE, False),
        ("Grazie di niente", Sentiment.NEGATIVE, True),
    ],
)
def test_mood_and_need_for_action_of_italian_tickets(text: str, sentiment: Sentiment, requires_action: bool) -> None:
    result = read_italian(text)
    assert (result.sentiment, result.requires_action) == (sentiment, requires_action)
