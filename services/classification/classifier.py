"""Urgency, mood and need for action of a ticket, by rules and with reasons.

The words of subject and message are searched for the phrases of their language (`packs/`). Then phrases that are
hidden in longer ones or negated are dropped, and what is left decides: the highest urgency, a negative mood before a
positive one. The same text always gives the same answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain

from documents.ticket import JudgedBy, Language, MatchedRule, Sentiment, Urgency
from services.classification.languages import pack_of
from services.classification.multilingual import Reading, readings_of
from services.classification.negation import find_signals
from services.classification.own.words import OwnBook
from services.classification.phrases import Hit
from services.classification.reading import SENTENCE_ENDS
from services.classification.reading.text import ReadText, TicketText, read_text
from services.classification.rules import Action, Signal
from services.classification.spelling import spelling_of

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
    keys: Sequence[str] = field(default=(), repr=False, compare=False)
    """The words it was judged by, as phrases are compared with them; punctuation among them."""


def classify(*, subject: str, message: str, replies: str = "", own: OwnBook | None = None) -> Classification:
    """Classify a ticket by its words; any text will do, the empty one too, and HTML.

    `replies`: what its writer added later, which counts like the message. Automatic replies and delivery notices ask
    for nothing, whatever their words are. `own`: the tenant's own words.
    """
    originals = {TicketText.SUBJECT: subject, TicketText.MESSAGE: message, TicketText.REPLIES: replies}
    texts = {name: read_text(original, name) for name, original in originals.items() if original}
    joined = _Spoken(texts)
    parted = joined if all(text.parted() is text for text in texts.values()) else _Spoken(_parted(texts))
    language, readings = _readings(texts, parted)
    keys: list[str] = []
    signals: list[Hit[Signal]] = []
    reasons: dict[tuple[str, str], MatchedRule] = {}
    for reading in readings:
        pack = pack_of(reading.language)
        spoken = parted if pack.apostrophe_parts else joined
        written = reading.masked(spoken.keys, spoken.message_start)
        read = spelling_of(pack.language).corrected(written)
        if own is not None:
            read = own.with_own_spelling(written, read, pack)
        found = find_signals(read, pack, heading=spoken.heading, own=own)
        for hit in found:
            signal = hit.entry
            if (told := (signal.rule.name, signal.keyword)) not in reasons:
                reasons[told] = spoken.reason(hit.start, hit.end, *told)
        signals += [Hit(len(keys) + hit.start, len(keys) + hit.end, hit.entry) for hit in found] if keys else found
        keys += [*read, *["."] * (len(spoken.keys) - len(read))]
    urgencies = {hit.entry.rule.urgency for hit in signals}
    urgency = next((each for each in _BY_URGENCY if each in urgencies), Urgency.LOW)
    return Classification(
        urgency=urgency,
        sentiment=_sentiment(signals),
        requires_action=urgency is not Urgency.LOW or _asks_for_something(signals, keys),
        language=language,
        matched=tuple(reasons.values()),
        keys=tuple(keys),
    )


def _parted(texts: Mapping[TicketText, ReadText]) -> Mapping[TicketText, ReadText]:
    return {name: text.parted() for name, text in texts.items()}


def _readings(texts: Mapping[TicketText, ReadText], spoken: "_Spoken") -> tuple[Language | None, Sequence[Reading]]:
    said = {name: text.said() for name, text in texts.items()}
    subject = said.pop(TicketText.SUBJECT, [])
    return readings_of(subject, spoken.keys[spoken.message_start :], said=[*chain.from_iterable(said.values())])


class _Spoken:
    """The words of a ticket in a row, with a full stop after each of its texts; none where nobody wrote them."""

    def __init__(self, texts: Mapping[TicketText, ReadText]) -> None:
        self.words: list[str] = []
        self.keys: list[str] = []
        self.heading = 0
        """How many of them are the subject's."""
        self.message_start = 0
        """Where those of the message begin."""
        self._texts: list[tuple[int, TicketText, ReadText]] = []
        if any(text.is_automatic for name, text in texts.items() if name is not TicketText.REPLIES):
            return
        for name, text in texts.items():
            if text.is_automatic:
                continue
            self._texts.append((len(self.words), name, text))
            self.words += [*text.words, "."]
            self.keys += [*text.keys, "."]
            if name is TicketText.SUBJECT:
                self.heading = len(text.words)
                self.message_start = len(self.words)

    def reason(self, start: int, end: int, rule: str, keyword: str) -> MatchedRule:
        """Why a signal was found, `words[start:end]`: its words, and where they stand."""
        number = len(self._texts) - 1
        while self._texts[number][0] > start:
            number -= 1
        offset, name, text = self._texts[number]
        end = min(end, offset + len(text.words))
        while end > start + 1 and self.words[end - 1] in (".", "!"):
            end -= 1
        place = text.place(start - offset, end - offset)
        return MatchedRule(rule, keyword, " ".join(self.words[start:end]), str(name), *place)


def _sentiment(signals: Sequence[Hit[Signal]]) -> Sentiment:
    """Negative wins; thanks that follow a request are politeness and say nothing of the mood."""
    moods = []
    has_asked = False
    for hit in signals:
        rule = hit.entry.rule
        has_asked = has_asked or hit.entry.is_grave or rule.action in _REQUESTS
        if not (rule.courtesy and has_asked):
            moods.append(rule.sentiment)
    return next((mood for mood in (Sentiment.NEGATIVE, Sentiment.POSITIVE) if mood in moods), Sentiment.NEUTRAL)


def _asks_for_something(signals: Sequence[Hit[Signal]], words: Sequence[str]) -> bool:
    """Whether a ticket of low urgency asks for something; a wish for the product does not, however polite."""
    if not any(hit.entry.is_request for hit in signals):
        return False
    sentence = list(accumulate(map(SENTENCE_ENDS.__contains__, words)))
    closed = max((sentence[hit.start] for hit in signals if hit.entry.declines), default=-1)
    by_action: dict[Action, list[Hit[Signal]]] = {action: [] for action in Action}
    for hit in signals:
        if sentence[hit.start] > closed:
            by_action[hit.entry.rule.action].append(hit)
    if not by_action[Action.WISH]:
        return bool(by_action[Action.ASK] or by_action[Action.ASK_WEAKLY])
    wishes = {sentence[hit.start] for hit in by_action[Action.WISH]}
    return any(sentence[hit.start] not in wishes for hit in by_action[Action.ASK])
