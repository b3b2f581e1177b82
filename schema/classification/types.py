"""How a tenant's tickets are classified, as clients see it."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.reclassification import ReclassificationState
from schema.base.cost import ListSize
from schema.ingestion.payloads import Refusal
from schema.tickets.reasons import MatchedRule
from services.classification.own.faults import OwnWordsFault

_ENTRIES = [ListSize(assumed_size=20)]
_FEW = [ListSize(assumed_size=5)]


@strawberry.type(description="A tenant's own words, as somebody has saved them.")
class OwnWords:
    """Own words."""

    revision: int = strawberry.field(description="To be given back as `expectedRevision`; 0: nobody has saved any.")
    high: list[str] = strawberry.field(description="Words that make a ticket urgent.")
    harmless: list[str] = strawberry.field(description="Words that say nothing: signals inside them do not count.")
    changed_at: datetime | None = strawberry.field(description="When they were saved.")
    changed_by: str | None = strawberry.field(description="Who saved them, by the subject of their credential.")


@strawberry.type(description="How far a tenant's tickets have been judged anew.")
class Reclassification:
    """Progress of judging anew."""

    tenant_id: str = strawberry.field(description="The tenant.")
    version: str = strawberry.field(description="The version of the rules by which the tickets are to be judged.")
    state: ReclassificationState = strawberry.field(description="Where it stands.")
    total: int = strawberry.field(description="Tickets that were judged by another version when it began.")
    done: int = strawberry.field(description="How many of them were judged anew.")
    changed: int = strawberry.field(description="How many got another label, or other reasons for it.")
    raised: int = strawberry.field(description="How many became urgent.")
    started_at: datetime | None = strawberry.field(description="When it began.")
    finished_at: datetime | None = strawberry.field(description="When it was done.")
    announce: bool = strawberry.field(description="Whether those that became urgent are still to be announced.")
    announced: int = strawberry.field(description="How many were announced the last time that somebody asked for it.")


@strawberry.type(description="By what a tenant's tickets are judged.")
class ClassificationRules:
    """A tenant's rules."""

    tenant_id: str = strawberry.field(description="The tenant.")
    words: OwnWords = strawberry.field(description="Its own words in use.")
    before: list[OwnWords] = strawberry.field(description="Those before, the last ones first.", directives=_ENTRIES)
    reclassification: Reclassification = strawberry.field(description="How far its tickets have been judged by them.")


@strawberry.type(description="One of the tickets that would change.")
class SampleTicket:
    """A sample."""

    external_id: str = strawberry.field(description="Its id.")
    subject: str = strawberry.field(description="The beginning of its subject.")
    reasons_before: list[MatchedRule] = strawberry.field(description="Why it is what it is.", directives=_FEW)
    reasons_after: list[MatchedRule] = strawberry.field(description="Why it would be another.", directives=_FEW)


@strawberry.type(description="The tickets that have one value of a label, and would have another, or keep it.")
class LabelTransition:
    """A transition."""

    label: str = strawberry.field(description="`urgency`, `sentiment` or `requires_action`.")
    before: str | None = strawberry.field(description="The present value, as REST spells it; yes is `true`.")
    after: str = strawberry.field(description="The value that it would have.")
    tickets: int = strawberry.field(description="How many tickets.")
    samples: list[SampleTicket] = strawberry.field(
        description="Some of them, the newest first; none where nothing would change.", directives=_FEW
    )


@strawberry.type(description="What would become of a tenant's live tickets; nothing was written.")
class ClassificationPreview:
    """A preview."""

    tenant_id: str = strawberry.field(description="The tenant.")
    version: str = strawberry.field(description="The version that they would be judged by.")
    total: int = strawberry.field(description="How many there are, but for those that other programs have classified.")
    looked_at: int = strawberry.field(description="How many of them were judged for this, the newest ones.")
    is_complete: bool = strawberry.field(description="Whether all were, so that the numbers are exact.")
    changed: int = strawberry.field(description="How many of these would get another label.")
    raised: int = strawberry.field(description="How many of these would become urgent.")
    refusal: str | None = strawberry.field(description="Why the words would not be saved, if the numbers are why.")
    transitions: list[LabelTransition] = strawberry.field(
        description="By label, the most frequent first.", directives=_ENTRIES
    )


@strawberry.type(description="What is wrong with one entry of a tenant's own words.")
class FaultyEntry:
    """A fault."""

    fault: OwnWordsFault = strawberry.field(description="What is wrong.")
    list: str = strawberry.field(description="`high` or `harmless`.")
    entry: int | None = strawberry.field(description="Which of the list, from 1; null: the list as a whole.")
    column: int | None = strawberry.field(description="Where in the entry, from 1, if it is at one place.")
    reason: str = strawberry.field(description="Why, in words.")


@strawberry.type(description="The words cannot be used; nothing was changed.")
class OwnWordsRefused(Refusal):
    """Words that do not fit."""

    faults: list[FaultyEntry] = strawberry.field(description="All that is wrong.", directives=_ENTRIES)


@strawberry.type(description="Somebody else has saved other words meanwhile; nothing was changed.")
class OwnWordsConflict(Refusal):
    """Two editors."""

    revision: int = strawberry.field(description="The revision of the words that are in use now.")


@strawberry.type(description="The words are in use; stored tickets are judged by them in the background.")
class OwnWordsSaved:
    """Saved words."""

    rules: ClassificationRules = strawberry.field(description="The rules as they are now.")


@strawberry.input(description="Words to put in place of a tenant's present ones.")
class SaveOwnWordsInput:
    """The input of `saveOwnWords`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    expected_revision: int = strawberry.field(description="That of the words that you have changed.")
    high: list[str] = strawberry.field(default_factory=list, description="Words that make a ticket urgent.")
    harmless: list[str] = strawberry.field(default_factory=list, description="Words that say nothing.")
    announce: bool = strawberry.field(
        default=False, description="Announce open tickets that become urgent by it; otherwise nobody is told."
    )


@strawberry.input(description="Whose tickets to judge anew.")
class ReclassifyTicketsInput:
    """The input of `reclassifyTickets`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    announce: bool = strawberry.field(
        default=False, description="Announce open tickets that became urgent by the last change, or do by this."
    )


@strawberry.type(description="The tickets are looked at in the background.")
class ReclassificationRequested:
    """A request."""

    reclassification: Reclassification = strawberry.field(description="Where it stands.")


SaveOwnWordsResult = Annotated[
    OwnWordsSaved | OwnWordsRefused | OwnWordsConflict,
    strawberry.union("SaveOwnWordsResult", description="What came of `saveOwnWords`."),
]
ReclassifyTicketsResult = Annotated[
    ReclassificationRequested,
    strawberry.union("ReclassifyTicketsResult", description="What came of `reclassifyTickets`."),
]
