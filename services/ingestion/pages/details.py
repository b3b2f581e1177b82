"""What a source tells of a ticket beside its present state, worked into the ticket and into its history.

Details have numbers, and a ticket keeps the highest of each kind that was worked in (`told`): each counts once, however
often a source shows it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from documents.database import Row
from services.sources.records.fields import LONGEST_REPLIES

NOTHING_TOLD: Sequence[Row] = ()
_PARAGRAPH = "\n\n"


@dataclass(slots=True)
class Retelling:
    """The changes of a ticket one after the other, from some values on."""

    values: Row
    """What the ticket is after the changes so far."""
    steps: list[tuple[datetime, Row]] = field(default_factory=list)
    """When something changed, and from what to what: `{name: {old, new}}`."""


def unheard(known: Row, details: Iterable[Row]) -> list[Row]:
    """Those of the staged details that were not yet worked into a ticket, in the order in which they happened."""
    told: Mapping[str, int] = known.get("told") or {}
    fresh = [detail for detail in details if detail["serial"] > told.get(detail["kind"], -1)]
    return sorted(fresh, key=lambda detail: (detail["at"], detail["kind"], detail["serial"]))


def since_birth(details: Iterable[Row], created_at: datetime) -> list[Row]:
    """Those that are not the creation itself, which some sources tell as a change of every field from nothing."""
    return [
        detail
        for detail in details
        if detail["at"] > created_at or any(change["old"] is not None for change in detail["changes"].values())
    ]


def told_with(known: Row, fresh: Iterable[Row]) -> dict[str, int]:
    """`told` of a ticket into which these details were worked, too."""
    told: dict[str, int] = dict(known.get("told") or {})
    for detail in fresh:
        told[detail["kind"]] = max(detail["serial"], told.get(detail["kind"], -1))
    return told


def replies_with(known: Row, fresh: Iterable[Row], customer_id: str | None) -> str | None:
    """What the customer wrote later, with these details, if anything; of what is too long the beginning stays."""
    theirs = ("", customer_id)
    said = [known.get("replies") or "", *(detail["said"] for detail in fresh if detail["author"] in theirs)]
    return _PARAGRAPH.join(text for text in said if text)[:LONGEST_REPLIES] or None


def before_all(values: Row, details: Sequence[Row]) -> Row:
    """What a ticket was before details that led to `values`."""
    first = dict(values)
    for detail in reversed(details):
        for name, change in detail["changes"].items():
            if name in first:
                first[name] = change["old"]
    return first


def retold(values: Row, details: Iterable[Row]) -> Retelling:
    """What happened to a ticket that was `values`. Only its own fields count, and only what changes them."""
    telling = Retelling(dict(values))
    for detail in details:
        step: dict[str, Any] = {
            name: {"old": telling.values[name], "new": change["new"]}
            for name, change in detail["changes"].items()
            if name in telling.values and telling.values[name] != change["new"]
        }
        if step:
            telling.values |= {name: change["new"] for name, change in step.items()}
            telling.steps.append((detail["at"], step))
    return telling
