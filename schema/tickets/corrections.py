"""What people have said of tickets, as clients see it."""

from datetime import datetime

import strawberry

from documents.correction import MachineAnswer
from documents.correction import TicketCorrection as Stored
from documents.ticket import Sentiment, Urgency

_URGENCIES: dict[str | None, Urgency] = {each.value: each for each in Urgency}
_SENTIMENTS: dict[str | None, Sentiment] = {each.value: each for each in Sentiment}


@strawberry.type(description="What a ticket was classified as, without a person's word.")
class MachineClassification:
    """The answer that was corrected."""

    urgency: Urgency | None = strawberry.field(description="How soon somebody has to look at it.")
    sentiment: Sentiment | None = strawberry.field(description="The mood it was written in.")
    requires_action: bool | None = strawberry.field(description="Whether somebody has to do something.")


@strawberry.type(description="A person's word on a ticket. It decides for as long as the ticket's text stays the same.")
class TicketCorrection:
    """A correction."""

    urgency: Urgency | None = strawberry.field(description="The urgency they said; null: nothing of it.")
    sentiment: Sentiment | None = strawberry.field(description="The mood they said; null: nothing of it.")
    requires_action: bool | None = strawberry.field(
        description="Whether they said that somebody has to do something; null: nothing of it."
    )
    by: str | None = strawberry.field(description="Who, by the subject of their credential; null where access is open.")
    at: datetime | None = strawberry.field(description="When.")
    note: str | None = strawberry.field(description="Why, if they said.")
    machine: MachineClassification = strawberry.field(description="What it had been classified as.")


def to_correction(correction: Stored | None) -> TicketCorrection | None:
    """A correction as clients see it."""
    if correction is None:
        return None
    return TicketCorrection(
        urgency=_URGENCIES.get(correction.urgency),
        sentiment=_SENTIMENTS.get(correction.sentiment),
        requires_action=correction.requires_action,
        by=correction.by,
        at=correction.at,
        note=correction.note,
        machine=_to_machine(correction.machine),
    )


def _to_machine(answer: MachineAnswer) -> MachineClassification:
    return MachineClassification(
        urgency=_URGENCIES.get(answer.urgency),
        sentiment=_SENTIMENTS.get(answer.sentiment),
        requires_action=answer.requires_action,
    )
