"""What a ticket is found by, and what a search demands."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.classification.reading.markup import visible_text
from services.errors import InvalidInputError
from services.search.indexing import INDEX_BATCH
from services.search.query import COMMON_WORDS, MAX_SEARCH_CHARACTERS, parse_search
from services.search.ranking import RANKED_CHARACTERS
from services.search.terms import INDEXED_CHARACTERS, MAX_TERMS, keyword_term, rule_term, search_fields
from services.search.tokens import MAX_TERM_CHARACTERS, analyse
from services.tickets.search import RANKED_TICKETS

WORDS = [
    "refund",
    "Refunded",
    "O'Brien",
    "don\u2019t",
    "€50",
    "😡",
    "👍🏽",
    "我要退款",
    "ありがとう",
    "환불해",
    "ภาษาไทย",
    "हिन्दी",
]
NAMES = ["INV-2024-001", "anna@example.com", "https://a.example.com/x?y=1#z", "1,234.56", "10.0.0.1", "error_count"]
LETTERS = [chr(code) for code in range(0x41, 0x530) if chr(code).isalpha()]

pieces = st.one_of(
    st.sampled_from([*WORDS, *NAMES]), st.text(max_size=5), st.sampled_from(list("'\u2019-._@/:;,()<>&#$+"))
)
chunks = st.lists(pieces, max_size=4).map("".join)
texts = st.lists(chunks, max_size=12).map(" ".join)


def terms_of_text(text: str) -> set[str]:
    return set(search_fields({"message": text})["search_terms"])


def finds(q: str, text: str) -> bool:
    return set(parse_search(q).terms) <= terms_of_text(text)


@given(texts, st.data())
def test_any_run_of_a_texts_words_finds_it(text: str, data: st.DataObject) -> None:
    words = visible_text(text).split()
    assume(words)
    start = data.draw(st.integers(0, len(words) - 1))
    q = " ".join(words[start : data.draw(st.integers(start + 1, len(words)))])
    assume(len(q) <= MAX_SEARCH_CHARACTERS)
    try:
        assert finds(q, text)
    except InvalidInputError:
        assert not any(analyse(chunk).terms for chunk in q.split())


@given(texts, st.sampled_from(["NFC", "NFD"]))
def test_the_canonical_form_does_not_matter(text: str, form: str) -> None:
    assert terms_of_text(unicodedata.normalize(form, text)) == terms_of_text(text)


@given(st.text(st.sampled_from([*LETTERS, " "])))
def test_case_does_not_matter(text: str) -> None:
    assert terms_of_text(text.upper()) == terms_of_text(text) == terms_of_text(text.lower())


@given(texts, st.sampled_from("\u2018\u2019\u02bc\u2032\u00b4`"))
def test_the_kind_of_an_apostrophe_does_not_matter(text: str, apostrophe: str) -> None:
    assert terms_of_text(text.replace("'", apostrophe)) == terms_of_text(text)


@given(st.text())
def test_no_text_makes_a_term_that_looks_like_a_label_or_cannot_be_stored(text: str) -> None:
    terms = terms_of_text(text)
    assert not any(term.startswith(rule_term("")[0]) for term in terms)
    assert all(0 < len(term.encode()) <= 4 * MAX_TERM_CHARACTERS for term in terms)


@pytest.mark.parametrize(
    ("text", "found_by", "not_found_by"),
    [
        ("Mr O'Brien asked", ["O'Brien", "o\u2019brien", "obrien", "OBRIEN", "brien", "asks"], ["brie", "obr"]),
        ("John's card, don't lose it", ["John", "john's", "don't", "dont", "cards"], ["doing"]),
        ("refund😡", ["refund", "😡", "refund 😡", "refunds"], ["😀", "fund"]),
        ("👍🏽", ["👍", "👍🏿"], ["👎"]),
        ("€50 or $20", ["€50", "50", "€", "50€", "$20", "$"], ["£50", "5"]),
        ("我要退款", ["退款", "我要退款", "退", "要退"], ["款退", "退要"]),
        ("ありがとう、カード", ["ありがとう", "カード", "ｶｰﾄﾞ"], ["どカ"]),
        ("환불해 주세요", ["환불", "환불해", "주세요"], ["불환"]),
        ("ขอเงินคืน", ["เงิน", "คืน"], ["นเ คอ"]),
        ("we are using it", ["use", "used", "uses", "we"], ["user"]),
        ("Größe, façade, İstanbul, Ørsted, ﬁle", ["grösse", "GROSSE", "facade", "istanbul", "orsted", "file"], []),
        (
            "INV-2024-001",
            ["INV-2024-001", "inv\u20132024\u2013001", "2024", "INV", "2024-001"],
            ["INV-2024-002", "INV-001"],
        ),
        ("ORD-2024-001 and INV-2024-003", ["INV-2024-003"], ["INV-2024-001", "ORD-2024-003"]),
        ("write to anna@mail.example.com.", ["anna@mail.example.com", "example.com", "anna", "mail"], ["anna@com"]),
        ("see https://a.io/b/c?d=e.", ["https://a.io/b/c?d=e", "a.io", "b", "a.io/b"], ["a.io/c", "b.io"]),
        ("it costs 1,234.56", ["1,234.56", "1", "234"], ["1,234.57", "1.234"]),
        ("from 10.0.0.12 and 5.0.0.1", ["10.0.0.12", "5.0.0.1"], ["10.0.0.1", "5.0.0.12"]),
        ("follow-up and/or sign-ins", ["follow up", "followed", "sign-in", "or"], ["upfollow"]),
        ("the error_count is 5", ["error_count", "errors", "count", "the"], ["error_counts_more"]),
        ("หก 五 a", ["五", "a"], ["六"]),
        ("<p>Please <b>re</b>fund&nbsp;me</p><style>red</style>", ["refund", "me"], ["red", "style", "nbsp"]),
    ],
)
def test_what_finds_a_text(text: str, found_by: list[str], not_found_by: list[str]) -> None:
    assert [q for q in found_by if not finds(q, text)] == []
    assert [q for q in not_found_by if finds(q, text)] == []


def test_common_words_are_demanded_only_where_there_is_nothing_else() -> None:
    assert parse_search("The refund OF it's").terms == parse_search("refund").terms
    assert set(parse_search("the of").terms) == {"the", "of"}
    assert all(finds(word, word) for word in COMMON_WORDS)


@pytest.mark.parametrize("q", ["", "  ", '"', "-", "!?", "…", "\x00", "\ud800", "x" * 201, "x " * 5_000])
def test_a_search_without_anything_to_search_for_or_too_long_is_refused(q: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_search(q)


def test_a_tickets_rules_and_keywords_find_it_and_its_words_do_not_look_like_them() -> None:
    matched = [{"rule": "money_dispute", "keyword": "refund", "text": "refunds"}, {"rule": 5}, "odd"]
    ticket = {"subject": "rule keyword", "message": None, "matched": matched, "keyword_key": "chargeback|refund"}
    terms = search_fields(ticket)["search_terms"]
    labels = {rule_term("money_dispute"), keyword_term("refund"), keyword_term("chargeback")}
    assert set(terms) == labels | {"rule", "keyword"}
    assert len(labels) == 3


def test_every_keyword_that_is_counted_finds_the_ticket_however_many_rules_it_matched() -> None:
    keywords = [f"keyword {number}" for number in range(120)]
    matched = [{"rule": f"rule {number % 7}", "keyword": each, "text": each} for number, each in enumerate(keywords)]
    terms = search_fields({"matched": matched, "keyword_key": "|".join(keywords)})["search_terms"]
    assert set(terms) == {keyword_term(each) for each in keywords} | {
        rule_term(f"rule {number}") for number in range(7)
    }


@pytest.mark.parametrize("odd", [None, 5, ["refund"], {"a": 1}])
def test_what_is_no_text_is_no_trouble(odd: object) -> None:
    ticket = dict.fromkeys(("subject", "message", "matched", "keyword_key"), odd)
    assert search_fields(ticket)["search_terms"] == []


def test_what_a_ticket_is_found_by_is_bounded() -> None:
    words = [f"word{number}" for number in range(MAX_TERMS + 100)]
    assert search_fields({"subject": "first", "message": " ".join(words)})["search_terms"] == [
        "first",
        *words[: MAX_TERMS - 1],
    ]
    assert terms_of_text("a" * 300) == {"a" * MAX_TERM_CHARACTERS}
    assert terms_of_text("早" * 1_000) == {"早", "早早"}
    assert terms_of_text(" " * INDEXED_CHARACTERS + "late") == set()


def test_the_document_names_the_bounds() -> None:
    text = " ".join((Path(__file__).parents[4] / "docs/search.md").read_text().split())
    for bound in (
        f"more than {MAX_SEARCH_CHARACTERS} characters",
        f"the first {INDEXED_CHARACTERS:,} characters are searched",
        f"the first {MAX_TERMS:,} different terms",
        f"of a word the first {MAX_TERM_CHARACTERS}",
        f"the newest {RANKED_TICKETS} matches",
        f"the first {RANKED_CHARACTERS:,} characters of a message",
        f"{INDEX_BATCH} tickets at once",
    ):
        assert bound in text


def test_replies_are_found_like_the_message() -> None:
    terms = search_fields({"subject": "Invoice", "message": "Hello", "replies": "Where is my parcel?"})["search_terms"]
    assert "parcel" in terms
