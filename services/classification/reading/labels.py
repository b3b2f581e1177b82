"""Whether a line is a name, a title, an address and the like, and not a sentence."""

import re

from services.classification.reading.markers import mail_markers

LONGEST_LABEL = 100
MOST_WORDS = 12
_MOST_WORDS_OF_TITLE = 8
_MOST_SMALL_IN_TITLE = 2
_ADDRESS = re.compile(r"@|://|www\.|\+?[0-9][0-9 ()/.\-]{5,}[0-9]")
_IN_ADDRESS = re.compile(r"[@/.:0-9]")
_WORD = re.compile(r"[^\W_]+")
_AROUND = " \t\r\n,.-\u2013\u2014*_|:"


def is_label(line: str, most_words: int = MOST_WORDS) -> bool:
    """Whether all words have capitals, but for the particles of names, or almost all that are no part of an address.

    `line`: as it was written. A line without any word will do.
    """
    if len(line) > LONGEST_LABEL or line.rstrip()[-1:] in ("?", "!", ";"):
        return False
    words = _WORD.findall(line)
    if len(words) > most_words:
        return False
    if _ADDRESS.search(line):
        words = _WORD.findall(" ".join(chunk for chunk in line.split() if not _IN_ADDRESS.search(chunk)))
        return _small_words(words) <= 1
    return _small_words(words) == 0


def is_title(line: str) -> bool:
    """Whether it could be a title below a name: some words are small ("Chief executive officer")."""
    if is_label(line):
        return True
    words = _WORD.findall(line)
    if not words or words[0][0].islower() or len(words) > _MOST_WORDS_OF_TITLE or line.rstrip()[-1:] in (*"?!;.",):
        return False
    return _small_words(words) <= _MOST_SMALL_IN_TITLE


def is_first_name(line: str) -> bool:
    """Whether it could be a name, although people write theirs in small letters as well."""
    words = line.strip(_AROUND).split()
    return len(words) <= 2 and all(word.isalpha() and word not in mail_markers().signatures.sentence for word in words)


def has_address(text: str) -> bool:
    """Whether there is an address or a telephone number."""
    return _ADDRESS.search(text) is not None


def _small_words(words: list[str]) -> int:
    """How many words are in small letters; more than any label has, if one is among them that only sentences have."""
    markers = mail_markers().signatures
    if words and all(map(str.isupper, words)):
        words = [word.casefold() for word in words if word.casefold() in markers.sentence]
    small = [word for word in words if word[0].islower() and word not in markers.particles]
    return MOST_WORDS if any(word in markers.sentence for word in small) else len(small)
