"""What a migration is: a change of stored data from one version to the next, in small steps, forward only.

A new one is a module `m0002_....py` with a `MIGRATION`, a line in `ALL_MIGRATIONS` (`migrator.py`), and its number as
`KNOWN_VERSION` (`documents/schema_version.py`). What is made of tickets (rollups, search terms, classifications) needs
none: each row says by which version it was made, and keepers make anew what is of another one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from documents.database import Database, Session

STEP_ROWS = 1_000
"""Rows that are changed in one transaction."""


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """What one step has done."""

    place: Any
    """Where the next one goes on; None: that was the last."""
    rows: int
    """How many rows were changed."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of stored data."""

    number: int
    meaning: str
    """What is so afterwards, for logs."""
    step: Callable[[Database, Any, Session], Awaitable[MigrationStep]]
    """Changes the next rows from a place on, in the transaction of the session. The first place is None, again after a
    crash: it passes over what is done already."""
    before_serving: bool = False
    """Whether nothing may be answered and no run may go on until it is done; else it is done beside that."""
    older_may_work: bool = True
    """Whether programs that do not know it may go on, and start, on what it has changed."""
