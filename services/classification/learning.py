"""Learning from people's corrections how a tenant judges: in plain Python, always alike, within about a second.

Each label is a multinomial logistic regression over the features of `features_of`, with the rules' answer as a fixed
offset and weights that shrink towards nothing, so towards the rules. Tickets that nobody has corrected teach, with
less weight, that the rules are right: corrections alone are mostly of errors.

What was learned is tried on corrections that it was not trained with: those of every third ticket, in turn. It is
switched on only where it is right more often than the rules, by more than chance explains (McNemar's exact test).
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.classification.classifier import Classification
from services.classification.learned import LEARNABLE, PRIOR, Layer, Learned, decide, features_of, may_not_be

MOST_FEATURES = 20_000
"""Of a layer; those that most corrections have."""
LEAST_SUPPORT = 3
"""In so many corrections a word has to be to have a weight."""
LEAST_TRIED = 20
"""On so many corrections it has to be tried."""
MOST_LIKELY_CHANCE = 0.01
"""How likely chance may be to explain that it is right more often than the rules."""
FOLDS = 3
ROUNDS = 30
_RATE = 0.3
_SLOWER = 0.25
_SHRINK = 0.01
"""Of a weight, with each round."""
_UNCORRECTED_WEIGHT = 0.25
RIGHT_ENOUGH = 0.75
"""A ticket of which the rules are right teaches only while less speaks for them than this."""
SURE_ENOUGH = 0.87
"""One of which they are wrong, until so much speaks for what was said."""
_SMALLEST_WEIGHT = 0.02


@dataclass(frozen=True, slots=True)
class Lesson:
    """A ticket of which a person has said what it is."""

    name: str
    """The ticket's."""
    by_rules: Classification
    said: Mapping[str, Any]
    """By label; only what they said."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a label's layer did on corrections that it was not trained with."""

    label: str
    tried: int
    rules_right: int
    learned_right: int | None
    """Null where it was not tried: there are too few corrections, or the rules are right too often."""
    is_on: bool


@dataclass(frozen=True, slots=True)
class _Example:
    fold: int
    by_rules: Classification
    features: Sequence[str]
    start: int
    """The rules' answer, by its place among the label's values."""
    target: int
    weight: float = 1.0


class _Step(NamedTuple):
    """An example by the numbers of its features."""

    found: Sequence[int]
    start: int
    target: int
    pace: float


def learn(lessons: Iterable[Lesson], uncorrected: Iterable[Classification] = ()) -> tuple[Learned, list[Trial]]:
    """The layers that are worth being switched on, and how every layer did.

    `uncorrected`: some tickets that nobody has corrected, as the rules judge them.
    """
    taught = sorted(lessons, key=lambda lesson: _digest(lesson.name))
    features = [features_of(lesson.by_rules) for lesson in taught]
    rest = [(by_rules, features_of(by_rules)) for by_rules in uncorrected]
    layers, trials = [], []
    for label, values in LEARNABLE.items():
        examples = [
            _Example(
                _digest(lesson.name) % FOLDS,
                lesson.by_rules,
                known,
                values.index(getattr(lesson.by_rules, label)),
                values.index(lesson.said[label]),
            )
            for lesson, known in zip(taught, features, strict=True)
            if label in lesson.said
        ]
        usual = [
            _Example(-1, by_rules, known, start, start, _UNCORRECTED_WEIGHT)
            for by_rules, known in rest
            for start in [values.index(getattr(by_rules, label))]
        ]
        trial = _tried(label, examples, usual)
        trials.append(trial)
        if trial.is_on:
            layers.append(_trained(label, examples, usual))
    return Learned(tuple(layers)), trials


def _tried(label: str, examples: Sequence[_Example], usual: Sequence[_Example]) -> Trial:
    """Try on each third of the corrections what is learned from the others."""
    values = LEARNABLE[label]
    rules_right = sum(each.start == each.target for each in examples)
    if len(examples) < LEAST_TRIED or _chance(len(examples) - rules_right, 0) > MOST_LIKELY_CHANCE:
        return Trial(label, len(examples), rules_right, None, is_on=False)
    gained, lost = 0, 0
    for fold in range(FOLDS):
        layer = _trained(label, [each for each in examples if each.fold != fold], usual)
        for each in examples:
            decision = decide(layer, each.by_rules, each.features) if each.fold == fold else None
            if decision is not None:
                gained += decision.value == values[each.target]
                lost += each.start == each.target
    is_on = _chance(gained, lost) <= MOST_LIKELY_CHANCE
    return Trial(label, len(examples), rules_right, rules_right + gained - lost, is_on)


def _chance(gained: int, lost: int) -> float:
    """How likely it is to gain so many or more of those that one of two is right about, if both are as good."""
    total = gained + lost
    return float(sum(math.comb(total, number) for number in range(gained, total + 1)) / 2**total)


def _trained(label: str, examples: Sequence[_Example], usual: Sequence[_Example]) -> Layer:
    """A layer that makes of the examples what people said, as far as it may."""
    values = LEARNABLE[label]
    taught = [each for each in examples if not may_not_be(each.by_rules, label, values[each.target])]
    support = Counter(feature for each in taught if each.start != each.target for feature in each.features)
    known = sorted((-count, feature) for feature, count in support.items() if count >= LEAST_SUPPORT)
    numbers = {feature: number for number, (_, feature) in enumerate(known[:MOST_FEATURES])}
    rows = [
        _Step(found, each.start, each.target, each.weight / len(found) ** 0.5)
        for each in (*taught, *usual)
        if (found := [numbers[feature] for feature in each.features if feature in numbers])
    ]
    weights = [[0.0] * len(numbers) for _ in values]
    moved = rows
    for round_number in range(ROUNDS):
        # Every other round goes through those alone that were not right enough.
        moved = _go_through(moved if round_number % 2 else rows, weights, _RATE / (1 + _SLOWER * round_number))
    kept = {feature: tuple(round(each[number], 4) for each in weights) for feature, number in numbers.items()}
    return Layer(label, {name: each for name, each in kept.items() if max(map(abs, each)) >= _SMALLEST_WEIGHT})


def _go_through(rows: Iterable[_Step], weights: list[list[float]], rate: float) -> list[_Step]:
    """One round of gradient descent, row after row; returns the rows that moved something."""
    moved = []
    for row in rows:
        scores = [sum(map(each.__getitem__, row.found)) for each in weights]
        scores[row.start] += PRIOR
        highest = max(scores)
        shares = [math.exp(score - highest) for score in scores]
        total = sum(shares)
        if shares[row.target] >= total * (RIGHT_ENOUGH if row.start == row.target else SURE_ENOUGH):
            continue
        moved.append(row)
        for number, each in enumerate(weights):
            step = rate * row.pace * ((number == row.target) - shares[number] / total)
            for feature in row.found:
                each[feature] += step
    for each in weights:
        each[:] = [weight * (1 - _SHRINK) for weight in each]
    return moved


def _digest(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
