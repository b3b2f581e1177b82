"""Urgency, mood and need for action of a ticket, by rules and with reasons.

The words of subject and message are searched for the phrases of `classification_rules.toml`. Then phrases that
are hidden in longer ones or negated are dropped, and what is left decides: the highest urgency, a negative mood
before a positive one. The same text always gives the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from documents.ticket import Sentiment, Urgency
from services.classification_rules import Action, Harmless, Meaning, Scope, Signal, load
from services.negation import Scopes
from services.phrases import PUNCTUATION, SENTENCE_ENDS, Hit, normalise, plain, split_words

MAX_SUBJECT_CHARACTERS = 1_000
MAX_MESSAGE_CHARACTERS = 20_000
"""Longer texts are judged by their beginning (about 3,500 words): people say early what they want."""

RULES = load()
_BY_URGENCY = (Urgency.HIGH, Urgency.MEDIUM, Urgency.LOW)


@dataclass(frozen=True, slots=True)
class Match:
    """One reason: a signal that is there and not negated."""

    rule: str
    """The rule's name, for instance `money_dispute`."""
    keyword: str
    """The rule's term in its plain form, for instance `refund`."""
    text: str
    """The words of the ticket, normalised."""


@dataclass(frozen=True, slots=True)
class Classification:
    """What a ticket is, and why."""

    urgency: Urgency
    sentiment: Sentiment
    requires_action: bool
    matched: tuple[Match, ...]
    """In the order of the text, each keyword of each rule once."""
