"""The outbox's rows: which of the tickets that become urgent are announced, and what a page writes for one of them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from documents.database import Row
from documents.destination import Destination, DestinationFormat
from documents.notification import DEFAULT_DESTINATION, DEFAULT_KIND, NO_TICKET, UNSEEN, NotificationState
from documents.ticket import StatusCategory, Urgency
from services.classification.rules import all_rules
from services.kit.clock import EPOCH
from services.statuses import category_of

GIVE_UP_AFTER = timedelta(hours=72)
MAX_REASON_CHARACTERS = 500
WHEN_DUE: Row = {"$cond": [{"$eq": ["$due_at", UNSEEN]}, "$ready_at", "$due_at"]}
"""When a row is due, as an expression."""


@dataclass(frozen=True, slots=True)
class AnnouncementPolicy:
    """What is asked of a ticket at first sight; one that is known and becomes urgent is always announced."""

    open_only: bool = False
    """Leave out what was closed already."""
    created_from: datetime = EPOCH
    """Leave out what is older."""

    def wants(self, ticket: Row, *, is_first_sight: bool) -> bool:
        """Whether an urgent ticket is announced; `ticket` is it as it is about to be stored."""
        if not is_first_sight:
            return True
        is_over = self.open_only and category_of(ticket.get("status")) is StatusCategory.CLOSED
        return not is_over and ticket["created_at"] >= self.created_from


ANNOUNCE_ALL = AnnouncementPolicy()


def notification_row(
    tenant_id: str,
    ticket_id: str,
    *,
    version: str,
    matched: Sequence[Mapping[str, Any]],
    now: datetime,
    cause: str = "",
    trace: str | None = None,
) -> Row:
    """The outbox's row for a ticket that became urgent; the same announcement has the same id.

    `cause`: what made it urgent, where it is not the rules that `matched`. `trace`: the step that found it so.
    """
    return {
        "_id": notification_id(tenant_id, ticket_id, version),
        "tenant_id": tenant_id,
        "ticket_id": ticket_id,
        "version": version,
        "destination_id": DEFAULT_DESTINATION,
        "kind": DEFAULT_KIND,
        "urgency": Urgency.HIGH.value,
        "reason": cause or reason(matched),
        "state": NotificationState.PENDING.value,
        "created_at": now,
        # Long ago by anybody's clock: the servers that write rows and the one that says what is due may differ.
        "due_at": EPOCH,
        "give_up_at": now + GIVE_UP_AFTER,
        "attempts": 0,
        "refusals": 0,
        "rank": 0,
        "redrives": 0,
        **({"trace": trace} if trace else {}),
    }


@dataclass(frozen=True, slots=True)
class SpikeNotice:
    """What is told of a spike."""

    tenant_id: str
    spike_id: str
    reason: str
    """In words."""
    figures: Mapping[str, Any]
    """For programs."""


def spike_rows(notice: SpikeNotice, destinations: Sequence[Destination], now: datetime) -> list[Row]:
    """The outbox's rows for a spike: one for each destination that is told of them, addressed.

    A destination in the specification's format is none of these: that format knows tickets alone.
    """
    tenant_id, version = notice.tenant_id, f"spike:{notice.spike_id}"
    row = notification_row(tenant_id, NO_TICKET, version=version, matched=(), now=now, cause=notice.reason)
    return [
        {
            **row,
            "_id": notification_id(tenant_id, NO_TICKET, version, each.id),
            "due_at": UNSEEN,
            "ready_at": EPOCH,
            "destination_id": each.id,
            "kind": each.format.value,
            "spike": {"spike_id": notice.spike_id, **notice.figures},
        }
        for each in destinations
        if each.spikes and each.format is not DestinationFormat.SPECIFICATION
    ]


def notification_id(tenant_id: str, ticket_id: str, version: str, *further: str) -> str:
    """The id of an announcement, which is also its idempotency key: any text can be part of it, a header stays safe.

    `further`: the destination of a copy.
    """
    parts = [tenant_id, ticket_id, version, *further]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _makes_urgent(match: Mapping[str, Any]) -> bool:
    rule = all_rules().get(match["rule"])
    return match.get("label") == "urgency" if rule is None else rule.urgency is Urgency.HIGH


def reason(matched: Sequence[Mapping[str, Any]]) -> str:
    """The rules that make a ticket urgent, with the keywords they found: `legal threat: sue; outage: down`.

    Where it was learned that it is, the words that carried that: `learned: warehouse scanner`.
    """
    urgent = [match for match in matched if _makes_urgent(match)]
    parts = dict.fromkeys(f"{match['rule'].replace('_', ' ')}: {match['keyword']}" for match in urgent)
    return "; ".join(parts)[:MAX_REASON_CHARACTERS]
