import pytest

from services.classification.reading.labels import is_first_name, is_label, is_title


@pytest.mark.parametrize(
    "line",
    [
        "Dana Roe",
        "Dr. Maria de la Cruz, Abogada",
        "Rechtsanwältin für Datenschutz | Acme GmbH & Co. KG",
        "LEGAL COUNSEL & DATA BREACH OFFICER",
        "Head of IT",
        "12 Court Street, London",
        "dana.roe@example.com",
        "Tel. +49 30 1234567",
        "mobile: +44 20 7946 0000",
        "www.example.com",
        "***",
    ],
)
def test_names_titles_and_addresses_are_labels(line: str) -> None:
    assert is_label(line)


@pytest.mark.parametrize("line", ["Chief executive officer", "Avocate au barreau de Paris", "Responsabile ufficio"])
def test_a_title_may_have_small_words(line: str) -> None:
    assert is_title(line)
    assert not is_label(line)


@pytest.mark.parametrize(
    "line",
    [
        "the site is down",
        "The site is down",
        "THE SITE IS DOWN AND NOBODY HELPS",
        "Please call me",
        "Nothing works since Monday.",
        "Die Seite ist kaputt",
        "Ça ne marche pas",
        "No funciona nada todavía",
        "Não funciona nada ainda",
        "Non funziona ancora niente",
        "Call me on +49 30 1234567 because the site broke again",
        "Is Dana There?",
    ],
)
def test_sentences_are_neither(line: str) -> None:
    assert not is_label(line)
    assert not is_title(line)
    assert not is_first_name(line)


def test_names_may_be_small() -> None:
    assert is_first_name("dana")
    assert is_first_name("dana roe")
    assert not is_first_name("is down")
