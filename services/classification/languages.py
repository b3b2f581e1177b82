"""The languages that tickets are read in: each a pack of phrases and of words that its grammar needs."""

import gc
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from documents.ticket import Language
from services.classification.phrases import PhraseBook
from services.classification.phrasing.inflections import Inflections
from services.classification.reading.words import PUNCTUATION, SENTENCE_ENDS, folded
from services.classification.rules import PACKS_FOLDER, Harmless, Meaning, Reach, Signal, all_rules

SHARED_FILE = "shared.toml"
"""What means the same in all languages."""


@dataclass(frozen=True)
class Pack:
    """What is known of one language, ready for use."""

    language: Language
    phrases: PhraseBook[Meaning]
    apostrophe_parts: bool
    """Whether an apostrophe parts words, as in `l'application`, or joins them, as in `can't`."""
    function: frozenset[str]
    """Its most frequent words, by which it is known."""
    passes: frozenset[str]
    """Words through which `not` reaches on to a signal."""
    stops: frozenset[str]
    """Words at which a negation ends."""
    conjunctions: frozenset[str]
    """Words at which a clause ends."""
    ands: frozenset[str]
    ors: frozenset[str]
    """Words that join the parts of a list: `and`; `or`, `nor`."""
    voids: frozenset[str]
    """Words before `fixed` that say that it is not: `when`, `should`."""
    spellings: Mapping[str, str]
    """Abbreviations and frequent slips, and what they mean."""
    contrasts: frozenset[str] = frozenset()
    """Words at which a frame ends: `but`."""
    concord: frozenset[str] = frozenset()
    """Words that deny nothing new behind a negation, as `ningún` in "no hay ningún error"."""
    negatives: frozenset[str] = frozenset()
    """Words of negations that hold a verb, too, as `ne plante plus`."""
    pending: frozenset[str] = frozenset()
    """Words of those who ask again: what the subject of a reply says still holds: `news`, `reminder`."""
    parties: frozenset[str] = frozenset()
    """Words for the writer and the reader: `our`, `you`; what is heard of others has none of them."""
    others: frozenset[str] = frozenset()
    """Words for those that a story is about: `they`, `their`."""
    returns: frozenset[str] = frozenset()
    """Words of the here and now, at which a story ends: `now`, `same`, `your`."""
    turns: frozenset[str] = frozenset()
    """Words with which a sentence leaves what the text was about: `also`, `unrelated`."""
    gratitude: frozenset[str] = frozenset()
    thanked_for: frozenset[str] = frozenset()
    """Words of thanks, and what joins them to their reason: `thank`, `for`."""
    relapses: frozenset[str] = frozenset()
    """Words by which what the subject calls over is not: `again`."""
    modals: frozenset[str] = frozenset()
    """Words that make of `if` a mere thought: `would`."""

    @cached_property
    def clause_ends(self) -> frozenset[str]:
        """What parts clauses; `and` does not, where a solution is said of two things."""
        return PUNCTUATION | (self.conjunctions - self.ands)

    @cached_property
    def frame_ends(self) -> frozenset[str]:
        """What ends the sentences that frames are about."""
        return SENTENCE_ENDS | {";"} | self.contrasts

    @cached_property
    def connectors(self) -> Mapping[Reach, frozenset[str]]:
        """What joins the parts of a list that a negation reaches over."""
        return {Reach.NOUN: self.ors | self.ands | {","}, Reach.VERB: self.ors | {","}}


@cache
def pack_of(language: Language, folder: Path = PACKS_FOLDER) -> Pack:
    """The pack of a language; read once, at the first text in it. Of an unsupported one, what all languages share.

    Raises ValueError or KeyError for a file that does not say what it should.
    """
    with _collection_paused():
        return _pack(language, folder)


def _pack(language: Language, folder: Path) -> Pack:
    data = _read(language, folder)
    reading = data.get("reading", {})
    barriers = frozenset(folded(reading.get("barriers", "")).split())
    phrases = PhraseBook[Meaning](data.get("macros", {}), Inflections(data.get("inflections", ())), barriers)
    _add_phrases(phrases, data, folder)
    if language is not Language.UNSUPPORTED and (folder / SHARED_FILE).exists():
        _add_phrases(phrases, _read(Language.UNSUPPORTED, folder), folder)
    words = {kind: frozenset(folded(listed).split()) for kind, listed in data["words"].items()}
    return Pack(
        language,
        phrases,
        apostrophe_parts=reading.get("apostrophe") == "parts",
        spellings={slip: right for right, slips in data.get("spellings", {}).items() for slip in slips.split()},
        **words,
    )


@contextmanager
def _collection_paused() -> Iterator[None]:
    """For what makes hundreds of thousands of objects that stay: the garbage collector would look at them again and
    again, while they are made and at every full collection later."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _add_phrases(phrases: PhraseBook[Meaning], data: dict[str, Any], folder: Path) -> None:
    rules = all_rules(folder)
    for harmless in data["harmless"].values():
        phrases.add(harmless, Harmless())
    for name, keywords in data["keywords"].items():
        for keyword, spelled in keywords.items():
            phrases.add(spelled, Signal(rules[name], keyword))
    for reach, spelled in data.get("scopes", {}).items():
        phrases.add(spelled, Reach(reach))


@cache
def all_packs() -> tuple[Pack, ...]:
    """The packs of all languages, English first."""
    return tuple(pack_of(language) for language in Language if language is not Language.UNSUPPORTED)


def pack_inflections(language: Language) -> Inflections:
    """The forms of a language's words."""
    return Inflections(_read(language, PACKS_FOLDER).get("inflections", ()))


def _read(language: Language, folder: Path) -> dict[str, Any]:
    file = SHARED_FILE if language is Language.UNSUPPORTED else f"{language}.toml"
    return tomllib.loads((folder / file).read_text(encoding="utf-8"))
