"""What the rules mean, whatever the language their words are found in; read from `packs/signals.toml`."""

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from documents.ticket import Sentiment, Urgency

PACKS_FOLDER = Path(__file__).with_name("packs")


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
    """`I don't think`, `it is not that`: to the end of the clause; a negation inside it lifts it."""
    SUPPOSED = "supposed"
    """`what happens if`, `let's say`: on to the end of the sentence."""
    FRAME = "frame"
    """`at another vendor`, `our old tool`: the whole sentence speaks of something else."""
    HEARSAY = "hearsay"
    """`I heard that`: likewise, unless the sentence names the writer or the reader: `our`, `you`."""
    CONDITION = "condition"
    """`If`: likewise, in a question with a word like `would`."""
    ASKED = "asked"
    """`your policy`, `if the parcel gets lost`: likewise, in a question."""
    STORY = "story"
    """`at my last job`: likewise, and the sentences after it, up to one of here and now."""
    PROSPECT = "prospect"
    """`before I buy`: the writer is no customer yet; the whole text speaks of what is not so, or not here."""
    REAL = "real"
    """`that is what happened`: takes all frames back."""
    TEXT = "text"
    """`test message`, `unsubscribe here`: nothing in the text counts."""
    JEST = "jest"
    """`haha`, `so good that`: threats in a text with nothing else wrong are no threats."""
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
    hint: bool = False
    """Says nothing alone: two different keywords of such rules do, in a text that praises and wishes nothing. With a
    positive sentiment it is praise that may be irony."""
    protected: bool = False
    """What is learned from people never lowers the urgency of a ticket in which it fires."""
    threatens: bool = False
    """Who laughs does not mean it."""
    withdraws: bool = False
    """The words take back all that was said or asked before: `never mind`."""


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A keyword of a rule; there is one object for each of a language."""

    rule: Rule
    keyword: str

    is_request: bool = field(init=False)
    """Whether something is asked for."""
    is_grave: bool = field(init=False)
    """Whether it makes a ticket more than low."""
    is_bad: bool = field(init=False)
    """Whether it is grave or a complaint."""
    is_hint: bool = field(init=False)
    """Of trouble; praise that may be irony is praise."""
    declines: bool = field(init=False)
    """Whether it says that nothing is to be done."""

    def __post_init__(self) -> None:
        rule = self.rule
        is_grave, is_negative = rule.urgency is not Urgency.LOW, rule.sentiment is Sentiment.NEGATIVE
        for name, value in {
            "is_request": rule.action in (Action.ASK, Action.ASK_WEAKLY),
            "is_grave": is_grave,
            "is_bad": is_grave or is_negative,
            "is_hint": rule.hint and is_negative,
            "declines": rule.action is Action.NONE,
        }.items():
            object.__setattr__(self, name, value)  # asked of each signal of each text, so worked out once


@dataclass(frozen=True, slots=True)
class Harmless:
    """A phrase that hides the signals inside it."""


Meaning = Signal | Reach | Harmless


@cache
def all_rules(folder: Path = PACKS_FOLDER) -> dict[str, Rule]:
    """The rules by name, graver ones first; read once.

    Raises ValueError or KeyError for a file that does not say what it should.
    """
    return {name: _rule(name, table) for name, table in _signals(folder).items() if name != "version"}


@cache
def rules_version(folder: Path = PACKS_FOLDER) -> int:
    """The version of the rules and packs; a later one is higher.

    Raises ValueError or KeyError where the file does not say it.
    """
    return int(_signals(folder)["version"])


def _signals(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "signals.toml").read_text(encoding="utf-8"))


def _rule(name: str, table: dict[str, Any]) -> Rule:
    return Rule(
        name=name,
        urgency=Urgency(table["urgency"]),
        sentiment=Sentiment(table["sentiment"]),
        action=Action(table.get("action", "")),
        courtesy=table.get("courtesy", False),
        repairable=table.get("repairable", False),
        hint=table.get("hint", False),
        protected=table.get("protected", False),
        threatens=table.get("threatens", False),
        withdraws=table.get("withdraws", False),
    )
