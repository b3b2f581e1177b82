"""GraphQL mutations by which people say what a ticket is."""

from typing import Annotated

import strawberry

from documents.ticket import Sentiment, Urgency
from resolvers.corrections import correct_ticket, withdraw_correction
from schema.base.cost import Cost
from schema.base.info import Info
from schema.ingestion.payloads import Refusal
from schema.tickets.types import Ticket, to_ticket
from services.errors import InvalidInputError, TicketNotFoundError
from services.judging.corrections import MAX_NOTE_CHARACTERS, PersonsWord


@strawberry.input(description="What a ticket is; at least one of the three. What is left out stays as classified.")
class CorrectTicketInput:
    """The input of `correctTicket`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    external_id: str = strawberry.field(description="The ticket's id upstream.")
    urgency: Urgency | None = strawberry.field(default=None, description="How soon somebody has to look at it.")
    sentiment: Sentiment | None = strawberry.field(default=None, description="The mood it was written in.")
    requires_action: bool | None = strawberry.field(
        default=None, description="Whether somebody has to do something; true if left out and it is urgent by this."
    )
    note: str | None = strawberry.field(
        default=None, description=f"Why, for colleagues; at most {MAX_NOTE_CHARACTERS} characters."
    )
    announce: bool = strawberry.field(
        default=False, description="Whether the receivers of urgent tickets are told, if it becomes one by this."
    )


@strawberry.input(description="Whose correction to take back.")
class WithdrawCorrectionInput:
    """The input of `withdrawCorrection`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    external_id: str = strawberry.field(description="The ticket's id upstream.")


@strawberry.type(description="The person's word decides, for as long as the ticket's text stays the same.")
class TicketCorrected:
    """It was corrected."""

    ticket: Ticket = strawberry.field(description="The ticket as it is now.")


@strawberry.type(description="What the ticket is classified as decides.")
class CorrectionWithdrawn:
    """There is no correction any more."""

    ticket: Ticket = strawberry.field(description="The ticket as it is now.")


@strawberry.type(description="The tenant has no live ticket with this id; nothing was changed.")
class TicketNotFound(Refusal):
    """No such ticket."""

    external_id: str = strawberry.field(description="The id that was given.")


@strawberry.type(description="The correction says nothing, or its note is too long; nothing was changed.")
class CorrectionRefused(Refusal):
    """It makes no sense."""


CorrectTicketResult = Annotated[
    TicketCorrected | TicketNotFound | CorrectionRefused,
    strawberry.union("CorrectTicketResult", description="What came of `correctTicket`."),
]
WithdrawCorrectionResult = Annotated[
    CorrectionWithdrawn | TicketNotFound,
    strawberry.union("WithdrawCorrectionResult", description="What came of `withdrawCorrection`."),
]
CorrectInput = Annotated[CorrectTicketInput, strawberry.argument(description="Which ticket, and what it is.")]
WithdrawInput = Annotated[WithdrawCorrectionInput, strawberry.argument(description="Which ticket.")]


@strawberry.type
class CorrectionMutations:
    """The root fields by which people correct the classification."""

    @strawberry.mutation(
        description="Corrects how a ticket is classified. The word of a person decides at once, and for as long as the "
        "ticket's text stays the same; it replaces what was said before. Needs the scope `tickets:write`.",
        directives=[Cost(weight=50)],
    )
    async def correct_ticket(self, info: Info, input: CorrectInput) -> CorrectTicketResult:
        """Correct a ticket."""
        word = PersonsWord(input.urgency, input.sentiment, input.requires_action, input.note)
        try:
            corrected = await correct_ticket(
                info.context, input.tenant_id, input.external_id, word, announce=input.announce
            )
        except TicketNotFoundError as error:
            return TicketNotFound(message=str(error), external_id=input.external_id)
        except InvalidInputError as error:
            return CorrectionRefused(message=str(error))
        return TicketCorrected(ticket=to_ticket(corrected))

    @strawberry.mutation(
        description="Takes the correction of a ticket back, if it has one; needs the scope `tickets:write`.",
        directives=[Cost(weight=50)],
    )
    async def withdraw_correction(self, info: Info, input: WithdrawInput) -> WithdrawCorrectionResult:
        """Withdraw a correction."""
        try:
            ticket = await withdraw_correction(info.context, input.tenant_id, input.external_id)
        except TicketNotFoundError as error:
            return TicketNotFound(message=str(error), external_id=input.external_id)
        return CorrectionWithdrawn(ticket=to_ticket(ticket))
