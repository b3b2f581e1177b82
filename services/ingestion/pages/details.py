"""What a source tells of a ticket beside its present state, worked into the ticket and into its history.

Details have numbers, and a ticket keeps the highest of each kind that was worked in (`told`): each counts once, however
often a source shows it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from documents.database import Row
from documents.ticket_history import HistoryAction
from services.ingestion.pages.history import Happened, end_of
from services.sources.pages import Turn
from services.sources.records.fields import LONGEST_REPLIES

NOTHING_TOLD: Sequence[Row] = ()
_PARAGRAPH = "\n\n"


@dataclass(slots=True)
class Retelling:
    """What happened to a ticket, one thing after the other."""

    values: Row
    """What the ticket is after that."""
    is_live: bool
    """Whether it is, and not deleted."""
    happened: list[Happened] = field(default_factory=list)


def unheard(known: Row, details: Iterable[Row]) -> list[Row]:
    """Those of the staged details that were not yet worked into a ticket, in the order in which they happened."""
    told: Mapping[str, int] = known.get("told") or {}
    fresh = {(detail["kind"], detail["serial"]): detail for detail in details if is_unheard(detail, told)}
    return sorted(fresh.values(), key=lambda detail: (detail["at"], detail["kind"], detail["serial"]))


def is_unheard(detail: Row, told: Mapping[str, int]) -> bool:
    """Whether a detail was not yet worked into a ticket of which so much was `told`."""
    return bool(detail["serial"] > told.get(detail["kind"], -1))


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
    """What a ticket was before details that led to `values`: at its creation, if they are all there are."""
    first = dict(values)
    for detail in reversed(details):
        for name, change in detail["changes"].items():
            if name in first:
                first[name] = change["old"]
    return first


def retold(known: Row, before: Row, details: Iterable[Row], *, is_live: bool) -> Retelling:
    """What happened to a ticket that was `before`. Only its own fields count, and only what changes them.

    `known`: what else is stored of it.
    """
    telling = Retelling(dict(before), is_live)
    for detail in details:
        if detail["turn"] == Turn.BACK and not telling.is_live:
            telling.is_live = True
            telling.happened.append((HistoryAction.RESTORED, {}, detail["at"]))
        step: Row = {
            name: {"old": telling.values[name], "new": change["new"]}
            for name, change in detail["changes"].items()
            if name in telling.values and telling.values[name] != change["new"]
        }
        if step:
            telling.values |= {name: change["new"] for name, change in step.items()}
            telling.happened.append((HistoryAction.UPDATED, step, detail["at"]))
        if detail["turn"] == Turn.GONE and telling.is_live:
            telling.is_live = False
            telling.happened.append(end_of({**known, **telling.values}, detail["at"]))
    return telling
