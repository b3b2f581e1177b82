"""From text to words: one normal form for what reads alike, and the words and punctuation of it."""

import re
import unicodedata
from collections.abc import Sequence

PUNCTUATION = frozenset(".,:;!?()-")
"""The marks that `split_words` keeps; a hyphen only where it stands between blanks, as a dash."""
SENTENCE_ENDS = frozenset(".!?")

_APOSTROPHES = "\u2018\u2019\u201b\u02bc\u2032\u00b4`"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2212"
_LONG_DASHES = "\u2014\u2015"
# NUL, soft hyphen, zero-width characters, byte order mark, and the marks that steer bidirectional text.
_INVISIBLE = "\x00\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufe0f\ufeff" + "".join(
    map(chr, range(0x2060, 0x2070))
)
_PLAIN = (
    dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_HYPHENS, "-")
    | dict.fromkeys(_LONG_DASHES, " - ")
    | dict.fromkeys(_INVISIBLE, "")
)
_ODD = re.compile(f"[{''.join(_PLAIN)}]")  # three times as fast as str.translate where text is not ASCII
_OTHERS = (
    r"|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"  # an emoji
    r"|[.,:](?!\w)|[;!?()]|(?<= )-(?=[- ])"  # not the dots of 1.5 or example.com, not the hyphen of log-in
)
_JOINED = re.compile(r"[^\W_]+(?:['_][^\W_]+)*" + _OTHERS)  # a word; `error_count` is one
_PARTED = re.compile(r"[^\W_]+(?:_[^\W_]+)*" + _OTHERS)


def normalise(text: str) -> str:
    """One form for what reads alike: NFKC, case-folded, plain apostrophes and hyphens, single blanks, no links.

    Web and mail addresses go because words inside them are not the customer's.
    """
    text = _fold(text)
    if not text.isascii():
        text = _fold(unicodedata.normalize("NFKC", text))
    words = text.casefold().split()
    if "@" in text or "://" in text:
        words = [_without_link(word) for word in words]
    return " ".join(words)


def _without_link(word: str) -> str:
    if "@" not in word and "://" not in word:
        return word
    return word[-1] if word[-1] in SENTENCE_ENDS else ","


def _fold(text: str) -> str:
    return _ODD.sub(lambda odd: _PLAIN[odd[0]], text)


def split_words(normalised: str, *, apostrophe_parts: bool = False) -> list[str]:
    """The words and the punctuation of a normalised text, in order.

    `apostrophe_parts`: whether `l'appli` is two words, as in French; else it is one, as `can't` is in English.
    """
    return (_PARTED if apostrophe_parts else _JOINED).findall(normalised)


def plain(words: Sequence[str]) -> list[str]:
    """Words without apostrophes and accents: to a phrase `can't` and `cant` are the same, as `für` and `fur` are."""
    return [word if word.isascii() and "'" not in word else folded(word.replace("'", "")) for word in words]


def folded(text: str) -> str:
    """A text of a normalised kind without its accents."""
    if text.isascii():
        return text
    return "".join(filter(_is_no_accent, unicodedata.normalize("NFD", text.replace("ß", "ss"))))


def _is_no_accent(character: str) -> bool:
    return unicodedata.category(character) != "Mn"
