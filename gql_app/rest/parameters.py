"""The parameters that REST routes share."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from documents.ticket import Sentiment, Urgency
from gql_app.http.auth import get_context, get_public_context
from gql_app.rest.answers import Problem
from resolvers.context import Context
from services.kit.clock import truncate
from services.tickets.filter import TicketFilter

MAX_PAGE = 1_000_000
MAX_TEXT = 200


def _in_utc(moment: datetime) -> datetime:
    try:
        return truncate(moment)
    except OverflowError as error:
        raise ValueError("the date is too far away") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A date with a time zone."""
ContextOf = Annotated[Context, Depends(get_context)]
PublicContext = Annotated[Context, Depends(get_public_context)]
TenantId = Annotated[str, Query(description="The tenant whose data it is about.")]
PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE)]
PageSize = Annotated[int, Query(ge=1, le=100)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the errors of a route, beside those that every route may answer."""
    return {status: {"model": Problem} for status in (*statuses, 401, 403, 422, 429, 503)}


class TicketConditions(BaseModel):
    """Query parameters that choose tickets; those left out do not restrict."""

    tenant_id: str
    status: Text | None = None
    urgency: Urgency | None = None
    sentiment: Sentiment | None = None
    source: Text | None = None
    requires_action: bool | None = None
    customer_id: Text | None = None
    q: str | None = Field(default=None, description="Words that all have to occur in the subject or the message.")
    created_from: Moment | None = Field(default=None, description="Inclusive.")
    created_to: Moment | None = Field(default=None, description="Exclusive.")

    def to_filter(self) -> TicketFilter:
        """The conditions as the services take them."""
        return TicketFilter(
            **{name: getattr(self, name) for name in TicketConditions.model_fields if name != "tenant_id"}
        )


class TicketPageQuery(TicketConditions):
    """The conditions, and which page of the tickets is wanted."""

    page: int = Field(default=1, ge=1, le=MAX_PAGE)
    page_size: int = Field(default=20, ge=1, le=100)
