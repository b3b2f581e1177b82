"""Routes about how a tenant's tickets are classified; who changes anything needs the scope `admin`."""

from typing import Annotated

from fastapi import APIRouter, status
from pydantic import BaseModel, ConfigDict, Field

from gql_app.rest.answers.classification import (
    ClassificationPreviewAnswer,
    ClassificationRulesAnswer,
    ReclassificationAnswer,
)
from gql_app.rest.parameters import ContextOf, problems
from gql_app.rest.strict import StrictRoute
from resolvers import classification as resolvers
from services.classification.own.words import OwnWords

router = APIRouter(prefix="/classification", tags=["classification"], route_class=StrictRoute)

High = Annotated[list[str], Field(description="Words that make a ticket urgent: one or several words an entry.")]
Harmless = Annotated[list[str], Field(description="Words that say nothing: the signals inside them do not count.")]


class WordsToTry(BaseModel):
    """A tenant's own words; neither case nor accents matter. `a/b` is one of two, `a~` a word's forms, `*` up to three
    words of any kind."""

    model_config = ConfigDict(extra="forbid")

    high: High = []
    harmless: Harmless = []

    def to_words(self) -> OwnWords:
        """The same as the services take it."""
        return OwnWords(tuple(self.high), tuple(self.harmless))


class WordsToSave(WordsToTry):
    """Words to put in place of a tenant's present ones."""

    expected_revision: Annotated[int, Field(ge=0, description="That of the words that you have changed.")]
    announce: Annotated[
        bool, Field(description="Announce open tickets that become urgent by it; otherwise nobody is told.")
    ] = False


class ReclassificationToAsk(BaseModel):
    """What judging anew is to do beside."""

    model_config = ConfigDict(extra="forbid")

    announce: Annotated[
        bool, Field(description="Announce the open tickets that became urgent by the last change, or do by this.")
    ] = False


@router.get("/{tenant_id}", responses=problems(404))
async def get_rules(context: ContextOf, tenant_id: str) -> ClassificationRulesAnswer:
    """A tenant's own words, those before, and how far its tickets have been judged by them."""
    return ClassificationRulesAnswer.of(await resolvers.get_classification_rules(context, tenant_id))


@router.put("/{tenant_id}", responses=problems(404, 409))
async def save_words(context: ContextOf, tenant_id: str, wanted: WordsToSave) -> ClassificationRulesAnswer:
    """Put other words in place of a tenant's; its tickets are judged by them in the background."""
    saved = await resolvers.save_own_words(
        context,
        tenant_id,
        wanted.to_words(),
        expected_revision=wanted.expected_revision,
        announce=wanted.announce,
    )
    return ClassificationRulesAnswer.of(saved)


@router.post("/{tenant_id}/preview", responses=problems(404))
async def preview_words(context: ContextOf, tenant_id: str, wanted: WordsToTry) -> ClassificationPreviewAnswer:
    """What would become of a tenant's tickets with other words; nothing is written."""
    return ClassificationPreviewAnswer.of(await resolvers.preview_classification(context, tenant_id, wanted.to_words()))


@router.post("/{tenant_id}/reclassification", status_code=status.HTTP_202_ACCEPTED, responses=problems(404, 409))
async def reclassify(
    context: ContextOf, tenant_id: str, wanted: ReclassificationToAsk | None = None
) -> ReclassificationAnswer:
    """Have all of a tenant's tickets looked at, and judged anew where they were by other rules."""
    announce = wanted is not None and wanted.announce
    return ReclassificationAnswer.of(await resolvers.reclassify_tickets(context, tenant_id, announce=announce))
