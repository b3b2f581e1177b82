"""The parameters that REST routes share."""

from typing import Annotated, Any

from fastapi import Depends, Query

from gql_app.http.auth import get_context, get_public_context
from gql_app.rest.answers.base import Problem
from gql_app.rest.conditions import MAX_PAGE
from resolvers.context import Context

ContextOf = Annotated[Context, Depends(get_context)]
PublicContext = Annotated[Context, Depends(get_public_context)]
TenantId = Annotated[str, Query(description="The tenant whose data it is about.")]
PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE)]
PageSize = Annotated[int, Query(ge=1, le=100)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the errors of a route, beside those that every route may answer."""
    return {status: {"model": Problem} for status in (*statuses, 401, 403, 422, 429, 503)}
