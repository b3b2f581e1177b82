"""Learning from corrections, and what a learned layer costs each ticket."""

import asyncio
import random
import time

from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage
from benchmarks.timing import medians
from documents.ticket import Sentiment, Urgency
from mock_external_api.texts.compose import compose, draw_topics
from services.classification.classifier import Classification, classify
from services.classification.learned import Learned
from services.classification.learning import Lesson, learn
from services.judging.learning_set import MOST_CORRECTIONS, MOST_UNCORRECTED

SIZES = (100, 1_000, MOST_CORRECTIONS)
MEASURED = 1_000
LONGEST_SECONDS = 1.0
HABIT = "slow"

METHOD = f"""Corrections of tickets as the mock external API writes them, two of them to a text, so that there are
some 60 words. People say of the topic `{HABIT}` that it is urgent and negative, and of others what the rules say.
Beside them {MOST_UNCORRECTED} tickets that nobody has corrected. In one thread, without reading and judging them."""


async def measure(stage: Stage) -> Chapter:
    """Measure at three sizes."""
    return await asyncio.to_thread(_measured, SIZES[:2] if stage.quick else SIZES)


def _measured(sizes: tuple[int, ...]) -> Chapter:
    dice = random.Random(7)
    others = [_ticket(dice)[1] for _ in range(MOST_UNCORRECTED)]
    findings, learned = [], Learned()
    for size in sizes:
        lessons = [_lesson(dice, number) for number in range(size)]
        begin = time.perf_counter()
        learned, trials = learn(lessons, others)
        seconds = time.perf_counter() - begin
        tried = ", ".join(
            f"{trial.label} {trial.rules_right} to {trial.learned_right}" for trial in trials if trial.learned_right
        )
        target = f"at most {LONGEST_SECONDS:.0f} s" if size == MEASURED else ""
        reached = seconds <= LONGEST_SECONDS if target else None
        findings.append(
            Finding(f"{size:,} corrections", f"{seconds:.2f} s; right on those held out: {tried}", target, reached)
        )
    findings.append(_cost(learned, others))
    return Chapter("Learning from corrections", METHOD, findings)


def _cost(learned: Learned, others: list[Classification]) -> Finding:
    async def decide() -> None:
        for each in others:
            learned.over(each)

    taken = asyncio.run(medians({"over": decide}, 5))["over"] / len(others)
    return Finding("deciding about a ticket, beside the rules", f"{taken * 1e6:,.0f} µs")


def _lesson(dice: random.Random, number: int) -> Lesson:
    topic, judged = _ticket(dice)
    is_habit = topic == HABIT
    said = {
        "urgency": Urgency.HIGH if is_habit else judged.urgency,
        "sentiment": Sentiment.NEGATIVE if is_habit else judged.sentiment,
        "requires_action": judged.requires_action,
    }
    return Lesson(f"T-{number}", judged, said)


def _ticket(dice: random.Random) -> tuple[str, Classification]:
    topic = draw_topics(dice, 1)[0]
    (subject, first), (_, second) = (compose(dice, topic, "email") for _ in range(2))
    return topic.name, classify(subject=subject, message=f"{first}\n\n{second}")


if __name__ == "__main__":
    print(_measured(SIZES).as_text())
