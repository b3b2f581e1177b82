"""Which of the tickets that become urgent are announced at all."""

from dataclasses import dataclass
from datetime import datetime

from documents.database import Row

_MEANS_CLOSED = frozenset(
    ["closed", "solved", "resolved", "done", "completed", "cancelled", "archived", "merged", "spam"]
)


@dataclass(frozen=True, slots=True)
class AnnouncementPolicy:
    """What is asked of a ticket at first sight; one that is known and becomes urgent is always announced."""

    open_only: bool = False
    """Leave out what was closed already."""
    since: datetime | None = None
    """Leave out what was created before."""

    def wants(self, ticket: Row, *, is_first_sight: bool) -> bool:
        """Whether an urgent ticket is announced; `ticket` is it as it is about to be stored."""
        if not is_first_sight:
            return True
        created_at = ticket.get("created_at")
        is_old = self.since is not None and created_at is not None and created_at < self.since
        return not is_old and not (self.open_only and _is_closed(ticket))


ANNOUNCE_ALL = AnnouncementPolicy()


def _is_closed(ticket: Row) -> bool:
    status = ticket.get("status")
    return isinstance(status, str) and " ".join(status.casefold().split()) in _MEANS_CLOSED
