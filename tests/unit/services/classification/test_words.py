import pytest

from services.classification.words import normalise, plain, split_words


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Can\u2019t  LOG\u2011in\r\n", "can't log-in"),
        ("\uff35\uff32\uff27\uff25\uff2e\uff34", "urgent"),
        ("re\u00adfund re\u200bfund \u202erefund\x00", "refund refund refund"),
        ("Straße", "strasse"),
        ("can`t", "can't"),
        ("broken\u2014please help", "broken - please help"),
        ("see https://example.com/urgent?refund now", "see , now"),
        ("write to fraud@example.com.", "write to ."),
    ],
)
def test_what_reads_alike_gets_one_form(text: str, normal: str) -> None:
    assert normalise(text) == normal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log-in, please!", ["log", "in", ",", "please", "!"]),
        ("it isn't error_count", ["it", "isn't", "error_count"]),
        ("_urgent_ *urgent* 'urgent'", ["urgent", "urgent", "urgent"]),
        ("version 1.5 at 12:30 of example.com.", ["version", "1", "5", "at", "12", "30", "of", "example", "com", "."]),
        ("one - two -- three", ["one", "-", "two", "-", "three"]),
        ("thanks ❤🎉", ["thanks", "❤", "🎉"]),
        ("日本語 naïve", ["日本語", "naïve"]),
        ("", []),
    ],
)
def test_words_and_punctuation_are_kept_in_order(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_plain_words_have_no_apostrophes() -> None:
    assert plain(["can't", "cant", "users'"]) == ["cant", "cant", "users"]
