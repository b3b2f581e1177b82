"""What was learned from a tenant's corrections, at work: it changes the rules' answer where enough speaks for it.

A layer is linear: each word, pair of words, rule and keyword of a ticket has a weight for each value of a label, and
the rules' answer is where it starts from. Of a ticket that has none of them, the rules' answer stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from documents.ticket import JudgedBy, Language, MatchedRule, Sentiment, Urgency
from services.classification.classifier import Classification
from services.classification.languages import pack_of
from services.classification.reading import PUNCTUATION
from services.classification.rules import all_rules

LEARNED_RULE = "learned"
"""The rule of the reasons that name words which carried a learned decision."""
LEARNABLE: Mapping[str, tuple[Any, ...]] = {
    "urgency": (Urgency.HIGH, Urgency.MEDIUM, Urgency.LOW),
    "sentiment": (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE),
    "requires_action": (True, False),
}
"""What can be learned, and its values in the order of a layer's weights."""
PRIOR = 2.0
"""How much speaks for the rules' answer before anything else does: odds of 7 to 1."""
THRESHOLD = PRIOR + 1.0
"""What has to speak for another answer: with the prior, odds of nearly 3 to 1."""
SHOWN_WORDS = 5
"""So many of what carried a decision are told, the strongest."""
MOST_KEYS = 600
"""Of a ticket's words, so many are looked at: people say early what they want."""
_LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Decision:
    """Another answer than that of the rules."""

    label: str
    value: Any
    carried: tuple[tuple[str, float], ...]
    """All that spoke for it or against, with how much, the strongest first. The sum is at least `THRESHOLD`."""

    def reasons(self) -> Iterable[MatchedRule]:
        """What spoke for it, as far as it is told."""
        for feature, weight in self.carried[:SHOWN_WORDS]:
            if weight > 0:
                yield MatchedRule(LEARNED_RULE, feature, feature, weight=round(weight, 3), label=self.label)


@dataclass(frozen=True, slots=True)
class Layer:
    """The weights of one label."""

    label: str
    weights: Mapping[str, tuple[float, ...]]
    """By feature, one for each value of the label."""

    def decide(self, features: Iterable[str], by_rules: Any) -> Decision | None:
        """Another answer than that of the rules, if enough speaks for it."""
        known = [(feature, weights) for feature in features if (weights := self.weights.get(feature)) is not None]
        if not known:
            return None
        values = LEARNABLE[self.label]
        sums = [sum(weights[number] for _, weights in known) for number in range(len(values))]
        start, best = values.index(by_rules), sums.index(max(sums))
        if sums[best] - sums[start] < THRESHOLD:
            return None
        spoke = ((feature, weights[best] - weights[start]) for feature, weights in known)
        return Decision(self.label, values[best], tuple(sorted(spoke, key=lambda each: (-each[1], each[0]))))


@dataclass(frozen=True, slots=True)
class Learned:
    """The layers that are switched on."""

    layers: tuple[Layer, ...] = field(default=())

    def over(self, by_rules: Classification) -> Classification:
        """The rules' answer, changed where enough speaks for another."""
        if not self.layers:
            return by_rules
        features = features_of(by_rules)
        decisions = [made for layer in self.layers if (made := decide(layer, by_rules, features)) is not None]
        if not decisions:
            return by_rules
        values = {each.label: each.value for each in decisions}
        if values.get("urgency", Urgency.LOW) is not Urgency.LOW:  # who is urgent wants somebody to act
            values.setdefault("requires_action", True)
        learned = tuple(reason for each in decisions for reason in each.reasons())
        return replace(by_rules, **values, matched=(*by_rules.matched, *learned), judged_by=JudgedBy.LEARNED)


NOTHING_LEARNED = Learned()


def decide(layer: Layer, by_rules: Classification, features: Iterable[str]) -> Decision | None:
    """What a layer makes of a ticket, if it may: what is protected stays urgent, and wants somebody to act."""
    decision = layer.decide(features, getattr(by_rules, layer.label))
    return None if decision is None or may_not_be(by_rules, decision.label, decision.value) else decision


def may_not_be(by_rules: Classification, label: str, value: Any) -> bool:
    """Whether an answer would make light of a ticket in which a protected rule fires."""
    makes_light = (label == "urgency" and value is not Urgency.HIGH) or (label == "requires_action" and not value)
    return makes_light and any(
        (rule := all_rules().get(match.rule)) is not None and rule.protected for match in by_rules.matched
    )


def features_of(by_rules: Classification) -> list[str]:
    """What a ticket is known by, each once: its words, pairs of them, and the rules and keywords that fired.

    Words that every text has are none, nor are two of them.
    """
    features: dict[str, None] = {}
    for match in by_rules.matched:
        features[f"{match.rule}:"] = features[f"{match.rule}: {match.keyword}"] = None
    common = pack_of(by_rules.language or Language.EN).function
    before = None
    for key in by_rules.keys[:MOST_KEYS]:
        if key in PUNCTUATION or len(key) > _LONGEST_WORD:
            before = None
            continue
        tells = key not in common and len(key) > 1 and not key.isdecimal()
        if tells:
            features[key] = None
        if before is not None and (tells or before[1]):
            features[f"{before[0]} {key}"] = None
        before = key, tells
    return list(features)


def to_row(learned: Learned) -> dict[str, Any]:
    """The layers as they are stored: words may be no keys of a document."""
    return {
        layer.label: {"features": list(layer.weights), "weights": [list(each) for each in layer.weights.values()]}
        for layer in learned.layers
    }


def from_row(row: Mapping[str, Any]) -> Learned:
    """Stored layers."""
    return Learned(
        tuple(
            Layer(label, dict(zip(kept["features"], map(tuple, kept["weights"]), strict=True)))
            for label, kept in row.items()
        )
    )
