"""What is stored of help desks' tickets, and what there is to know of them, in the same words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from documents.vocabulary import SourceKind
from services.sources.github.records import priority_in, sorted_tags
from soak.cluster import Cluster, Row
from soak.desks import SteeredDesk

FIELDS = ("status", "subject", "priority", "assignee", "tags")
TOLD: Mapping[SourceKind, frozenset[str]] = {
    SourceKind.ZENDESK: frozenset(FIELDS),
    SourceKind.GITHUB: frozenset(["status", "subject"]),
}
"""The fields of whose every change the source tells. GitHub tells of labels and accounts only as far as its newest
events lead back."""
_ZENDESK_FIELDS = {"assignee_id": "assignee", **{name: name for name in FIELDS if name != "assignee"}}
_GITHUB_FIELDS = {"state": "status", "title": "subject"}
Moved = tuple[datetime, str, Any, Any]
"""When a field changed, which, from what and to what."""


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """What there is to know of a ticket."""

    is_gone: bool
    values: Row
    moved: list[Moved]
    """By moment, and by field."""
    ends: list[tuple[datetime, str]] | None
    """When it was deleted and when it came back; None: nobody can know."""


def truth_of_desk(desk: SteeredDesk) -> dict[str, KnownTicket]:
    """What there is to know, by the id under which it would be stored."""
    truth = desk.truth()
    if desk.kind is SourceKind.GITHUB:
        return {f"github:{number}": _of_github(each) for number, each in truth.items() if not each["is_pull_request"]}
    changes = [change for each in truth.values() for change in each["history"] if change["field"] == "assignee_id"]
    numbers = {number for change in changes for number in (change["old"], change["new"]) if number is not None}
    names = desk.agents(numbers)
    return {f"zendesk:{number}": _of_zendesk(each, names) for number, each in truth.items()}


def differences_of_desk(
    cluster: Cluster, tenant_id: str, kind: SourceKind, truth: Mapping[str, KnownTicket], seen: Iterable[str]
) -> Counter[str]:
    """Every way in which a tenant's tickets differ from the truth. `seen`: those that a run has had to see."""
    stored, created = _stored(cluster, tenant_id, TOLD[kind])
    staged = {row["ticket_id"] for row in cluster.db["staged_details"].find({"tenant_id": tenant_id})}
    expected = set(seen)
    both = [(stored[name], truth[name]) for name in expected & stored.keys()]
    found = {
        "lost": len(expected - stored.keys()),
        "invented": len(stored.keys() - expected),
        "created more or less than once": sum(created[name] != 1 for name in expected),
        "wrong values": sum(ours.values != true.values for ours, true in both if not true.is_gone),
        "wrongly deleted or not": sum(ours.is_gone != true.is_gone for ours, true in both),
        # What has left GitHub takes along what happened to it last.
        "wrong history": sum(ours.moved != true.moved for ours, true in both if true.ends is not None),
        "wrong deletions": sum(ours.ends != true.ends for ours, true in both if true.ends is not None),
        "details left of tickets that are there": len(staged & stored.keys()),
    }
    return Counter({name: int(count) for name, count in found.items() if count})


def _stored(cluster: Cluster, tenant_id: str, told: frozenset[str]) -> tuple[dict[str, KnownTicket], Counter[str]]:
    tickets = list(cluster.db["tickets"].find({"tenant_id": tenant_id}))
    history: dict[str, list[Row]] = {row["external_id"]: [] for row in tickets}
    created = Counter[str]()
    for row in cluster.db["ticket_history"].find({"tenant_id": tenant_id}).sort([("recorded_at", 1), ("_id", 1)]):
        created[row["ticket_id"]] += row["action"] == "created"
        history.setdefault(row["ticket_id"], []).append(row)
    return {row["external_id"]: _known(row, history[row["external_id"]], told) for row in tickets}, created


def _known(ticket: Row, history: list[Row], told: frozenset[str]) -> KnownTicket:
    moved = [
        (row["occurred_at"], name, change["old"], change["new"])
        for row in history
        if row["action"] in ("updated", "restored")
        for name, change in sorted(row["changes"].items())
        if name in told
    ]
    ends = [(row["occurred_at"], row["action"]) for row in history if row["action"] in ("deleted", "restored")]
    values = {name: ticket.get(name) or None for name in FIELDS}
    return KnownTicket(ticket.get("deleted_at") is not None, values, sorted(moved, key=_by_moment), ends)


def _of_zendesk(ticket: Row, names: Mapping[int, str]) -> KnownTicket:
    def seen(name: str, value: Any) -> Any:
        if name == "assignee":
            return None if value is None else names[value]
        if name in ("status", "priority"):
            return None if value in (None, "deleted") else value.lower()
        return value or None

    moved, ends = [], []
    first = len({change["field"] for change in ticket["history"]})
    for change in ticket["history"][first:]:
        at, old, new = datetime.fromtimestamp(change["at"], UTC), change["old"], change["new"]
        name = _ZENDESK_FIELDS.get(change["field"])
        if name == "status" and "deleted" in (old, new):
            ends.append((at, "deleted" if new == "deleted" else "restored"))
        elif name and seen(name, old) != seen(name, new):
            moved.append((at, name, seen(name, old), seen(name, new)))
    record = ticket["record"]
    values = {name: seen(name, record["assignee_id" if name == "assignee" else name]) for name in FIELDS}
    return KnownTicket(ticket["deleted"], values, sorted(moved, key=_by_moment), ends)


def _of_github(issue: Row) -> KnownTicket:
    fields, is_gone = issue["fields"], issue["gone"] is not None
    values = {
        "status": fields["state"],
        "subject": fields["title"],
        "priority": priority_in(fields["labels"]),
        "assignee": fields["assignees"][0] if fields["assignees"] else None,
        "tags": sorted_tags(fields["labels"]),
    }
    moved = [
        (datetime.fromtimestamp(change["moment"], UTC), _GITHUB_FIELDS[change["field"]], change["old"], change["new"])
        for change in issue["history"]
        if change["field"] in _GITHUB_FIELDS and change["old"] is not None
    ]
    return KnownTicket(is_gone, values, sorted(moved, key=_by_moment), None if is_gone else [])


def _by_moment(moved: Moved) -> tuple[datetime, str]:
    return moved[:2]
