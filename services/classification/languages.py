"""The languages that tickets are read in: each a pack of phrases and of words that its grammar needs."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from documents.ticket import Language
from services.classification.inflections import Inflections
from services.classification.phrases import PhraseBook
from services.classification.rules import PACKS_FOLDER, Harmless, Meaning, Reach, Signal, all_rules
from services.classification.words import folded


@dataclass(frozen=True, slots=True)
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


@cache
def pack_of(language: Language, folder: Path = PACKS_FOLDER) -> Pack:
    """The pack of a language; read once, at the first text in it.

    Raises ValueError or KeyError for a file that does not say what it should.
    """
    data = _read(language, folder)
    rules = all_rules(folder)
    reading = data.get("reading", {})
    barriers = frozenset(folded(reading.get("barriers", "")).split())
    phrases = PhraseBook[Meaning](data["macros"], Inflections(data["inflections"]), barriers)
    for harmless in data["harmless"].values():
        phrases.add(harmless, Harmless())
    for name, keywords in data["keywords"].items():
        for keyword, spelled in keywords.items():
            phrases.add(spelled, Signal(rules[name], keyword))
    for reach, spelled in data["scopes"].items():
        phrases.add(spelled, Reach(reach))
    words = {kind: frozenset(folded(listed).split()) for kind, listed in data["words"].items()}
    return Pack(language, phrases, apostrophe_parts=reading.get("apostrophe") == "parts", **words)


@cache
def all_packs() -> tuple[Pack, ...]:
    """The packs of all languages, English first."""
    return tuple(pack_of(language) for language in Language if language is not Language.UNSUPPORTED)


def pack_inflections(language: Language) -> Inflections:
    """The forms of a language's words."""
    return Inflections(_read(language, PACKS_FOLDER)["inflections"])


def _read(language: Language, folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
