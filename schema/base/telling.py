"""What those are told who follow the same: said by each subscription, in its field's `metadata`."""

from enum import Enum, auto

TELLING = "telling"
"""Under what name a field's metadata has it."""


class Telling(Enum):
    """How results reach several followers."""

    LATEST = auto()
    """Each result says how things are: it is computed once for all, and who is slow is told the latest."""
    EACH = auto()
    """Each result says what has happened: it is computed once for all, and everybody is told every one. The first
    says the same to whoever begins to follow."""
    APART = auto()
    """Each follower is told results of its own."""
