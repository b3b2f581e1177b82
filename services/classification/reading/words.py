"""From text to words: one normal form for what reads alike, and the words and punctuation of it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from services.classification.reading.positions import TextPiece
from services.classification.reading.remembered import Remembered
from services.kit.folding import fold

PUNCTUATION = frozenset(".,:;!?()-")
"""The marks that count as words of their own; a hyphen only where it stands between blanks, as a dash."""
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
# What is not ASCII, with the character before it, which an accent may belong to. Normal forms never join an ASCII
# character to what stands before it, so these runs can be normalised one by one.
_RUN = re.compile(r"[\x01-_a-\x7f]?[^\x01-_a-\x7f]+")
# All letters that become longer in small ones, with some that do not.
_LENGTHENED = re.compile("[\u00df\u0130\u0149\u01f0\u0390\u03b0\u0587\u1e96-\u1e9e\u1f50-\u1ffc\ufb00-\ufb17]")
_SHARP_S = re.compile("ß")
_CACHED_RUN = 16
_CACHED_WORD = 32
_CHUNK = re.compile(r"\S+")
_BREAK = re.compile(
    r"\n(?=[^\S\n]*\n)"  # before an empty line
    r"|\n[^\S\n]*(?:[-*\u2022]|[0-9]{1,2}[.)])(?=[^\S\n])"  # before an item of a list, with its number
)
_PUNCTUATION = (
    r"|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"  # an emoji
    r"|[.,:](?!\w)|[;!?()]|(?<=\s)-(?=[-\s])"  # not the dots of 1.5 or example.com, not the hyphen of log-in
)
_JOINED = re.compile(rf"([^\W_]+(?:['_][^\W_]+)*{_PUNCTUATION})")  # `error_count` is one word
_PARTED = re.compile(rf"([^\W_]+(?:_[^\W_]+)*{_PUNCTUATION})")
_APOSTROPHE = re.compile("(')")


def normalise(text: str) -> str:
    """One form for what reads alike: NFKC, case-folded, plain apostrophes and hyphens, nothing invisible.

    White space stays where it is, with `\\n` for every end of a line, and so does all that is ASCII;
    `normalised_pieces` tells the places of the rest.
    """
    text = _with_plain_space(text)
    if text.isascii() and "`" not in text and "\x00" not in text:
        return text.lower()
    if _is_nearly_normal(text):
        return text.casefold()
    return _RUN.sub(lambda run: _normal_run(run[0]), text).casefold()


def normalised_pieces(text: str) -> Iterator[TextPiece]:
    """The pieces that `normalise` makes of a text, with their places in it."""
    text = _with_plain_space(text)
    if _is_nearly_normal(text):
        yield from _case_folded_pieces(text)
        return
    position = 0
    for run in _RUN.finditer(text):
        start = run.start()
        if start > position:
            yield TextPiece(text[position:start].casefold(), position, start, copied=True)
        for piece in _cached_pieces(run[0]) if len(run[0]) <= _CACHED_RUN else _run_pieces(run[0]):
            yield TextPiece(piece.text, start + piece.start, start + piece.end, piece.copied)
        position = run.end()
    if position < len(text):
        yield TextPiece(text[position:].casefold(), position, len(text), copied=True)


def keeps_places(text: str, normal: str) -> bool:
    """Whether each character of a text stands where its normal form stands; where it says no, some may do so."""
    return len(text) == len(normal) and (text.isascii() or _is_nearly_normal(_with_plain_space(text)))


def _case_folded_pieces(text: str) -> Iterator[TextPiece]:
    position = 0
    longer = len(text.casefold()) - len(text)
    if longer:
        # A plain letter is found many times faster than one of a class.
        for letter in (_SHARP_S if longer == text.count("ß") else _LENGTHENED).finditer(text):
            if len(folded := letter[0].casefold()) != 1:
                yield TextPiece(text[position : letter.start()].casefold(), position, letter.start(), copied=True)
                yield TextPiece(folded, *letter.span(), copied=False)
                position = letter.end()
    yield TextPiece(text[position:].casefold(), position, len(text), copied=True)


def _with_plain_space(text: str) -> str:
    """As long as before, with one kind of line ends.

    Also without some marks that French is full of, so that they need not be looked at one by one.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n ").replace("\r", "\n")
    if text.isascii():
        return text
    return text.replace("\xa0", " ").replace("\u202f", " ").replace("\u2028", "\n").replace("\u2019", "'")


def _is_nearly_normal(text: str) -> bool:
    """Whether nothing has to be done but to fold the case; it is so of most texts in most languages."""
    return unicodedata.is_normalized("NFKC", text) and not _ODD.search(text)


def _normal(run: str) -> str:
    return _with_plain_marks(unicodedata.normalize("NFKC", _with_plain_marks(run))).casefold()


def _normal_run(run: str) -> str:
    return _cached_normal(run) if len(run) <= _CACHED_RUN else _normal(run)


def _with_plain_marks(text: str) -> str:
    return _ODD.sub(lambda odd: _PLAIN[odd[0]], text)


_cached_normal = lru_cache(maxsize=8_192)(_normal)
"""The same few accented letters stand in most texts of a language."""


def _run_pieces(run: str) -> Sequence[TextPiece]:
    """The normal form of a run, letter by letter where it can be made so."""
    normal = _normal(run)
    if len(normal) == len(run) and _is_nearly_normal(run):
        return [TextPiece(normal, 0, len(run), copied=True)]
    starts = [at for at, character in enumerate(run) if not at or not unicodedata.combining(character)]
    letters = [(_normal_run(run[start:end]), start, end) for start, end in pairwise([*starts, len(run)])]
    pieces = [TextPiece(form, start, end, len(form) == end - start) for form, start, end in letters]
    if "".join(piece.text for piece in pieces) == normal:
        return pieces
    return [TextPiece(normal, 0, len(run), copied=False)]


_cached_pieces = lru_cache(maxsize=8_192)(_run_pieces)


def without_links(normalised: str) -> str:
    """The text with blanks in place of web and mail addresses, since words inside them are not the writer's."""
    if "@" in normalised or "://" in normalised or "www." in normalised:
        return _CHUNK.sub(_without_link, normalised)
    return normalised


def _without_link(chunk: re.Match[str]) -> str:
    word = chunk[0]
    if "@" not in word and "://" not in word and "www." not in word:
        return word
    return " " * (len(word) - 1) + (word[-1] if word[-1] in SENTENCE_ENDS else ",")


def with_paragraph_ends(normalised: str) -> str:
    """The text, as long, with a full stop in place of line breaks before an empty line and before an item of a list."""
    return _BREAK.sub(_full_stop, normalised) if "\n" in normalised else normalised


def _full_stop(gap: re.Match[str]) -> str:
    return "." + " " * (len(gap[0]) - 1)


def split_words(normalised: str, *, apostrophe_parts: bool = False) -> list[str]:
    """The words and the punctuation of a normalised text, in order.

    `apostrophe_parts`: whether `l'appli` is two words, as in French; else it is one, as `can't` is in English.
    """
    return (_PARTED if apostrophe_parts else _JOINED).findall(normalised)


def words_and_gaps(normalised: str) -> list[str]:
    """The words of `split_words` and what stands between them, in turns; a gap first and last, maybe an empty one."""
    return _JOINED.split(normalised)


def at_apostrophes(words_in_gaps: Sequence[str]) -> list[str]:
    """What `words_and_gaps` would be if apostrophes parted words."""
    parted: list[str] = []
    for index, piece in enumerate(words_in_gaps):
        if "'" in piece and index % 2:
            parted += _APOSTROPHE.split(piece)
        else:
            parted.append(piece)
    return parted


def plain(words: Sequence[str]) -> list[str]:
    """Words without apostrophes and accents: to a phrase `can't` and `cant` are the same, as `für` and `fur` are."""
    return [*map(_plain_words.__getitem__, words)]


def plain_word(word: str) -> str:
    """The same of one word, or of several in a row."""
    return folded(word).replace("'", "")


_plain_words = Remembered(plain_word)


def folded(text: str) -> str:
    """A text of a normalised kind without its accents: `ß` is `ss`, `œ` is `oe`."""
    if text.isascii():
        return text
    return _cached_fold(text) if len(text) <= _CACHED_WORD else fold(text)


_cached_fold = lru_cache(maxsize=8_192)(fold)
