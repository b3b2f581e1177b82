"""One form for what reads alike: case, accents, compatibility forms, apostrophes, hyphens and what nobody sees.

Works on any part of a text: the folded form of a text that is split at white space is made of those of its parts.
"""

import re
from functools import cache
from unicodedata import category, normalize

_APOSTROPHES = "\u2018\u2019\u201b\u02bc\u2032\u00b4`"
APOSTROPHES = "'" + _APOSTROPHES
_TYPOGRAPHIC = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart, although readers do; after the example of ICU's folding."""
_LAST_OF_INTEREST = 0x1FFFF
"""Characters beyond are ideographs, or seen by nobody."""


def characters_of(*categories: str) -> str:
    """The characters of these general categories, as the inside of a pattern's character class."""
    ranges: list[list[int]] = []
    for code in (code for code in range(_LAST_OF_INTEREST + 1) if category(chr(code)) in categories):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{_escaped(first)}-{_escaped(last)}" for first, last in ranges)


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"


@cache
def _dropped() -> re.Pattern[str]:
    """Accents, the vowel points of Hebrew and Arabic (and what lengthens an Arabic word), variation selectors,
    enclosing keycaps, and format characters such as soft hyphens and joiners; made when it is needed."""
    return re.compile(
        "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
        "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4"
        f"\u06e7\u06e8\u06ea-\u06ed{characters_of('Cf')}\U000e0000-\U000e0fff]"
    )


def fold(text: str) -> str:
    """The folded form: NFKC, case-folded, without accents, with plain apostrophes and hyphens."""
    if text.isascii():
        return text.lower().replace("`", "'")
    # Before NFKC, which makes a blank and a mark of some apostrophes; after it, since it makes others.
    compatible = normalize("NFKC", normalize("NFC", text).translate(_TYPOGRAPHIC))
    letters = normalize("NFD", compatible.translate(_TYPOGRAPHIC).casefold())
    return normalize("NFC", _dropped().sub("", letters).translate(_LETTERS))
