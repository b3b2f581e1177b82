"""Routes by which people say what a ticket is, and see what is learned from it."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StrictBool

from documents.ticket import Sentiment, Urgency
from gql_app.rest.answers.learning import LearningAnswer
from gql_app.rest.answers.tickets import TicketAnswer
from gql_app.rest.parameters import ContextOf, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import corrections as resolvers
from services.judging.corrections import PersonsWord

router = APIRouter(tags=["tickets"], route_class=StrictRoute)


class CorrectionToSet(BaseModel):
    """What a ticket is; what is left out or null stays as it is classified."""

    model_config = ConfigDict(extra="forbid")

    urgency: Urgency | None = None
    sentiment: Sentiment | None = None
    requires_action: StrictBool | None = None
    note: str | None = None
    """Why, for colleagues; at most 500 characters."""
    announce: StrictBool = False
    """Whether the receivers of urgent tickets are told, if it becomes one by this."""


@router.put("/tickets/{external_id:path}/correction", responses=problems(404))
async def set_correction(
    context: ContextOf, external_id: str, tenant_id: TenantId, wanted: CorrectionToSet
) -> TicketAnswer:
    """Correct how a ticket is classified, for as long as its text stays the same; what was said before is replaced.

    Needs the scope `tickets:write`, and so does taking it back.
    """
    word = PersonsWord(wanted.urgency, wanted.sentiment, wanted.requires_action, wanted.note)
    ticket = await resolvers.correct_ticket(context, tenant_id, external_id, word, announce=wanted.announce)
    return TicketAnswer.of(ticket)


@router.delete("/tickets/{external_id:path}/correction", responses=problems(404))
async def withdraw_correction(context: ContextOf, external_id: str, tenant_id: TenantId) -> TicketAnswer:
    """Take the correction of a ticket back: what it is classified as decides again."""
    return TicketAnswer.of(await resolvers.withdraw_correction(context, tenant_id, external_id))


@router.get("/tenants/{tenant_id}/learning", responses=problems())
async def get_learning(context: ContextOf, tenant_id: str) -> LearningAnswer:
    """What is learned from the tenant's corrections, and where it is right more often than the rules."""
    return LearningAnswer.of(await resolvers.get_learning(context, tenant_id))
