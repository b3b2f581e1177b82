"""When the schedule reads a connection next."""

import random
from datetime import datetime, timedelta

from documents.database import Row
from services.errors import InvalidInputError

MAX_SCHEDULE_MINUTES = 10_080
"""A week."""
LONGEST_REST_MINUTES = 24 * 60
"""How long one that keeps failing is left alone at most, unless its schedule is longer."""
_JITTER = 0.1
"""So that the connections of one schedule do not come all at once."""
_MOST_DOUBLINGS = 11


def demand_schedule(minutes: int | None) -> int | None:
    """A schedule, if it makes sense.

    Raises:
        InvalidInputError: it is too short or too long.
    """
    if minutes is not None and not 1 <= minutes <= MAX_SCHEDULE_MINUTES:
        raise InvalidInputError(f"schedule_minutes must be 1 to {MAX_SCHEDULE_MINUTES:,}.")
    return minutes


def next_run(minutes: int | None, last_run_at: datetime | None, now: datetime) -> datetime | None:
    """When a connection comes next whose schedule was set just now; None: it has none."""
    if minutes is None:
        return None
    return now if last_run_at is None else last_run_at + timedelta(minutes=minutes)


def next_run_from(now: datetime) -> Row:
    """An expression of MongoDB for the same when a run begins or has ended, from the failures that the row has now."""
    doublings = {"$min": ["$failures", _MOST_DOUBLINGS]}
    doubled = {"$multiply": ["$schedule_minutes", {"$pow": [2, doublings]}]}
    minutes = {"$max": ["$schedule_minutes", {"$min": [doubled, LONGEST_REST_MINUTES]}]}
    factor = 60_000 * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  (jitter is no secret)
    then = {"$add": [now, {"$round": [{"$multiply": [minutes, factor]}]}]}
    return {"$cond": [{"$gt": ["$schedule_minutes", None]}, then, None]}
