"""The caller, as they see themselves: what a frontend needs to know before it shows anything."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from resolvers.context import RequestBudget as Standing
from schema.base.cost import ListSize
from schema.system.types import Tenant, to_tenant
from services.access import Caller, Scope


@strawberry.type(description="What a client may still ask of the service; all its requests count, over HTTP and not.")
class RequestBudget:
    """A client's budget at a moment."""

    limit: int = strawberry.field(description="Requests in a minute.")
    remaining: int = strawberry.field(description="Requests that you may make at once now.")
    reset_seconds: int = strawberry.field(description="The seconds until all of them are there again.")


@strawberry.type(description="Who asks, as far as the credential says.")
class Viewer:
    """The caller."""

    subject: str | None = strawberry.field(description="The credential's subject (`sub`); null where access is open.")
    name: str | None = strawberry.field(description="The credential's `name`, if it has one.")
    scopes: list[Scope] = strawberry.field(description="What you may do, with what a scope includes.")
    sees_all_tenants: bool = strawberry.field(description="Whether you may see every tenant, also those to come.")
    tenants: list[Tenant] | None = strawberry.field(
        description="The tenants that you may see, by name, 1,000 at most where you may see all; null where you may "
        "see all and not read.",
        directives=[ListSize(assumed_size=50)],
    )
    expires_at: datetime | None = strawberry.field(
        description="When the credential runs out, and your WebSockets end; null: never."
    )
    request_budget: RequestBudget | None = strawberry.field(
        description="What is left of your requests; null: there is no limit."
    )


def to_viewer(caller: Caller, tenants: Iterable[str] | None, budget: Standing | None) -> Viewer:
    """The caller as they see themselves."""
    return Viewer(
        subject=None if caller.is_anonymous else caller.subject,
        name=caller.name,
        scopes=[scope for scope in Scope if scope in caller.all_scopes],
        sees_all_tenants=caller.tenants is None,
        tenants=None if tenants is None else [to_tenant(name) for name in tenants],
        expires_at=caller.expires_at,
        request_budget=None
        if budget is None
        else RequestBudget(limit=budget.limit, remaining=budget.remaining, reset_seconds=budget.reset_seconds),
    )
