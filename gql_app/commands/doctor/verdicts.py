"""Verdicts on facts: whether something is as it should be, and if not, what to do."""

from pydantic import BaseModel

from documents.inspection import DatabaseFacts
from documents.schema_version import KNOWN_VERSION

CLOCK_SECONDS = 5.0
"""Tokens run out, and hours of statistics begin, by our clock; leases and the rate limit are told by MongoDB's."""
FREE_BYTES = 1_000_000_000
"""A million tickets of a few hundred words, with indexes and history, take about as much."""
NAMED_INDEXES = 5


class Check(BaseModel):
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found."""
    remedy: str | None = None
    """What to do about it; null if it is as it should be."""


class Examination(BaseModel):
    """All that was looked at."""

    ok: bool
    """Whether all of it is as it should be."""
    checks: list[Check]


def judge_database(facts: DatabaseFacts) -> list[Check]:
    """Verdicts on a database that answers."""
    clock = judge_clock(facts.seconds_ahead)
    return [_version(facts), _transactions(facts), _data(facts), _indexes(facts), clock, _disk(facts)]


def judge_clock(seconds_ahead: float) -> Check:
    """Whether the database's clock and ours agree."""
    detail = f"the database's is {abs(seconds_ahead):.1f} s {'ahead' if seconds_ahead > 0 else 'behind'}"
    remedy = "Set the clocks of both machines by NTP (chrony, systemd-timesyncd)."
    return _check("clock", abs(seconds_ahead) <= CLOCK_SECONDS, detail, remedy)


def judge_room(name: str, free: int, total: int | None = None, *, where: str = "") -> Check:
    """Whether a disk has room."""
    detail = f"{free / 1e9:.1f} GB free" + (f" of {total / 1e9:.1f} GB" if total else "") + where
    return _check(name, free >= FREE_BYTES, detail, f"Make room: fewer than {FREE_BYTES / 1e9:.0f} GB are free.")


def _version(facts: DatabaseFacts) -> Check:
    remedy = "Use MongoDB 6.0 or newer: the statistics need its operators."
    return _check("version", facts.is_new_enough, f"MongoDB {facts.version}", remedy)


def _transactions(facts: DatabaseFacts) -> Check:
    if not facts.is_transactional:
        remedy = "Start mongod with --replSet, and initiate the set (one member will do): a crash may leave a page half"
        return _check("transactions", False, "a standalone server has none", f"{remedy} stored.")
    detail = "a replica set or sharded cluster" + ("" if facts.is_writable else ", without a primary")
    return _check("transactions", facts.is_writable, detail, "Wait for the election, or look at rs.status().")


def _data(facts: DatabaseFacts) -> Check:
    if facts.is_empty:
        return _check("data", True, "there is none yet")
    detail = f"version {facts.data_version}; this program knows version {KNOWN_VERSION}"
    if facts.data_version < KNOWN_VERSION:
        detail += ", to which the next `serve` or `worker` brings it"
    remedy = "Use a newer version of the service, or restore the backup from before the upgrade."
    return _check("data", facts.needed_version <= KNOWN_VERSION, detail, remedy)


def _indexes(facts: DatabaseFacts) -> Check:
    if facts.is_empty:
        return _check("indexes", True, "the database is new; the first start of the service makes them")
    if not facts.missing_indexes:
        return _check("indexes", True, "all that are declared are there")
    named, more = facts.missing_indexes[:NAMED_INDEXES], len(facts.missing_indexes) - NAMED_INDEXES
    detail = f"not there, or not as declared: {', '.join(named)}" + (f" and {more} more" if more > 0 else "")
    return _check("indexes", False, detail, "Start `serve` or `worker` once: it makes them.")


def _disk(facts: DatabaseFacts) -> Check:
    if facts.free_bytes is None:
        return _check("disk", True, "the database does not say how much room it has")
    return judge_room("disk", facts.free_bytes, facts.total_bytes, where=" where MongoDB stores")


def _check(name: str, is_ok: bool, detail: str, remedy: str | None = None) -> Check:
    return Check(name=name, ok=is_ok, detail=detail, remedy=None if is_ok else remedy)
