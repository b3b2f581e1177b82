"""What quoted mail, signatures, footers and automatic replies are known by: `mail.toml`, compiled once."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from services.classification.reading.words import normalise, plain_word, split_words

MARKERS_FILE = Path(__file__).with_name("mail.toml")
_LANGUAGES = ("en", "de", "fr", "es", "pt", "it")
_ROLES = ("from", "sent", "date", "to", "subject")
_HINTED = (
    *("verbs", "separators", "closings", "thanks", "sent_from", "footers", "company", "notices", "absences"),
    "companions",
)
_WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue"}
# Bounded everywhere, so that no text makes a search slow.
_BLANKS = r"\s{1,20}"
_GAP = rf"(?:\S{{1,40}}{_BLANKS}){{0,5}}?"
_LINE_START = r"(?m:^)[^\S\n]*"
_Phrases = Callable[[str], list[str]]
"""Those of a key, of all languages."""


@dataclass(frozen=True, slots=True)
class QuoteMarkers:
    """What stands above quoted mail; for texts in the form of `normalise`, as all patterns here."""

    fields: re.Pattern[str]
    roles: dict[str, str]
    """What the names that `fields` finds, as `plain`, are the names of: from, sent, date, to, subject."""
    opens: re.Pattern[str]
    verbs: re.Pattern[str]
    own: re.Pattern[str]
    separators: re.Pattern[str]
    pointers: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class SignatureMarkers:
    """What signatures and footers are known by."""

    closings: re.Pattern[str]
    thanks: re.Pattern[str]
    sent_from: re.Pattern[str]
    footers: re.Pattern[str]
    company: re.Pattern[str]
    postscripts: re.Pattern[str]
    particles: frozenset[str]
    sentence: frozenset[str]


@dataclass(frozen=True, slots=True)
class AutomaticMarkers:
    """What automatic replies and delivery notices are known by."""

    titles: re.Pattern[str]
    bounces: re.Pattern[str]
    notices: re.Pattern[str]
    absences: re.Pattern[str]
    companions: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class MailMarkers:
    """All of `mail.toml`, where the keys are explained, in all languages."""

    kinds: dict[str, list[str]]
    """Words, as `plain`, and the kinds of markers that a text may have that has them; without them, it has none."""
    quotes: QuoteMarkers
    signatures: SignatureMarkers
    automatic: AutomaticMarkers
    html_parts: re.Pattern[str]
    html_rest: re.Pattern[str]


@cache
def mail_markers(path: Path = MARKERS_FILE) -> MailMarkers:
    """Read the markers; read once. Raises KeyError for a file that lacks some."""
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))

    def of(key: str) -> list[str]:
        return [phrase for language in _LANGUAGES for phrase in data[language][key]]

    return MailMarkers(
        kinds=_kinds(of, frozenset(map(plain_word, data["common"]["words"]))),
        quotes=_quote_markers(of),
        signatures=_signature_markers(of, data["names"]),
        automatic=_automatic_markers(of),
        html_parts=_names(data["html"]["parts"]),
        html_rest=_names(data["html"]["rest"]),
    )


def kinds_in(keys: Iterable[str]) -> set[str]:
    """The kinds of markers that a text with these words may have."""
    kinds = mail_markers().kinds
    return {kind for word in kinds.keys() & keys for kind in kinds[word]}


def _kinds(of: _Phrases, common: Set[str]) -> dict[str, list[str]]:
    # No mail has fields without one of these.
    phrases = {kind: of(kind) for kind in _HINTED} | {"fields": [*of("subject"), *of("sent"), *of("date")]}
    phrases["notices"] += of("titles")
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for kind, listed in phrases.items():
        for word in frozenset[str]().union(*(_hints(phrase, common) for phrase in listed)):
            kinds[word].append(kind)
    return dict(kinds)


def _quote_markers(of: _Phrases) -> QuoteMarkers:
    names = {plain_word(name): role for role in _ROLES for name in of(role)}
    separators = _any(of("separators"))
    return QuoteMarkers(
        fields=re.compile(rf"(?<![\w.@]){_any(name for role in _ROLES for name in of(role))}\*?[^\S\n]?:"),
        roles=names,
        opens=re.compile(rf"(?:{_LINE_START}|(?<=[.!?>)])\s){_any(of('opens'))}(?=\s)"),
        verbs=re.compile(rf"\b{_any(of('verbs'))}\b(?:[^:\n]|:(?=\d)|\n(?![^\S\n]*[\n>])){{0,120}}?:(?!\d)"),
        own=re.compile(rf"\b{_any(of('own'))}\b"),
        separators=re.compile(rf"[-_=*]{{2,}}\s?{separators}\s?[-_=*:]|{_LINE_START}{separators}\s?:[^\S\n]*(?m:$)"),
        pointers=re.compile(rf"\b{_any(of('pointers'))}(?!\w)"),
    )


def _signature_markers(of: _Phrases, names: dict[str, list[str]]) -> SignatureMarkers:
    closings = _any(of("closings"))
    return SignatureMarkers(
        closings=re.compile(rf"{closings}(?:\s?[/|]\s?{closings})?(?!\w)"),
        thanks=re.compile(rf"{_any(of('thanks'))}(?!\w)"),
        sent_from=re.compile(rf"{_any(of('sent_from'))}(?:[^\S\n]+[^\s,;]+){{0,6}}[^\S\n]*(?m:$)"),
        footers=re.compile(rf"\b{_any(of('footers'))}\b"),
        company=re.compile(rf"{_LINE_START}{_any(of('company'))}(?!\w)(?P<rest>[^\n]*)"),
        postscripts=re.compile(rf"{_any(of('postscripts'))}[\s:,-]"),
        particles=frozenset(names["particles"]),
        sentence=frozenset(names["sentence"]),
    )


def _automatic_markers(of: _Phrases) -> AutomaticMarkers:
    return AutomaticMarkers(
        titles=re.compile(rf"\W*{_any(of('titles'))}(?:\s?[:(\[-]|[^\S\n]*\n)"),
        bounces=re.compile(rf"\W*{_any(of('bounces'))}\W*$"),
        notices=re.compile(rf"\W*{_any(of('notices'))}(?!\w)"),
        absences=re.compile(rf"\b{_any(of('absences'))}(?!\w)"),
        companions=re.compile(rf"\b{_any(of('companions'))}(?!\w)"),
    )


def _any(phrases: Iterable[str]) -> str:
    """A group that matches any of the phrases, the longest first.

    They are parted by their first letters: `re` tries all alternatives at each place of a text, and there are hundreds.
    """
    following: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for phrase in sorted(phrases, key=lambda phrase: len(_phrase(phrase)), reverse=True):
        for letter, rest in _openings(normalise(phrase).split()):
            following[letter][rest] = None
    return f"(?:{'|'.join(f'{re.escape(letter)}(?:{chr(124).join(rests)})' for letter, rests in following.items())})"


def _openings(elements: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The letters that a phrase may begin with, each with a pattern of what then follows."""
    first, *others = elements
    after = (_BLANKS + _phrase(" ".join(others))) if others else ""
    for choice in first.strip("[]").split("/"):
        for spelled in _spellings(choice[0]):
            yield spelled[0], re.escape(spelled[1:]) + "".join(map(_letter, choice[1:])) + after
    if first[0] == "[":
        yield from _openings(others)


def _phrase(phrase: str) -> str:
    *elements, last = normalise(phrase).split()
    return "".join(map(_element, elements)) + _choices(last)


def _element(element: str) -> str:
    """One word of a phrase with the blanks behind it."""
    if element == "*":
        return _GAP
    if element[0] == "[":
        return f"(?:{_choices(element.strip('[]'))}{_BLANKS})?"
    return _choices(element) + _BLANKS


def _choices(element: str) -> str:
    choices = ["".join(map(_letter, choice)) for choice in element.split("/")]
    return choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})"


def _letter(letter: str) -> str:
    if letter == "'":
        return "'?"
    if letter == "-":
        return "[- ]?"
    if letter.isascii():
        return re.escape(letter)
    return f"(?:{'|'.join(_spellings(letter))})"


def _spellings(letter: str) -> list[str]:
    """The ways in which a letter may be written."""
    return list(dict.fromkeys([letter, plain_word(letter), *filter(None, [_WRITTEN_OUT.get(letter)])]))


def _hints(phrase: str, common: Set[str]) -> frozenset[str]:
    """Words of which one is in every text that has the phrase: of several such sets the one of the rarest words."""
    sets = []
    for element in normalise(phrase).split():
        if element != "*" and element[0] != "[":
            forms = [form for choice in element.split("/") for form in _forms(choice)]
            sets.append(frozenset(plain_word(max(split_words(form), key=len)) for form in forms))
    return max(sets, key=lambda words: (3 if words & common else min(map(len, words)), min(map(len, words))))


def _forms(word: str) -> set[str]:
    """The ways in which a word of a phrase may stand in a text."""
    parted = word.replace("'", " ")
    written_out = "".join(_WRITTEN_OUT.get(letter, letter) for letter in word)
    return {word, word.replace("-", ""), written_out, *([parted] if parted != word else [])}


def _names(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:x_)?(?:{'|'.join(map(re.escape, names))})(?![\w-])")
