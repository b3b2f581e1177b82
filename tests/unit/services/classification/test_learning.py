"""What is learned from corrections: only what is a habit, always alike, never at the cost of what is grave."""

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.ticket import JudgedBy, Sentiment, Urgency
from services.classification.classifier import Classification, classify
from services.classification.keywords import keyword_key
from services.classification.learned import (
    LEARNABLE,
    LEARNED_RULE,
    SHOWN_WORDS,
    THRESHOLD,
    Layer,
    Learned,
    features_of,
    from_row,
    to_row,
)
from services.classification.learning import LEAST_TRIED, Lesson, Trial, learn
from services.classification.rules import all_rules
from services.notifications.outbox import reason

TEXTS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).parents[3].joinpath("data/labelled_tickets.jsonl").open()
]


@cache
def judged() -> list[Classification]:
    """Tickets of many kinds, as the rules judge them."""
    return [classify(subject=text["subject"], message=text["message"]) for text in TEXTS]


def usual() -> list[Classification]:
    return judged()[::3]


HABIT = " This is about the warehouse scanner again."
PROTECTED = {name for name, rule in all_rules().items() if rule.protected}


def kind(number: int) -> Classification:
    """A ticket that mentions what the habit is about."""
    text = TEXTS[number * 7 % len(TEXTS)]
    return classify(subject=text["subject"], message=text["message"] + HABIT)


def lessons(count: int, *, first: int = 0, **said: Any) -> list[Lesson]:
    return [Lesson(f"of the kind {number}", kind(number), said) for number in range(first, first + count)]


def confirmed(count: int) -> list[Lesson]:
    """Of which people say what the rules say."""
    return [
        Lesson(f"confirmed {number}", each, {label: getattr(each, label) for label in LEARNABLE})
        for number, each in enumerate(judged()[:count])
    ]


def trial_of(label: str, trials: list[Trial]) -> Trial:
    return next(each for each in trials if each.label == label)


@pytest.mark.parametrize(
    "said", [{"urgency": Urgency.HIGH}, {"sentiment": Sentiment.NEGATIVE}, {"requires_action": True}], ids=str
)
def test_a_habit_is_learned_and_nothing_beside_it(said: Mapping[str, Any]) -> None:
    ((label, value),) = said.items()
    learned, trials = learn([*lessons(40, **said), *confirmed(60)], usual())
    trial = trial_of(label, trials)
    assert trial.is_on
    assert trial.learned_right is not None
    assert trial.learned_right > trial.rules_right
    assert [layer.label for layer in learned.layers] == [label]
    others = [kind(number) for number in range(40, 90)]
    right = sum(getattr(learned.over(each), label) == value for each in others)
    assert right >= 45 > sum(getattr(each, label) == value for each in others)
    assert [each for each in judged() if learned.over(each) is not each] == []


def test_a_habit_about_a_rule_is_learned() -> None:
    phrases = ("I cannot log in.", "The login does not work.", "My password is not accepted.", "I am locked out.")
    texts = [
        classify(subject=text["subject"], message=f"{text['message']} {phrases[number % 4]}")
        for number, text in enumerate(TEXTS[:60])
    ]
    said = [Lesson(str(number), text, {"urgency": Urgency.HIGH}) for number, text in enumerate(texts)]
    learned, trials = learn(said)
    assert trial_of("urgency", trials).is_on
    unseen = classify(subject="Help", message="Since Tuesday I cannot log in from my phone.")
    assert unseen.urgency is Urgency.MEDIUM
    assert learned.over(unseen).urgency is Urgency.HIGH


def test_a_layer_stays_off_without_enough_corrections() -> None:
    learned, trials = learn(lessons(LEAST_TRIED - 1, urgency=Urgency.HIGH))
    assert learned == Learned()
    assert [trial.is_on for trial in trials] == [False] * 3
    assert trial_of("urgency", trials).learned_right is None


def test_a_layer_stays_off_where_corrections_contradict_each_other() -> None:
    draw = random.Random(5)
    words = [Lesson(str(number), kind(number), {"urgency": draw.choice(list(Urgency))}) for number in range(120)]
    learned, trials = learn(words, usual())
    assert not trial_of("urgency", trials).is_on
    assert learned == Learned()


def test_a_layer_stays_off_where_the_rules_are_right() -> None:
    learned, trials = learn(confirmed(100), usual())
    assert learned == Learned()
    assert [(trial.tried, trial.rules_right, trial.learned_right) for trial in trials] == [(100, 100, None)] * 3


def test_a_kind_that_people_mostly_leave_as_it_is_stays_so() -> None:
    """Corrections alone are of errors: tickets of the kind that nobody has corrected speak, too."""
    said = lessons(24, urgency=Urgency.HIGH)
    assert learn(said, usual())[0].over(kind(200)).urgency is Urgency.HIGH
    uncorrected = [kind(number) for number in range(300, 600)]
    assert learn(said, uncorrected)[0].over(kind(200)) == kind(200)


def test_the_same_corrections_teach_the_same_in_any_order() -> None:
    said = [*lessons(40, urgency=Urgency.HIGH, sentiment=Sentiment.NEGATIVE), *confirmed(60)]
    first = learn(said, usual())
    draw = random.Random(3)
    for _ in range(3):
        draw.shuffle(said)
        assert learn(said, usual()) == first


def test_what_people_say_of_grave_tickets_teaches_nothing_that_may_not_be() -> None:
    grave = [each for each in judged() if any(match.rule in PROTECTED for match in each.matched)]
    said = {"urgency": Urgency.LOW, "requires_action": False}
    learned, _ = learn([Lesson(str(number), each, said) for number, each in enumerate(grave)])
    assert learned == Learned()


@given(
    text=st.deferred(lambda: st.sampled_from(judged()))
    | st.text(max_size=300).map(lambda text: classify(subject="", message=text)),
    drawn=st.randoms(use_true_random=False),
    scale=st.floats(0.1, 9),
)
def test_whatever_was_learned_grave_tickets_stay_urgent_and_decisions_tell_what_carried_them(
    text: Classification, drawn: random.Random, scale: float
) -> None:
    features = features_of(text)
    layers = tuple(
        Layer(label, {each: tuple(drawn.uniform(-scale, scale) for _ in values) for each in features})
        for label, values in LEARNABLE.items()
    )
    result = Learned(layers).over(text)
    if any(match.rule in PROTECTED for match in text.matched):
        assert text.urgency is Urgency.HIGH
        assert result.urgency is Urgency.HIGH
        assert result.requires_action
    told = [match for match in result.matched if match.rule == LEARNED_RULE]
    assert bool(told) == (result is not text) == (result.judged_by is JudgedBy.LEARNED)
    for layer in layers:
        decision = layer.decide(features, getattr(text, layer.label))
        if decision is not None:
            values = LEARNABLE[layer.label]
            to, since = values.index(decision.value), values.index(getattr(text, layer.label))
            sums = [sum(weights[number] for weights in layer.weights.values()) for number in (to, since)]
            assert sum(weight for _, weight in decision.carried) == pytest.approx(sums[0] - sums[1])
            assert sums[0] - sums[1] >= THRESHOLD
            assert 0 < len(list(decision.reasons())) <= SHOWN_WORDS
            assert [match.text for match in decision.reasons()] == [
                feature for feature, weight in decision.carried[:SHOWN_WORDS] if weight > 0
            ]
        of_it = [match for match in told if match.label == layer.label]
        if getattr(result, layer.label) != getattr(text, layer.label):
            assert of_it or layer.label == "requires_action"
        else:
            assert of_it == []


def test_layers_are_stored_and_read_as_they_are() -> None:
    learned, _ = learn([*lessons(40, urgency=Urgency.HIGH, sentiment=Sentiment.NEGATIVE), *confirmed(60)])
    assert len(learned.layers) == 2
    assert from_row(json.loads(json.dumps(to_row(learned)))) == learned


def test_learned_words_are_no_keywords_and_say_why_somebody_is_told() -> None:
    learned, _ = learn([*lessons(40, urgency=Urgency.HIGH), *confirmed(60)], usual())
    text = classify(subject="Question", message=f"Where is the manual?{HABIT}")
    result = learned.over(text)
    assert (text.urgency, result.urgency) == (Urgency.LOW, Urgency.HIGH)
    assert keyword_key(result.matched) == keyword_key(text.matched)
    told = reason([{"rule": match.rule, "keyword": match.keyword, "label": match.label} for match in result.matched])
    assert "learned: warehouse scanner" in told
