"""What is wrong with a tenant's own words, by entry, with the reason: they are refused as a whole then."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from documents.described import DescribedEnum
from services.classification.languages import Pack, all_packs
from services.classification.own.phrases import FORMS, GAP, book_of, choices_in, examples_of, tokens_of, variants_of
from services.classification.own.words import NO_FORMS, OwnWords, inflections_of
from services.classification.phrases import PhraseBook
from services.classification.reading.words import folded

MAX_ENTRIES = 200
"""Of either list."""
MAX_ENTRY_CHARACTERS = 100
MAX_ENTRY_WORDS = 10
MAX_ENTRY_GAPS = 2
MAX_ENTRY_CHOICES = 16
"""So many phrases without choices an entry may stand for."""
_MISUSED = frozenset(["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])
"""Kinds of characters that nobody sees."""
_JOINERS = "\u200c\u200d"
"""Those that emoji and some scripts need."""


class OwnWordsFault(DescribedEnum):
    """Why a tenant's own words are refused."""

    TOO_MANY = "too_many", f"A list has more than {MAX_ENTRIES} entries."
    EMPTY = "empty", "The entry has no words; web and mail addresses are not read."
    TOO_LONG = "too_long", f"The entry has more than {MAX_ENTRY_CHARACTERS} characters or {MAX_ENTRY_WORDS} words."
    INVISIBLE = "invisible", "The entry has a character that nobody sees, for instance a line end."
    GAP = "gap", f"A `*` stands at an end or beside another, or there are more than {MAX_ENTRY_GAPS}."
    TOO_MANY_CHOICES = "too_many_choices", f"The entry stands for more than {MAX_ENTRY_CHOICES} phrases."
    TOO_COMMON = "too_common", "The entry, or one of its choices, has only words that stand in most texts."
    REPEATED = "repeated", "Another entry of the list says the same."
    AMBIGUOUS = "ambiguous", "The other list says the opposite of the same words."
    TOO_BROAD = "too_broad", "Most of the tenant's tickets that are not urgent would become so."


@dataclass(frozen=True, slots=True)
class FaultyEntry:
    """One fault."""

    fault: OwnWordsFault
    list_name: str
    """`high` or `harmless`."""
    entry: int | None
    """Which of the list, from 1; None: the list as a whole."""
    column: int | None
    """Where in the entry, from 1, if it is at one place."""
    reason: str
    """In words, as a sentence."""

    def __str__(self) -> str:
        place = f"{self.list_name}" + (f", entry {self.entry}" if self.entry else "")
        return f"{place}{f', column {self.column}' if self.column else ''}: {self.reason}"


def find_faults(words: OwnWords) -> list[FaultyEntry]:
    """All that is wrong; nothing for words that can be used."""
    lists = {"high": words.high, "harmless": words.harmless}
    faults = [
        FaultyEntry(OwnWordsFault.TOO_MANY, name, None, None, f"There are {len(each)}, at most {MAX_ENTRIES} can be.")
        for name, each in lists.items()
        if len(each) > MAX_ENTRIES
    ]
    if faults:
        return faults
    for name, entries in lists.items():
        for number, text in enumerate(entries, 1):
            if found := next(_faults_of(text), None):
                fault, column, reason = found
                faults.append(FaultyEntry(fault, name, number, column, reason))
    return faults or [*_repeated("high", words.high), *_repeated("harmless", words.harmless), *_ambiguous(words)]


def _faults_of(text: str) -> Iterator[tuple[OwnWordsFault, int | None, str]]:
    if len(text) > MAX_ENTRY_CHARACTERS:
        yield OwnWordsFault.TOO_LONG, MAX_ENTRY_CHARACTERS + 1, f"It has more than {MAX_ENTRY_CHARACTERS} characters."
    for column, character in enumerate(text, 1):
        if unicodedata.category(character) in _MISUSED and character not in _JOINERS:
            yield OwnWordsFault.INVISIBLE, column, f"The character U+{ord(character):04X} is not seen."
    yield from _faults_of_phrases(text)
    for pack in all_packs():
        for variant in variants_of(text, apostrophe_parts=pack.apostrophe_parts):
            if len(variant) > MAX_ENTRY_WORDS:
                yield OwnWordsFault.TOO_LONG, None, f"It has more than {MAX_ENTRY_WORDS} words."
            if common := _common_words(variant, pack):
                reason = f"{common!r} alone stands in most texts of the language {pack.language.value!r}."
                yield OwnWordsFault.TOO_COMMON, None, reason


def _faults_of_phrases(text: str) -> Iterator[tuple[OwnWordsFault, int | None, str]]:
    """How it is written; the number of choices comes first, since there may be too many to look at."""
    if (choices := choices_in(text)) > MAX_ENTRY_CHOICES:
        reason = f"It stands for {choices:,} phrases, at most {MAX_ENTRY_CHOICES} can be."
        yield OwnWordsFault.TOO_MANY_CHOICES, text.find("/") + 1, reason
    if not any(variant for variant in variants_of(text, apostrophe_parts=False) if set(variant) != {GAP}):
        yield OwnWordsFault.EMPTY, None, OwnWordsFault.EMPTY.description
    if any("" in token.split("/") for token in tokens_of(text)):
        yield OwnWordsFault.EMPTY, text.find("/") + 1, "A `/` has no word on one of its sides."
    if not _are_gaps_sound(text):
        yield OwnWordsFault.GAP, text.find(GAP) + 1, OwnWordsFault.GAP.description


def _are_gaps_sound(text: str) -> bool:
    """Whether each stands alone, between words: punctuation is none."""
    if any(GAP in token and token != GAP for token in tokens_of(text)):
        return False
    variants = variants_of(text, apostrophe_parts=False)
    inside = all(GAP not in (variant[0], variant[-1]) for variant in variants if variant)
    apart = all((GAP, GAP) not in pairwise(variant) for variant in variants)
    return inside and apart and all(variant.count(GAP) <= MAX_ENTRY_GAPS for variant in variants)


def _common_words(variant: tuple[str, ...], pack: Pack) -> str | None:
    """The words, if they are nothing but ones that every text has: function words, single letters and digits."""
    words = [folded(word.removesuffix(FORMS)) for word in variant if word != GAP]
    is_common = all(word in pack.function or (len(word) == 1 and word.isalnum()) for word in words)
    return " ".join(words) if is_common else None


def _repeated(name: str, entries: tuple[str, ...]) -> Iterator[FaultyEntry]:
    first: dict[str, int] = {}
    for number, text in enumerate(entries, 1):
        variants = sorted(" ".join(variant) for variant in variants_of(text, apostrophe_parts=False))
        same = first.setdefault(folded("/".join(variants)), number)
        if same != number:
            yield FaultyEntry(OwnWordsFault.REPEATED, name, number, None, f"It says the same as entry {same}.")


def _ambiguous(words: OwnWords) -> Iterator[FaultyEntry]:
    """High entries that never count, since a harmless one fits all that they fit; a longer one makes an exception."""
    told: set[int] = set()
    has_forms = any(FORMS in text for text in words.harmless)
    for pack in all_packs():
        entries = [(text, number) for number, text in enumerate(words.harmless, 1)]
        inflections = inflections_of(pack.language) if has_forms else NO_FORMS
        book = book_of(entries, inflections, apostrophe_parts=pack.apostrophe_parts)
        for number, text in enumerate(words.high, 1):
            variants = variants_of(text, apostrophe_parts=pack.apostrophe_parts)
            rival = next(filter(None, (_rival(variant, book) for variant in variants)), None)
            if rival is not None and number not in told:
                told.add(number)
                reason = f"Entry {rival} of harmless fits the same words, so it would never count."
                yield FaultyEntry(OwnWordsFault.AMBIGUOUS, "high", number, None, reason)


def _rival(variant: tuple[str, ...], harmless: PhraseBook[int]) -> int | None:
    """The harmless entry that hides the phrase wherever it stands, if one does."""
    rivals = {
        next((hit.entry for hit in harmless.find(text) if hit.start == 0 and hit.end == len(text)), None)
        for text in examples_of(variant)
    }
    return None if None in rivals else rivals.pop()
