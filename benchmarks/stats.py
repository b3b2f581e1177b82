"""The statistics against a plain `$facet` over the same documents."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage
from benchmarks.timing import Work, medians, ms
from documents.database import Collection, Database, Row, connect
from documents.ticket import COUNTED_FIELDS, Ticket
from services.analytics.stats import STATS_MILLISECONDS, Stats
from services.coordination.sharing import Questions
from services.kit.clock import SystemClock
from services.rollups.keeper import ROLL_UP_FROM
from services.rollups.write import Rollups

LARGEST_SHARE = 1 / 4
USERS_LIMIT_SECONDS = 0.5
LARGEST_GROWTH = 2.0
ROUNDS = {"t10k": 40, "t100k": 15, "t1m": 3}
NO_LIMIT = 120_000

METHOD = f"""All metrics of `/tenants/{{tenant_id}}/stats` over all time, with all tickets in the rollups. The plain way
is one `$facet` with a branch for each metric over the documents that `{{tenant_id, deleted_at: null}}` matches, with
the same indexes; its totals are compared with ours before anything is measured. Figures are medians, taken in turns.

As a rule up to {ROLL_UP_FROM - 1:,} tickets of a tenant are not rolled up yet; one line is for so many, one for none at
all rolled up, others for a period that cuts two days."""


async def measure(stage: Stage) -> Chapter:
    """Measure at three sizes."""
    database = await connect(stage.mongo_url, stage.database)
    tickets = database.collection(Ticket)
    ours = Stats(database, SystemClock(), Questions(), max_milliseconds=NO_LIMIT)
    findings, seconds = [], {}
    for tenant, size in stage.sizes.items():
        await _compare(ours, tickets, tenant)
        taken = await medians(
            {"ours": partial(ours.compute, tenant), "plain": partial(plain, tickets, tenant)},
            stage.rounds(ROUNDS[tenant]),
        )
        seconds[tenant] = taken["ours"]
        findings += _beside_plain(tenant, size, taken)
    findings += await _other_circumstances(stage, database, ours)
    findings.append(_growth(stage, seconds))
    database.close()
    return Chapter("Statistics", METHOD, findings)


def _beside_plain(tenant: str, size: int, taken: dict[str, float]) -> list[Finding]:
    share = taken["ours"] / taken["plain"]
    figures = f"{ms(taken['ours'])}, plain $facet {ms(taken['plain'])}: {share:.2f} of it"
    if tenant != "t10k":
        return [Finding(f"{size:,} tickets", figures)]
    is_within_limit = taken["ours"] <= USERS_LIMIT_SECONDS
    return [
        Finding(f"{size:,} tickets", figures, "at most 0.25 of the plain $facet", share <= LARGEST_SHARE),
        Finding(f"{size:,} tickets, the outer limit", ms(taken["ours"]), "500 ms", is_within_limit),
    ]


def _growth(stage: Stage, seconds: dict[str, float]) -> Finding:
    growth = seconds["t1m"] / seconds["t10k"]
    return Finding(
        f"{stage.sizes['t1m']:,} tickets against {stage.sizes['t10k']:,}",
        f"{growth:.1f} times as long; the limit of a request is {ms(STATS_MILLISECONDS / 1000)}",
        "at most 2 times",
        growth <= LARGEST_GROWTH,
    )


async def _other_circumstances(stage: Stage, database: Database, ours: Stats) -> list[Finding]:
    """What a tenant pays before its tickets are rolled up, and for a period."""
    now = SystemClock().now()
    begin, end = now - timedelta(days=45, hours=7), now - timedelta(days=15, hours=5)
    works: dict[str, Work] = {
        tenant: partial(ours.compute, tenant, created_from=begin, created_to=end) for tenant in stage.sizes
    }
    bounded = await medians(works, stage.rounds(20))
    return [
        await _with_single_tickets(stage, database, ours, ROLL_UP_FROM - 1),
        await _with_single_tickets(stage, database, ours, stage.sizes["t10k"]),
        *(Finding(f"30 days of {stage.sizes[tenant]:,} tickets", ms(seconds)) for tenant, seconds in bounded.items()),
    ]


async def _with_single_tickets(stage: Stage, database: Database, ours: Stats, count: int) -> Finding:
    """The same as at first, after so many tickets were taken out of the rollups."""
    tickets = database.collection(Ticket)
    found = tickets.find({"tenant_id": "t10k", "deleted_at": None}, {"_id": 1}).limit(count)
    ids = [row["_id"] for row in await found.to_list(None)]
    await Rollups(database).take_back("t10k", ids, None)
    await _compare(ours, tickets, "t10k")
    works: dict[str, Work] = {"ours": partial(ours.compute, "t10k"), "plain": partial(plain, tickets, "t10k")}
    taken = await medians(works, stage.rounds(20))
    share = taken["ours"] / taken["plain"]
    return Finding(
        f"{stage.sizes['t10k']:,} tickets, {len(ids):,} of them not rolled up",
        f"{ms(taken['ours'])}, plain $facet {ms(taken['plain'])}: {share:.2f} of it",
    )


async def _compare(ours: Stats, tickets: Collection, tenant: str) -> None:
    """Make sure that both count the same."""
    computed, [facet] = await ours.compute(tenant), await plain(tickets, tenant)
    expected = facet["total"][0]["count"], {row["_id"]: row["count"] for row in facet["by_status"]}
    if (computed.total_tickets, computed.by_status) != expected:
        raise AssertionError(f"{tenant}: {computed.total_tickets} {computed.by_status} is not {expected}")
    if [row["count"] for row in computed.top_keywords] != [row["count"] for row in facet["top_keywords"]]:
        raise AssertionError(f"{tenant}: the keywords differ")


COUNT = {"$sum": 1}
PLAIN_KEYWORDS: list[Row] = [
    {"$match": {"keyword_key": {"$gt": ""}}},
    {"$project": {"keyword": {"$split": ["$keyword_key", "|"]}}},
    {"$unwind": "$keyword"},
    {"$group": {"_id": "$keyword", "count": COUNT}},
    {"$sort": {"count": -1, "_id": 1}},
    {"$limit": 10},
]


async def plain(tickets: Collection, tenant: str) -> list[Row]:
    """The statistics as one would write them at first."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    last_day = {"created_at": {"$gte": end - timedelta(hours=24), "$lt": end}}
    risky = {"urgency": "high", "status": {"$ne": "closed"}, "customer_id": {"$ne": None}}
    facets: dict[str, list[Any]] = {
        "total": [{"$count": "count"}],
        **{f"by_{field}": [{"$group": {"_id": f"${field}", "count": COUNT}}] for field in COUNTED_FIELDS},
        "urgency_high_ratio": _plain_ratio("urgency", "high"),
        "negative_sentiment_ratio": _plain_ratio("sentiment", "negative"),
        "hourly_trend": [
            {"$match": last_day},
            {"$group": {"_id": {"$dateTrunc": {"date": "$created_at", "unit": "hour"}}, "count": COUNT}},
            {"$sort": {"_id": 1}},
        ],
        "top_keywords": PLAIN_KEYWORDS,
        "at_risk_customers": [
            {"$match": risky},
            {"$sort": {"created_at": -1}},
            {"$group": {"_id": "$customer_id", "count": COUNT, "ticket_ids": {"$push": "$external_id"}}},
            {"$match": {"count": {"$gte": 2}}},
            {"$sort": {"count": -1, "_id": 1}},
            {"$limit": 10},
            {"$set": {"ticket_ids": {"$slice": ["$ticket_ids", 20]}}},
        ],
    }
    pipeline: list[Row] = [{"$match": {"tenant_id": tenant, "deleted_at": None}}, {"$facet": facets}]
    return await tickets.aggregate(pipeline).to_list(None)


def _plain_ratio(field: str, value: str) -> list[Row]:
    having = {"$sum": {"$cond": [{"$eq": [f"${field}", value]}, 1, 0]}}
    return [
        {"$group": {"_id": None, "having": having, "total": COUNT}},
        {"$project": {"ratio": {"$round": [{"$divide": ["$having", "$total"]}, 3]}}},
    ]
