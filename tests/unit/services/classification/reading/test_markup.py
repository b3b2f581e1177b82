import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ticket import Urgency
from services.classification import classify
from services.classification.reading.markup import MAX_MARKUP_CHARACTERS, visible_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain text, 1 < 2 & 3 > 2", "plain text, 1 < 2 & 3 > 2"),
        ("not&nbsp;urgent", "not\xa0urgent"),
        ("I can&#39;t &#x26; won&apos;t", "I can't & won't"),
        ("&lt;b&gt; R&D &not AT&T; &unknown;", "<b> R&D &not AT&T; &unknown;"),
        ("<p>Hi,</p><p>it is<br/>broken</p>", "\nHi,\n\nit is\nbroken\n"),
        ("<b>ur</b>gent", "urgent"),
        ("<style>.urgent{}</style>a<SCRIPT type='x'>urgent()</ScRipt >b<!-- urgent -->c", "abc"),
        ("<head><title>Urgent</title></head><body>Hello", "\nHello"),
        ("<urgent> <me@example.com> <3 <-- <", "<urgent> <me@example.com> <3 <-- <"),
        ("<a href=\"https://x/?a>b\" title='urgent'>here</a>", "here"),
        ("<o:p>Office</o:p><!DOCTYPE html><?xml?>", "\nOffice\n"),
        ("my <script> tag is urgent", "my  tag is urgent"),
        ("unclosed <!-- comment", "unclosed  comment"),
        ("", ""),
    ],
)
def test_a_reader_sees(markup: str, text: str) -> None:
    assert visible_text(markup) == text


@pytest.mark.parametrize(
    ("message", "urgency"),
    [
        ("This is not&nbsp;urgent", Urgency.LOW),
        ("<style>.urgent{}</style>", Urgency.LOW),
        ("<img alt='urgent' src='urgent.png'>Hello", Urgency.LOW),
        ("I can&#39;t log in", Urgency.MEDIUM),
        ("<div>This&nbsp;is <b>urgent</b>!</div>", Urgency.HIGH),
        ("<urgent>", Urgency.HIGH),
    ],
)
def test_a_ticket_is_classified_by_what_a_reader_sees(message: str, urgency: Urgency) -> None:
    assert classify(subject="", message=message).urgency is urgency
    assert classify(subject=message, message="").urgency is urgency


HOSTILE = [
    "<",
    "<a ",
    "<a b='",
    '<a b="',
    "<!--",
    "<!",
    "<?",
    "</",
    "<style>",
    "<head><style>",
    "<p ",
    "&",
    "&#",
    "<a <",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_no_longer_than_any(piece: str) -> None:
    text = piece * (MAX_MARKUP_CHARACTERS // len(piece))
    begin = time.process_time()
    visible_text(text)
    assert time.process_time() - begin < 5  # the standard library's parser takes minutes


@given(st.lists(st.sampled_from([*HOSTILE, ">", "'", '"', "p", "/", "-->", "</style>", "x", " ", "&lt;"]), max_size=40))
def test_no_text_is_too_odd(pieces: list[str]) -> None:
    assert len(visible_text("".join(pieces))) <= len("".join(pieces)) + len(pieces)


def test_text_without_marks_stays_as_it_is() -> None:
    assert visible_text("a\x00b\u202e \ud800") == "a\x00b\u202e \ud800"
