"""What of a text counts, and where it stands: properties of the whole room."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classification.reading import PUNCTUATION, ReadText, TicketText, read_text
from services.classification.reading.text import READ_CHARACTERS

MARKS = ["<p>", "</p>", "<br>", "<b>", "</b>", "<blockquote>", "</blockquote>", "<div class=gmail_quote>", "</div>"]
MARKS += ["&nbsp;", "&uuml;", "&amp;", "&#8217;", "&lt;", "<!-- x -->", "<style>a b</style>", "<urgent>"]
MAILS = ["> ", "-- ", "\n-- \n", "\nOn 3 June, Anna wrote:\n", "Best regards,\n", "\nSent from my iPhone\n", "P.S. "]
MAILS += ["From: a@b.c\nSent: x\nTo: y\nSubject: z\n", "If you received this in error, delete it.", "Dana Roe\n", "FYI"]
WORDS = ["refund", "Straße", "can\u2019t", "naïve", "n'arrive", "re\u00adfund", "ﬁle", "e\u0301t", "❤", "İ", "a\u200bb"]
PARTINGS = ["\n", "\n\n", " ", ", ", ". ", "@", "\u2014", "1.5"]
texts = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*MARKS, *MAILS, *WORDS, "\n", "\n\n", " ", ", ", ". ", "@", "\u2014"]), max_size=25).map(
        "".join
    ),
    st.lists(st.one_of(st.sampled_from([*MARKS, *WORDS]), st.text(max_size=4)), max_size=12).map(" ".join),
)


@given(texts, st.sampled_from(TicketText), st.booleans(), st.data())
def test_what_stands_at_its_place_has_the_words(text: str, part: TicketText, parted: bool, data: st.DataObject) -> None:
    read = read_text(text, part)
    if parted:
        read = read.parted()
    places = [read.place(index, index + 1) for index in range(len(read.words))]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)
    for word, (start, end) in zip(read.words, places, strict=True):
        if word not in PUNCTUATION:
            assert word in words_alone(text[start:end], parted=parted)
    if places:
        first = data.draw(st.integers(0, len(places) - 1))
        last = data.draw(st.integers(first, len(places) - 1))
        assert read.place(first, last + 1) == (places[first][0], places[last][1])


def words_alone(text: str, *, parted: bool) -> list[str]:
    read = read_text(text, TicketText.SUBJECT)
    return (read.parted() if parted else read).words


@given(texts)
def test_of_a_message_never_everything_is_set_aside(text: str) -> None:
    has_words = bool(set(read_text(text, TicketText.SUBJECT).words) - PUNCTUATION)
    assert bool(set(read_text(text).words) - PUNCTUATION) == has_words


@given(texts, st.sampled_from(TicketText))
def test_words_and_keys_belong_together(text: str, part: TicketText) -> None:
    read = read_text(text, part)
    assert len(read.words) == len(read.keys)
    assert all("'" not in key for key in read.keys)
    assert not any("'" in word for word in read.parted().words)


def places(read: ReadText, *words: str) -> list[tuple[int, int]]:
    return [read.place(read.words.index(word), read.words.index(word) + 1) for word in words]


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("The Refund, please", "refund", "Refund"),
        ("<p>The <b>Re</b>fund</p>", "refund", "Re</b>fund"),
        ("gr&ouml;&szlig;er als", "grösser", "gr&ouml;&szlig;er"),
        ("Straße", "strasse", "Straße"),
        ("ﬁle", "file", "ﬁle"),
        ("e\u0301te\u0301", "été", "e\u0301te\u0301"),
        ("re\u00adfund", "refund", "re\u00adfund"),
        ("😀 can\u2019t", "can't", "can\u2019t"),
        ("broken\u2014refund", "refund", "refund"),
        ("https://a.example/refund?x Refund!", "refund", "Refund"),
        ("> refund\nyes, Refund\n> refund", "refund", "Refund"),
        ("<blockquote>refund</blockquote>Refund &lt;3", "refund", "Refund"),
    ],
)
def test_a_word_is_found_in_the_original(text: str, word: str, original: str) -> None:
    ((start, end),) = places(read_text(text), word)
    assert text[start:end] == original


@pytest.mark.parametrize("letter", ["ß", "\x00", "\u2014", "&szlig;", "é"])
def test_words_of_a_text_that_is_cut_stand_where_they_do(letter: str) -> None:
    text = letter * 9 + " refund" + " x" * READ_CHARACTERS[TicketText.MESSAGE]
    assert text[slice(*places(read_text(text), "refund")[0])] == "refund"


def test_a_phrase_may_stand_across_tags_and_lines() -> None:
    text = "we <b>cannot</b>\nlog&nbsp;in"
    assert read_text(text).words == ["we", "cannot", "log", "in"]
    assert text[slice(*read_text(text).place(1, 4))] == "cannot</b>\nlog&nbsp;in"


def test_only_the_beginning_counts_and_quotes_do_not_count_for_it() -> None:
    limit = READ_CHARACTERS[TicketText.MESSAGE]
    assert "urgent" not in read_text("word " * (limit // 5) + "urgent").words
    assert "urgent" in read_text("> quoted\n" * 1_000 + "word " * (limit // 5 - 1_000) + "urgent").words


OF_MARKUP = [
    "<",
    "<a ",
    "<a b='",
    '<a b="',
    "<!--",
    "<!",
    "<style>",
    "<head><style>",
    "<p ",
    "&",
    "&#",
    "<a <",
    "<pre>",
]
OF_MARKUP += ["<blockquote>", "<div class=gmail_quote>", "<div class='class=class=", "&lt;", "<br>", "<b>x</b>"]
OF_MAIL = [
    "> \n",
    "> > ",
    "\n>",
    "-- ",
    "-- \n",
    "--\n",
    "--",
    "best regards,\n",
    "Thanks,\nDana\n",
    "On 3 June X wrote: ",
    "wrote: ",
]
OF_MAIL += ["From: a@b Sent: To: Subject: ", "\nFrom: x\nSent: y\nTo: z\nSubject: q\n", "-----Original Message-----"]
OF_MAIL += [
    "if you received this ",
    "I am out of the office ",
    "in urgent cases ",
    "\nAmtsgericht A\n",
    "P.S. ",
    "FYI ",
]
OF_WORDS = [
    "\u2014 A ",
    "\u200b",
    "e\u0301",
    "\ufdfa",
    "\u1100\u1161",
    "@ ",
    "a@",
    "://",
    "\n\n",
    "\n- ",
    " ",
    "a'",
    "1 ",
    "ß",
]


@pytest.mark.parametrize("piece", [*OF_MARKUP, *OF_MAIL, *OF_WORDS])
def test_hostile_text_takes_no_longer_than_any(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    begin = time.process_time()
    read = read_text(text)
    read.place(0, len(read.words)) if read.words else None
    assert time.process_time() - begin < 2  # some 0.05 s; what is quadratic takes minutes


def test_nesting_has_no_limit() -> None:
    depth = 10_000
    assert read_text("Now. " + "<blockquote>" * depth + "then" + "</blockquote>" * depth).words == ["now", ".", "."]
