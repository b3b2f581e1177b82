"""The benchmarks of delivery and of GraphQL pages as chapters of the report; each can also be run on its own."""

import asyncio
import statistics

from benchmarks import delivery as deliveries
from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage


async def delivery(stage: Stage) -> Chapter:
    """Notifications: how fast, and at what cost to ingestion."""
    return await asyncio.to_thread(_delivery, 300 if stage.quick else 3_000, 1 if stage.quick else 7)


def _delivery(tickets: int, rounds: int) -> Chapter:
    rate = statistics.median(deliveries.deliveries_per_second(tickets) for _ in range(5))
    plain, hanging = deliveries.ingestion_slowdown(rounds)
    slowdown = hanging / plain - 1
    findings = [
        Finding(
            "deliveries to a notifier that answers at once",
            f"{rate:,.0f} a second",
            f"at least {deliveries.TARGET_PER_SECOND}",
            rate >= deliveries.TARGET_PER_SECOND,
        ),
        Finding(
            "ingestion beside a notifier that hangs",
            f"{hanging:.2f} s, without delivery {plain:.2f} s: {slowdown:+.1%}",
            f"slowed by less than {deliveries.TARGET_SLOWDOWN:.0%}",
            slowdown < deliveries.TARGET_SLOWDOWN,
        ),
    ]
    return Chapter("Notifications", "Real processes: a worker, the mock external API and MongoDB.", findings)
