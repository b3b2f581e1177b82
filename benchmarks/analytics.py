"""What the analytics beyond the statistics cost, and searches."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks.report import Chapter, Finding
from benchmarks.stage import TICKETS_A_CUSTOMER, Stage
from benchmarks.timing import medians, ms
from documents.database import Database, connect
from documents.ticket import CountedField
from services.analytics.customers import CustomerOrder
from services.analytics.figures import Analytics
from services.analytics.forecasts.forecasts import Forecasts
from services.analytics.history.figures import HistoryFigures
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.errors import QueryTimeoutError
from services.kit.civil_time import TrendUnit
from services.kit.clock import SystemClock
from services.lists.keyset import Window
from services.rollups.write import Rollups
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets
from services.tickets.search import Search

Question = Callable[[str], Awaitable[object]]
TENANTS = ("t100k", "t1m")
SMALL = "t10k"
LARGEST_SECONDS = 0.1
STATISTICS, TREND, CUSTOMERS = "statistics of 30 days", "trend of 30 days by day", "ten leading customers of 30 days"
HEAT, TIME_TO_CLOSE = "heat map of 30 days in Paris", "time to close of 30 days"
DASHBOARD = (STATISTICS, TREND, f"{CUSTOMERS}, by ticket", HEAT, TIME_TO_CLOSE)
FREQUENT, SELDOM, COMMON = "invoice", "chargeback", "the"
FIRST_PAGE = f"a page about `{FREQUENT}`, newest first"

METHOD = f"""Medians, for the tenants with 100,000 and 1,000,000 tickets of the last 60 days; every {TICKETS_A_CUSTOMER}
tickets there is a customer, of whom a few write often and most seldom. Targets are for 1,000,000. All tickets are
rolled up; periods begin and end within a quarter of an hour. Searches are not rolled up: they grow with what they find,
and are given up after 5 s. `{FREQUENT}` is in 3 % of the tickets, `{SELDOM}` in 0.3 %, `{COMMON}` in
most."""


async def measure(stage: Stage) -> Chapter:
    """Measure each question at both sizes."""
    database = await connect(stage.mongo_url, stage.database)
    while await Rollups(database).roll_up(SMALL):  # another benchmark may have taken its tickets back
        pass
    figures = _figures(database)
    findings = [await _figure(what, ask, stage) for what, ask in figures.items()]
    findings.append(await _view(figures, stage))
    searches = _searches(database)
    findings.append(await _figure(FIRST_PAGE, searches.pop(FIRST_PAGE), stage))
    findings += [
        Finding(what, ", ".join([await _taken(partial(ask, tenant), stage.rounds(7)) for tenant in TENANTS]))
        for what, ask in (_of_history(database) | searches).items()
    ]
    database.close()
    return Chapter("Other analytics, and search", METHOD, findings)


def _figures(database: Database) -> dict[str, Question]:
    clock = SystemClock()
    stats, analytics = Stats(database, clock, Questions()), Analytics(database, clock, Questions())
    end = clock.now() - timedelta(minutes=7)
    month: dict[str, Any] = {"created_from": end - timedelta(days=30), "created_to": end}
    day, plain = TrendUnit.DAY, frozenset([None])
    urgency, status = frozenset([CountedField.URGENCY]), frozenset([CountedField.STATUS])
    questions: dict[str, Question] = {
        "statistics of all time": stats.compute,
        STATISTICS: lambda tenant: stats.compute(tenant, **month),
        TREND: lambda tenant: analytics.trends(tenant, plain, unit=day, **month),
        "the same in Paris, by urgency": lambda tenant: analytics.trends(
            tenant, urgency, unit=day, time_zone="Europe/Paris", **month
        ),
        "the same in Kathmandu, by status": lambda tenant: analytics.trends(
            tenant, status, unit=day, time_zone="Asia/Kathmandu", **month
        ),
        HEAT: lambda tenant: analytics.heat_map(tenant, time_zone="Europe/Paris", **month),
        "heat map of all time in Kathmandu": lambda tenant: analytics.heat_map(tenant, time_zone="Asia/Kathmandu"),
        "time to close of all time": analytics.time_to_close,
        TIME_TO_CLOSE: lambda tenant: analytics.time_to_close(tenant, **month),
        "forecast of 24 hours in Paris": partial(
            Forecasts(database, clock, Questions()).forecast, time_zone="Europe/Paris"
        ),
    }
    for order in CustomerOrder:
        name = order.value.removesuffix("_count").replace("_", " ")
        for period, bounds in (("all time", {}), ("30 days", month)):
            questions[f"ten leading customers of {period}, by {name}"] = partial(
                analytics.customers, order=order, first=10, **bounds
            )
    return questions


def _of_history(database: Database) -> dict[str, Question]:
    clock = SystemClock()
    history, end, day = HistoryFigures(database, clock, Questions()), clock.now(), TrendUnit.DAY
    month: dict[str, Any] = {"start": end - timedelta(days=30), "end": end, "time_zone": "Europe/Paris"}
    period: dict[str, Any] = {"created_from": month["start"], "created_to": end}
    return {
        "flow of 30 days by day": lambda tenant: history.flow(tenant, unit=day, **month),
        "backlog of 30 days by day": lambda tenant: history.backlog(tenant, unit=day, **month),
        "ages of what is not closed": lambda tenant: history.ageing(tenant, None),
        "the same 30 days ago": lambda tenant: history.ageing(tenant, month["start"]),
        "times in status of 30 days": lambda tenant: history.time_in_status(tenant, by_category=False, **period),
        "statistics as of 30 days ago": lambda tenant: history.stats_as_of(
            tenant, month["start"], created_from=None, created_to=None
        ),
    }


def _searches(database: Database) -> dict[str, Question]:
    tickets, search, page = Tickets(database), Search(database), Window(limit=20)

    def newest(q: str) -> Question:
        return lambda tenant: tickets.slice(tenant, TicketFilter(q=q), page)

    def best(q: str) -> Question:
        return lambda tenant: search.by_relevance(tenant, TicketFilter(q=q), page)

    def count(q: str) -> Question:
        return lambda tenant: tickets.count(tenant, TicketFilter(q=q))

    return {
        FIRST_PAGE: newest(FREQUENT),
        f"a page about `{FREQUENT}`, best fit first": best(FREQUENT),
        f"a page about `{SELDOM}`, best fit first": best(SELDOM),
        f"a page about `{COMMON}`, newest first": newest(COMMON),
        f"a page about `{FREQUENT} {SELDOM}`, which are never together, newest first": newest(f"{FREQUENT} {SELDOM}"),
        f"how many tickets have `{FREQUENT}`": count(FREQUENT),
        f"how many tickets have `{COMMON}`": count(COMMON),
    }


async def _figure(what: str, ask: Question, stage: Stage) -> Finding:
    seconds = [(await medians({"it": partial(ask, tenant)}, stage.rounds(15)))["it"] for tenant in TENANTS]
    return Finding(what, ", ".join(map(ms, seconds)), "at most 100 ms", seconds[-1] <= LARGEST_SECONDS)


async def _view(figures: dict[str, Question], stage: Stage) -> Finding:
    async def ask_all() -> None:
        for what in DASHBOARD:
            await figures[what](SMALL)

    seconds = (await medians({"it": ask_all}, stage.rounds(15)))["it"]
    what = f"the view of a dashboard, {stage.sizes[SMALL]:,} tickets"
    return Finding(what, ms(seconds), "under 100 ms", seconds < LARGEST_SECONDS)


async def _taken(ask: Callable[[], Awaitable[object]], rounds: int) -> str:
    try:
        return ms((await medians({"it": ask}, rounds))["it"])
    except QueryTimeoutError:
        return "given up"
