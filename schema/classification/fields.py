"""GraphQL fields about how a tenant's tickets are classified."""

from dataclasses import asdict
from typing import Annotated

import strawberry

from documents.tenant_classifier import OwnWordsRevision
from resolvers import classification as resolvers
from schema.base.arguments import TenantId
from schema.base.cost import Cost
from schema.base.info import Info
from schema.classification.types import (
    ClassificationPreview,
    ClassificationRules,
    FaultyEntry,
    LabelTransition,
    OwnWords,
    OwnWordsConflict,
    OwnWordsRefused,
    OwnWordsSaved,
    Reclassification,
    ReclassificationRequested,
    ReclassifyTicketsInput,
    ReclassifyTicketsResult,
    SampleTicket,
    SaveOwnWordsInput,
    SaveOwnWordsResult,
)
from schema.tickets.reasons import MatchedRule
from services.classification.own.words import OwnWords as Words
from services.judging import preview as previews
from services.judging.progress import ReclassificationProgress
from services.judging.refusals import OwnWordsRefusedError, RevisionConflictError

HighWords = Annotated[list[str], strawberry.argument(description="Words that make a ticket urgent.")]
HarmlessWords = Annotated[list[str], strawberry.argument(description="Words that say nothing.")]
SaveArgument = Annotated[SaveOwnWordsInput, strawberry.argument(description="Which words.")]
NO_WORDS: list[str] = []
ReclassifyArgument = Annotated[ReclassifyTicketsInput, strawberry.argument(description="Whose tickets.")]


@strawberry.type
class ClassificationQueries:
    """The root fields about classification."""

    @strawberry.field(
        description="A tenant's own words, those before, and how far its tickets have been judged by them."
    )
    async def classification_rules(self, info: Info, tenant_id: TenantId) -> ClassificationRules | None:
        """The rules."""
        return _to_rules(await resolvers.get_classification_rules(info.context, tenant_id))

    @strawberry.field(
        description="What would become of a tenant's tickets with other words of its own; nothing is written. Null "
        "with the error OWN_WORDS_REFUSED, whose `errors` say why, if they cannot be used.",
        directives=[Cost(weight=200)],
    )
    async def preview_classification(
        self, info: Info, tenant_id: TenantId, high: HighWords = NO_WORDS, harmless: HarmlessWords = NO_WORDS
    ) -> ClassificationPreview | None:
        """A preview."""
        words = Words(tuple(high), tuple(harmless))
        return _to_preview(await resolvers.preview_classification(info.context, tenant_id, words))


@strawberry.type
class ClassificationMutations:
    """The root fields that change how tickets are classified."""

    @strawberry.mutation(
        description="Puts other words in place of a tenant's; its tickets are judged by them in the background. Needs "
        "the scope `admin`.",
        directives=[Cost(weight=200)],
    )
    async def save_own_words(self, info: Info, input: SaveArgument) -> SaveOwnWordsResult:
        """Save words."""
        words = Words(tuple(input.high), tuple(input.harmless))
        try:
            rules = await resolvers.save_own_words(
                info.context,
                input.tenant_id,
                words,
                expected_revision=input.expected_revision,
                announce=input.announce,
            )
        except OwnWordsRefusedError as error:
            return _to_refused(error)
        except RevisionConflictError as error:
            return OwnWordsConflict(message=str(error), revision=error.present)
        return OwnWordsSaved(rules=_to_rules(rules))

    @strawberry.mutation(
        description="Has all of a tenant's tickets looked at, and judged anew where they were by other rules. Needs "
        "the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def reclassify_tickets(self, info: Info, input: ReclassifyArgument) -> ReclassifyTicketsResult:
        """Ask for it."""
        asked = await resolvers.reclassify_tickets(info.context, input.tenant_id, announce=input.announce)
        return ReclassificationRequested(reclassification=_to_reclassification(asked))


def _to_rules(rules: resolvers.ClassificationRules) -> ClassificationRules:
    return ClassificationRules(
        tenant_id=rules.tenant_id,
        words=_to_words(rules.words),
        before=[_to_words(each) for each in rules.before],
        reclassification=_to_reclassification(rules.reclassification),
    )


def _to_words(words: OwnWordsRevision) -> OwnWords:
    return OwnWords(**words.model_dump())


def _to_reclassification(progress: ReclassificationProgress) -> Reclassification:
    return Reclassification(**asdict(progress))


def _to_preview(preview: previews.ClassificationPreview) -> ClassificationPreview:
    shared = {name: value for name, value in asdict(preview).items() if name != "transitions"}
    return ClassificationPreview(**shared, transitions=[_to_transition(each) for each in preview.transitions])


def _to_transition(transition: previews.LabelTransition) -> LabelTransition:
    shared = {name: getattr(transition, name) for name in ("label", "before", "after", "tickets")}
    return LabelTransition(**shared, samples=[_to_sample(each) for each in transition.samples])


def _to_sample(sample: previews.SampleTicket) -> SampleTicket:
    return SampleTicket(
        external_id=sample.external_id,
        subject=sample.subject,
        reasons_before=[MatchedRule(**asdict(each)) for each in sample.reasons_before],
        reasons_after=[MatchedRule(**asdict(each)) for each in sample.reasons_after],
    )


def _to_refused(error: OwnWordsRefusedError) -> OwnWordsRefused:
    faults = [
        FaultyEntry(fault=each.fault, list=each.list_name, entry=each.entry, column=each.column, reason=each.reason)
        for each in error.faults
    ]
    return OwnWordsRefused(message=str(error), faults=faults)
