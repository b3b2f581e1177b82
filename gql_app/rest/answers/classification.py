"""What the REST routes about classification answer."""

from datetime import datetime
from typing import Self

from documents.reclassification import ReclassificationState
from documents.ticket import MatchedRule
from gql_app.rest.answers.base import Answer
from resolvers.classification import ClassificationRules
from services.judging.preview import ClassificationPreview
from services.judging.progress import ReclassificationProgress


class OwnWordsAnswer(Answer):
    """A tenant's own words, as somebody has saved them."""

    revision: int
    """To be given back as `expected_revision`; 0: nobody has saved any."""
    high: list[str]
    """Words that make a ticket urgent."""
    harmless: list[str]
    """Words that say nothing: the signals inside them do not count."""
    changed_at: datetime | None
    changed_by: str | None
    """The subject of the credential of whoever saved them."""


class ReclassificationAnswer(Answer):
    """How far a tenant's tickets have been judged anew."""

    tenant_id: str
    version: str
    """By which they are to be judged."""
    state: ReclassificationState
    total: int
    """Tickets that were judged by another version when it began."""
    done: int
    changed: int
    """Those of them that got another label, or other reasons for it."""
    raised: int
    """Those of them that became urgent."""
    started_at: datetime | None
    finished_at: datetime | None
    announce: bool
    """Whether those that became urgent are still to be announced."""
    announced: int
    """How many were announced the last time that somebody asked for it."""

    @classmethod
    def of(cls, progress: ReclassificationProgress) -> Self:
        """The answer for a progress."""
        return cls.model_validate(progress)


class ClassificationRulesAnswer(Answer):
    """By what a tenant's tickets are judged."""

    tenant_id: str
    words: OwnWordsAnswer
    """Those in use."""
    before: list[OwnWordsAnswer]
    """Those before, the last ones first; at most 20."""
    reclassification: ReclassificationAnswer

    @classmethod
    def of(cls, rules: ClassificationRules) -> Self:
        """The answer for a tenant's rules."""
        return cls.model_validate(rules)


class SampleTicketAnswer(Answer):
    """One of the tickets that would change."""

    external_id: str
    subject: str
    """Its beginning."""
    reasons_before: list[MatchedRule]
    reasons_after: list[MatchedRule]


class LabelTransitionAnswer(Answer):
    """The tickets that have one value of a label, and would have another, or keep it."""

    label: str
    """`urgency`, `sentiment` or `requires_action`."""
    before: str | None
    """Yes and no are `true` and `false`."""
    after: str
    tickets: int
    samples: list[SampleTicketAnswer]
    """Some of them, the newest first; none where nothing would change."""


class ClassificationPreviewAnswer(Answer):
    """What would become of a tenant's live tickets."""

    tenant_id: str
    version: str
    """That they would be judged by."""
    total: int
    """How many there are, but for those that other programs have classified."""
    looked_at: int
    """How many of them were judged for this, the newest ones."""
    is_complete: bool
    """Whether all were, so that the numbers are exact."""
    changed: int
    """How many of these would get another label."""
    raised: int
    """How many of these would become urgent."""
    refusal: str | None
    """Why the words would not be saved, where the numbers are the reason."""
    transitions: list[LabelTransitionAnswer]
    """By label, the most frequent first."""

    @classmethod
    def of(cls, preview: ClassificationPreview) -> Self:
        """The answer for a preview."""
        return cls.model_validate(preview)
