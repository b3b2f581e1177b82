from concurrent.futures import ThreadPoolExecutor

import pytest

from documents.ticket import Language
from services.classification.languages import pack_inflections
from services.classification.phrases import PhraseBook

ENGLISH = pack_inflections(Language.EN)
MACROS = {"not": "not, no longer, isnt", "state": "very {mood}, {mood}", "mood": "happy/glad"}


def found(phrases: str, text: str) -> list[str]:
    book = PhraseBook[str](MACROS, ENGLISH)
    book.add(phrases, "entry")
    words = text.split()
    return [" ".join(words[hit.start : hit.end]) for hit in book.find(words)]


@pytest.mark.parametrize(
    ("phrases", "text", "hits"),
    [
        ("sue", "the issue with sue", ["sue"]),
        ("log in, login", "login or log in", ["login", "log in"]),
        ("want/need money", "want money need money", ["want money", "need money"]),
        ("site is [very] slow", "site is slow site is very slow", ["site is slow", "site is very slow"]),
        ("refund~", "refund refunds refunded refunding refunder", ["refund", "refunds", "refunded", "refunding"]),
        ("charged * twice", "charged twice", ["charged twice"]),
        ("charged * twice", "charged my new card twice", ["charged my new card twice"]),
        ("charged * twice", "charged my very new card twice", []),
        ("a -ausfall", "a ausfall a serverausfall a ausfallzeit", ["a ausfall", "a serverausfall"]),
        (
            "a -ausfall, serverausfall",
            "serverausfall a serverausfall",
            ["serverausfall", "a serverausfall", "serverausfall"],
        ),
        ("said [^] that", "said , that said that", ["said , that", "said that"]),
        ("charged * twice", "charged . twice", []),
        ("{not} working", "isnt working no longer working", ["isnt working", "no longer working"]),
        ("{state}", "very glad", ["very glad", "glad"]),
        ("^ how to", "how to , how to and how to", ["how to", "how to"]),
        ("not happy, not", "not happy not glad", ["not happy", "not"]),
        ("?", "why ?", ["?"]),
        ("a b, b c", "a b c", ["a b", "b c"]),
        ("word", "", []),
    ],
)
def test_the_longest_phrase_at_each_position_is_found(phrases: str, text: str, hits: list[str]) -> None:
    assert found(phrases, text) == hits


def test_of_equal_phrases_the_first_counts() -> None:
    book = PhraseBook[str]({}, ENGLISH)
    book.add("cash back", "first")
    book.add("cash/money back", "second")
    assert [hit.entry for hit in book.find(["cash", "back", "money", "back"])] == ["first", "second"]


def test_a_phrase_added_after_a_search_is_found() -> None:
    book = PhraseBook[str]({}, ENGLISH)
    book.add("one", "1")
    book.find(["one", "two"])
    book.add("one two", "12")
    assert [hit.entry for hit in book.find(["one", "two"])] == ["12"]


def test_an_unknown_macro_is_refused() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        found("{nowhere}", "")


def test_an_empty_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="empty choice"):
        found("one//two", "")


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("charge", {"charge", "charges", "charged", "charging"}),
        ("deny", {"deny", "denies", "denied", "denying"}),
        ("crash", {"crash", "crashes", "crashed", "crashing"}),
        ("cancel", {"cancel", "cancels", "canceled", "cancelled", "canceling", "cancelling"}),
        ("delay", {"delay", "delays", "delayed", "delaying"}),
    ],
)
def test_inflections_are_those_of_english(word: str, forms: set[str]) -> None:
    assert ENGLISH.forms(word) == forms


def test_threads_may_share_a_book_that_is_still_being_built() -> None:
    words = ("alpha beta gamma delta epsilon zeta " * 50).split()
    for _ in range(20):
        book = PhraseBook[str]({}, ENGLISH)
        book.add(", ".join(f"{first} {second}" for first in set(words) for second in set(words)), "entry")
        with ThreadPoolExecutor(8) as threads:
            counts = set(threads.map(lambda _, book=book: len(book.find(words)), range(8)))
        assert counts == {len(words) - 1}


def test_a_gap_stands_for_no_barrier() -> None:
    book = PhraseBook[str](MACROS, ENGLISH, frozenset(["not"]))
    book.add("want * refund", "entry")
    assert len(book.find(["i", "want", "my", "refund"])) == 1
    assert book.find(["i", "want", "not", "a", "refund"]) == []
