"""The classification rules, read from `rules.toml` and compiled once."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from documents.ticket import Sentiment, Urgency
from services.classification.phrases import PhraseBook

RULES_FILE = Path(__file__).with_name("rules.toml")


class Action(StrEnum):
    """What a rule says about whether somebody has to act."""

    UNSAID = ""
    """Nothing beyond what its urgency implies."""
    ASK = "ask"
    """Something is asked for in so many words."""
    ASK_WEAKLY = "ask_weakly"
    """Words like `please`, which wishes for the product contain as well."""
    WISH = "wish"
    """A wish for the product, which nobody has to answer."""
    NONE = "none"
    """The writer says that nothing is to be done."""


class Reach(StrEnum):
    """How far a phrase that takes signals back reaches."""

    NOUN = "noun"
    """`no`, `without`: the next few words."""
    VERB = "verb"
    """`not`, `never`: on through function words to the first word of weight."""
    CLAUSE = "clause"
    """`I don't think`, `what happens if`: to the end of the clause."""
    FIXED = "fixed"
    """`is fixed`: backwards, in its clause."""
    SOLVED = "solved"
    """`works again`: backwards, everything that can be repaired."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a signal means for its ticket."""

    name: str
    urgency: Urgency
    sentiment: Sentiment
    action: Action = Action.UNSAID
    courtesy: bool = False
    """The words are mere politeness when they follow a request."""
    repairable: bool = False
    """`It works again` takes the signal back."""


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A keyword of a rule; there is one object for each."""

    rule: Rule
    keyword: str


@dataclass(frozen=True, slots=True)
class Harmless:
    """A phrase that hides the signals inside it."""


Meaning = Signal | Reach | Harmless


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules, ready for use."""

    phrases: PhraseBook[Meaning]
    rules: dict[str, Rule]
    passes: frozenset[str]
    """Words through which `not` reaches on to a signal."""
    stops: frozenset[str]
    """Words at which a negation ends."""
    conjunctions: frozenset[str]
    """Words at which a clause ends."""
    voids: frozenset[str]
    """Words before `fixed` that say that it is not: `when`, `should`."""


@cache
def rule_set(path: Path = RULES_FILE) -> RuleSet:
    """Read a rules file; read once, at the first text that is classified.

    Raises ValueError or KeyError for a file that does not say what it should.
    """
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    phrases = PhraseBook[Meaning](data["macros"])
    for harmless in data["harmless"].values():
        phrases.add(harmless, Harmless())
    rules = {}
    for name, table in data["rules"].items():
        rules[name] = rule = _rule(name, table)
        for keyword, spelled in table["keywords"].items():
            phrases.add(spelled, Signal(rule, keyword))
    for reach, spelled in data["scopes"].items():
        phrases.add(spelled, Reach(reach))
    words = {kind: frozenset(listed.split()) for kind, listed in data["words"].items()}
    return RuleSet(phrases, rules, **words)


def _rule(name: str, table: dict[str, Any]) -> Rule:
    return Rule(
        name=name,
        urgency=Urgency(table["urgency"]),
        sentiment=Sentiment(table["sentiment"]),
        action=Action(table.get("action", "")),
        courtesy=table.get("courtesy", False),
        repairable=table.get("repairable", False),
    )
