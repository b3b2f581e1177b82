"""The parameters that REST routes share."""

from datetime import datetime
from typing import Annotated, Any, get_type_hints

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, create_model

from gql_app.http.auth import get_context, get_public_context
from gql_app.rest.answers import Problem
from resolvers.context import Context
from services.kit.clock import truncate
from services.tickets.filter import CONDITIONS, TicketFilter

MAX_PAGE = 1_000_000
MAX_TEXT = 200


def _in_utc(moment: datetime) -> datetime:
    try:
        return truncate(moment)
    except OverflowError as error:
        raise ValueError("the date is too far away") from error


MomentInUtc = Annotated[AwareDatetime, AfterValidator(_in_utc)]
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


class _OfATenant(BaseModel):
    tenant_id: str


_AS_PARAMETER: dict[object, object] = {str | None: Text | None, datetime | None: MomentInUtc | None}
_Conditions = create_model(  # type: ignore[call-overload]  # mypy takes the fields for options
    "_Conditions",
    __base__=_OfATenant,
    **{
        name: (_AS_PARAMETER.get(kind, kind), Field(default=None, description=CONDITIONS[name]))
        for name, kind in get_type_hints(TicketFilter).items()
    },
)


class TicketConditions(_Conditions):
    """Query parameters that choose tickets; those left out do not restrict."""

    def to_filter(self) -> TicketFilter:
        """The conditions as the services take them."""
        return TicketFilter(**{name: getattr(self, name) for name in CONDITIONS})


class TicketPageQuery(TicketConditions):
    """The conditions, and which page of the tickets is wanted."""

    page: int = Field(default=1, ge=1, le=MAX_PAGE)
    page_size: int = Field(default=20, ge=1, le=100)
