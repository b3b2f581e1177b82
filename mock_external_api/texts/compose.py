"""Puts one ticket's subject and message together the way people write on each channel."""

import random
from collections.abc import Sequence
from itertools import accumulate

from mock_external_api.texts.bank import BANK, Topic
from mock_external_api.texts.slots import SlotFiller, below, pick

_PHRASES = BANK.phrases
_CUMULATED_WEIGHTS = tuple(accumulate(topic.weight for topic in BANK.topics))
_TYPOS = tuple(BANK.typos.items())

_NEVER_CALM = frozenset({"complaint", "thanks", "announcement"})
_SHOUTED = frozenset({"complaint", "urgent", "outage"})


def draw_topics(rng: random.Random, count: int) -> Sequence[Topic]:
    """Draw the topics of `count` tickets in the bank's proportions."""
    return rng.choices(BANK.topics, cum_weights=_CUMULATED_WEIGHTS, k=count)


def compose(rng: random.Random, topic: Topic, source: str) -> tuple[str, str]:
    """Write one ticket about `topic` that came in by `source`; returns subject and message."""
    subject, body = topic.tickets[below(rng, len(topic.tickets))]
    parts = [pick(rng, BANK.openings[source]), body, *_more_sentences(rng, topic)]
    if source == "email":
        parts.append("\n\n" + pick(rng, _PHRASES.sign_offs))
        if rng.random() < 0.04:
            parts.append("\n\n" + pick(rng, _PHRASES.quotes))
    slots = SlotFiller(rng)
    subject = _capitalise(subject.format_map(slots))
    if topic.name == "how_to" and rng.random() < 0.005:
        return subject, ""  # people do send the form with a subject alone
    opening, *rest = [part.format_map(slots) for part in parts]
    return _roughen(rng, topic, source, subject, f"{opening}{_capitalise(''.join(rest))}".rstrip())


def _more_sentences(rng: random.Random, topic: Topic) -> list[str]:
    sentences = []
    if rng.random() < 0.55:
        sentences.append(" " + pick(rng, topic.details))
    if topic.urgency == "medium" and rng.random() < 0.35:
        sentences.append(" " + pick(rng, _PHRASES.asks))
    if topic.urgency != "high" and topic.name not in _NEVER_CALM and rng.random() < 0.10:
        sentences.append(" " + pick(rng, _PHRASES.calm))
    return sentences


def _roughen(rng: random.Random, topic: Topic, source: str, subject: str, message: str) -> tuple[str, str]:
    """Add what real text has: smileys, typos, curly apostrophes, lower-case chat, shouted subjects."""
    if rng.random() < (0.25 if source == "chat" else 0.04):
        message = f"{message} {pick(rng, BANK.emoji.get(topic.name, BANK.emoji['other']))}"
    if rng.random() < 0.06:
        wrong, right = _TYPOS[below(rng, len(_TYPOS))]
        message = message.replace(right, wrong, 1)
    if source == "chat" and rng.random() < 0.3:
        message = message.lower()
    if topic.name in _SHOUTED and rng.random() < 0.08:
        subject = subject.upper()
    if rng.random() < 0.3:
        subject, message = subject.replace("'", "\u2019"), message.replace("'", "\u2019")
    return subject, message


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
