"""Urgency, mood and need for action of a ticket, by rules and with reasons.

The words of subject and message are searched for the phrases of their language (`packs/`). Then phrases that are
hidden in longer ones or negated are dropped, and what is left decides: the highest urgency, a negative mood before a
positive one. The same text always gives the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from documents.ticket import JudgedBy, Language, MatchedRule, Sentiment, Urgency
from services.classification.identification import language_of
from services.classification.languages import Pack, pack_of
from services.classification.markup import visible_text
from services.classification.negation import find_signals
from services.classification.own.words import OwnBook
from services.classification.phrases import Hit
from services.classification.rules import Action, Signal
from services.classification.words import SENTENCE_ENDS, normalise, plain, split_words

MAX_SUBJECT_CHARACTERS = 1_000
MAX_MESSAGE_CHARACTERS = 20_000
"""Longer texts are judged by their beginning (about 3,500 words): people say early what they want."""

_REQUESTS = (Action.ASK, Action.ASK_WEAKLY, Action.WISH)
_BY_URGENCY = (Urgency.HIGH, Urgency.MEDIUM, Urgency.LOW)


@dataclass(frozen=True, slots=True)
class Classification:
    """What a ticket is, and why."""

    urgency: Urgency
    sentiment: Sentiment
    requires_action: bool
    language: Language | None
    """Of the text; None where there are no words to tell it by."""
    matched: tuple[MatchedRule, ...]
    """In the order of the text, each keyword of each rule once."""
    judged_by: JudgedBy = JudgedBy.RULES


def classify(*, subject: str, message: str, own: OwnBook | None = None) -> Classification:
    """Classify a ticket by its words; any text will do, the empty one too, and HTML. `own`: the tenant's own words."""
    texts = [
        normalise(visible_text(subject)[:MAX_SUBJECT_CHARACTERS]),
        normalise(visible_text(message)[:MAX_MESSAGE_CHARACTERS]),
    ]
    language = language_of([word for text in texts for word in plain(split_words(text, apostrophe_parts=True))])
    pack = _pack_for(language)
    heading, body = (split_words(text, apostrophe_parts=pack.apostrophe_parts) for text in texts)
    words = [*heading, ".", *body]
    keys = plain(words)
    signals = find_signals(keys, pack, heading=len(heading), own=own)
    urgency = min((hit.entry.rule.urgency for hit in signals), key=_BY_URGENCY.index, default=Urgency.LOW)
    return Classification(
        urgency=urgency,
        sentiment=_sentiment(signals),
        requires_action=urgency is not Urgency.LOW or _asks_for_something(signals, keys),
        language=language,
        matched=_matches(signals, words),
    )


def _pack_for(language: Language | None) -> Pack:
    return pack_of(Language.ENGLISH if language in (None, Language.UNSUPPORTED) else language)


def _sentiment(signals: Sequence[Hit[Signal]]) -> Sentiment:
    """Negative wins; thanks that follow a request are politeness and say nothing of the mood."""
    moods = set()
    has_asked = False
    for hit in signals:
        rule = hit.entry.rule
        has_asked = has_asked or rule.urgency is not Urgency.LOW or rule.action in _REQUESTS
        if not (rule.courtesy and has_asked):
            moods.add(rule.sentiment)
    return next((mood for mood in (Sentiment.NEGATIVE, Sentiment.POSITIVE) if mood in moods), Sentiment.NEUTRAL)


def _asks_for_something(signals: Sequence[Hit[Signal]], words: Sequence[str]) -> bool:
    """Whether a ticket of low urgency asks for something; a wish for the product does not, however polite."""
    by_action: dict[Action, list[Hit[Signal]]] = {action: [] for action in Action}
    for hit in signals:
        by_action[hit.entry.rule.action].append(hit)
    if by_action[Action.NONE]:
        return False
    if not by_action[Action.WISH]:
        return bool(by_action[Action.ASK] or by_action[Action.ASK_WEAKLY])
    sentence = list(accumulate(word in SENTENCE_ENDS for word in words))
    wishes = {sentence[hit.start] for hit in by_action[Action.WISH]}
    return any(sentence[hit.start] not in wishes for hit in by_action[Action.ASK])


def _matches(signals: Sequence[Hit[Signal]], words: Sequence[str]) -> tuple[MatchedRule, ...]:
    matches: dict[Signal, MatchedRule] = {}
    for hit in signals:
        signal = hit.entry
        if signal not in matches:
            text = " ".join(words[hit.start : hit.end]).rstrip(" .!")
            matches[signal] = MatchedRule(signal.rule.name, signal.keyword, text)
    return tuple(matches.values())
