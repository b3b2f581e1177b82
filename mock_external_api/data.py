"""Makes the sample tickets: who wrote them, when, and what has become of them since."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from mock_external_api.clock import epoch_ms, iso
from mock_external_api.settings import MockSettings
from mock_external_api.texts.compose import compose, draw_topics
from mock_external_api.texts.mail import as_received

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SPREAD_DAYS = 60
LAST_DAY_SHARE = 0.04
"""Share of the tickets in the newest 24 hours: 400 of 10,000, so that every tenant's dashboard has some."""

_SOURCES, _SOURCE_WEIGHTS = ("email", "web", "chat", "phone", "api"), (45, 22, 18, 8, 7)
_MOST_CUSTOMERS, _FEWEST_CUSTOMERS = 400, 100
# Traffic by hour of the day in UTC: a quiet night, a peak before noon, a second one in the afternoon.
_BY_HOUR = (2, 1, 1, 1, 2, 4, 7, 12, 18, 22, 23, 21, 17, 19, 22, 20, 17, 13, 10, 8, 7, 6, 4, 3)
_BY_WEEKDAY = (1.25, 1.15, 1.1, 1.05, 0.95, 0.45, 0.4)


@dataclass(slots=True, eq=False)
class Ticket:
    """One upstream ticket and what the mock knows about it beyond the record itself."""

    record: Any
    """What is served: an object of the contract's shape, or any JSON value when a test added it."""
    tenant_id: str | None
    """The tenant in whose filtered list it appears."""
    created_ms: int
    drift_rank: int = 0
    """Place in the random order in which a growing `drifting_updated_at_share` takes tickets."""
    fault_rank: int = 0
    """The same for `malformed_share`."""
    deleted: bool = False
    pinned: bool = False
    """Served as it is, neither drifting nor malformed: set once a test has edited or added it."""

    @property
    def id(self) -> str:
        """The record's id, empty when it has none that is a string."""
        value = self.record.get("id") if isinstance(self.record, dict) else None
        return value if isinstance(value, str) else ""


def make_tickets(settings: MockSettings, reference: datetime) -> list[Ticket]:
    """Make the sample tickets up to `reference`, oldest first; the same arguments give the same tickets."""
    count, rng = settings.ticket_count, settings.generator("tickets")
    mails = settings.generator("mails")
    now_ms = epoch_ms(reference)
    created = _creation_times(rng, count, now_ms)
    tenants = _apportion(rng, settings.tenants, count)
    customers = _draw_customers(rng, tenants, settings.tenants)
    sources = rng.choices(_SOURCES, weights=_SOURCE_WEIGHTS, k=count)
    topics = draw_topics(rng, count)
    drift, fault, deletion = (_ranks(rng, count) for _ in range(3))
    deleted_count = round(count * settings.deleted_share)
    tickets = []
    for index, created_ms in enumerate(created):
        written = compose(rng, topics[index], sources[index])
        subject, message = as_received(mails, topics[index], sources[index], *written)
        status, updated_ms = _fate(rng, created_ms, now_ms)
        record = {
            "id": f"tkt-{index + 1:06d}",
            "tenant_id": tenants[index],
            "source": sources[index],
            "customer_id": customers[index],
            "subject": subject,
            "message": message,
            "created_at": iso(created_ms),
            "updated_at": iso(updated_ms),
            "status": status,
        }
        deleted = deletion[index] < deleted_count
        tickets.append(Ticket(record, tenants[index], created_ms, drift[index], fault[index], deleted))
    return tickets


def _creation_times(rng: random.Random, count: int, now_ms: int) -> list[int]:
    """Draw sorted moments in the last 60 days with a daily and weekly rhythm; see `LAST_DAY_SHARE`."""
    recent = round(count * LAST_DAY_SHARE)
    older_hours, recent_hours = range(24, SPREAD_DAYS * 24), range(24)
    moments = _draw_moments(rng, count - recent, now_ms, older_hours)
    moments += _draw_moments(rng, recent, now_ms, recent_hours)
    return sorted(moments)


def _draw_moments(rng: random.Random, count: int, now_ms: int, hours_ago: range) -> list[int]:
    if not count:
        return []
    weights = []
    for hour in hours_ago:
        middle = datetime.fromtimestamp((now_ms - hour * HOUR_MS - HOUR_MS // 2) / 1000, UTC)
        weights.append(_BY_HOUR[middle.hour] * _BY_WEEKDAY[middle.weekday()])
    hours = rng.choices(hours_ago, cum_weights=tuple(accumulate(weights)), k=count)
    return [now_ms - int((hour + rng.random()) * HOUR_MS) for hour in hours]


def _apportion(rng: random.Random, shares: dict[str, float], count: int) -> list[str]:
    """Deal `count` tickets to the tenants in exact proportion (largest remainder), in random order."""
    total = sum(shares.values())
    exact = {name: count * share / total for name, share in shares.items()}
    dealt = {name: int(part) for name, part in exact.items()}
    by_remainder = sorted(exact, key=lambda name: dealt[name] - exact[name])
    for name in by_remainder[: count - sum(dealt.values())]:
        dealt[name] += 1
    tenants = [name for name, number in dealt.items() for _ in range(number)]
    return [tenants[rank] for rank in _ranks(rng, count)]


def _draw_customers(rng: random.Random, tenants: list[str], shares: dict[str, float]) -> list[str]:
    """Draw a customer for each ticket: a few of a tenant's write often, most seldom.

    The ids of different tenants overlap, as those of separate companies would.
    """
    draws = {}
    for tenant, tickets in Counter(tenants).items():
        number = max(_FEWEST_CUSTOMERS, round(_MOST_CUSTOMERS * shares[tenant] / max(shares.values())))
        names = [f"cust-{index + 1:04d}" for index in range(number)]
        weights = [(rank + 5) ** -0.9 for rank in range(number)]
        draws[tenant] = iter(rng.choices(names, weights=weights, k=tickets))
    return [next(draws[tenant]) for tenant in tenants]


def _ranks(rng: random.Random, count: int) -> list[int]:
    """Return the numbers below `count` in random order; in half the time of `rng.shuffle`."""
    keys = [rng.random() for _ in range(count)]
    return sorted(range(count), key=keys.__getitem__)


def _fate(rng: random.Random, created_ms: int, now_ms: int) -> tuple[str, int]:
    """Draw a ticket's status and `updated_at`: the older, the likelier closed."""
    age_ms = now_ms - created_ms
    closed_chance = min(0.82, age_ms / (9 * DAY_MS))
    if rng.random() < closed_chance:
        status = "closed"
    elif rng.random() < 0.6:
        status = "open"
    else:
        status = "pending"
    if status == "open" and rng.random() < 0.5:
        return status, created_ms
    return status, created_ms + int(min(age_ms * rng.random(), rng.expovariate(1 / DAY_MS)))
