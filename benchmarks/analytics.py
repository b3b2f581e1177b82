"""What the analytics beyond the statistics cost, and searches."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage
from benchmarks.timing import medians, ms
from documents.database import Database, connect
from documents.ticket import CountedField
from services.analytics.civil_time import TrendUnit
from services.analytics.customers import CustomerOrder
from services.analytics.figures import Analytics
from services.errors import QueryTimeoutError
from services.kit.clock import SystemClock
from services.lists.keyset import Window
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets
from services.tickets.search import Search

Question = Callable[[str], Awaitable[object]]
TENANTS = ("t100k", "t1m")
FREQUENT, SELDOM, COMMON = "invoice", "chargeback", "the"

METHOD = f"""Medians, for the tenants with 100,000 and 1,000,000 tickets. None of these is rolled up: they grow with the
tickets that they are about, and are given up after 5 s. `{FREQUENT}` is in 3 % of them, `{SELDOM}` in 0.3 %, `{COMMON}`
in most."""


async def measure(stage: Stage) -> Chapter:
    """Measure each question at both sizes."""
    database = await connect(stage.mongo_url, stage.database)
    findings = [
        Finding(what, ", ".join([await _taken(partial(ask, tenant), stage.rounds(7)) for tenant in TENANTS]))
        for what, ask in _questions(database).items()
    ]
    database.close()
    return Chapter("Other analytics, and search", METHOD, findings)


def _questions(database: Database) -> dict[str, Question]:
    clock = SystemClock()
    analytics, tickets, search = Analytics(database, clock), Tickets(database), Search(database)
    month: dict[str, Any] = {"created_from": clock.now() - timedelta(days=30), "created_to": clock.now()}
    return {
        "trend of 30 days by day": lambda tenant: analytics.trend(tenant, unit=TrendUnit.DAY, **month),
        "the same in another time zone, by urgency": lambda tenant: analytics.trend(
            tenant, unit=TrendUnit.DAY, time_zone="Europe/Paris", breakdown=CountedField.URGENCY, **month
        ),
        "ten busiest customers of 30 days": lambda tenant: analytics.customers(
            tenant, order=CustomerOrder.TICKETS, first=10, **month
        ),
        "ten busiest customers of all time": lambda tenant: analytics.customers(
            tenant, order=CustomerOrder.TICKETS, first=10
        ),
        **_searches(tickets, search, Window(limit=20)),
    }


def _searches(tickets: Tickets, search: Search, page: Window) -> dict[str, Question]:
    def newest(q: str) -> Question:
        return lambda tenant: tickets.slice(tenant, TicketFilter(q=q), page)

    def best(q: str) -> Question:
        return lambda tenant: search.by_relevance(tenant, TicketFilter(q=q), page)

    def count(q: str) -> Question:
        return lambda tenant: tickets.count(tenant, TicketFilter(q=q))

    return {
        f"a page about `{FREQUENT}`, newest first": newest(FREQUENT),
        f"a page about `{FREQUENT}`, best fit first": best(FREQUENT),
        f"a page about `{SELDOM}`, best fit first": best(SELDOM),
        f"a page about `{COMMON}`, newest first": newest(COMMON),
        f"a page about `{FREQUENT} {SELDOM}`, which are never together, newest first": newest(f"{FREQUENT} {SELDOM}"),
        f"how many tickets have `{FREQUENT}`": count(FREQUENT),
        f"how many tickets have `{COMMON}`": count(COMMON),
    }


async def _taken(ask: Callable[[], Awaitable[object]], rounds: int) -> str:
    try:
        return ms((await medians({"it": ask}, rounds))["it"])
    except QueryTimeoutError:
        return "given up"
