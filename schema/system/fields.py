"""GraphQL fields about the service itself and the tenants in it."""

import strawberry

from resolvers.system import get_health, get_own_budget, get_rate_limit, list_own_tenants, list_tenants
from schema.base.cost import Cost, ListSize
from schema.base.info import Info
from schema.base.selection import selected_names
from schema.system.types import Health, RateLimit, Tenant, to_health, to_rate_limit, to_tenant
from schema.system.viewer import Viewer, to_viewer


@strawberry.type
class SystemQueries:
    """The root fields about the service."""

    @strawberry.field(description="Who you are, and what you may do.", directives=[Cost(weight=10)])
    async def viewer(self, info: Info) -> Viewer | None:
        """The caller. All of it is worked out here: what is below asks for nobody's data."""
        tenants = await list_own_tenants(info.context) if "tenants" in selected_names(info) else None
        return to_viewer(info.context.caller, tenants, get_own_budget(info.context))

    @strawberry.field(
        description="The tenants that you may see, by name.", directives=[Cost(weight=10), ListSize(assumed_size=50)]
    )
    async def tenants(self, info: Info) -> list[Tenant] | None:
        """The tenants."""
        return [to_tenant(name) for name in await list_tenants(info.context)]

    @strawberry.field(description="Whether the service can do its work.", directives=[Cost(weight=10)])
    async def health(self, info: Info) -> Health | None:
        """The service's health."""
        return to_health(await get_health(info.context))

    @strawberry.field(description="The budget of requests to the external API.")
    async def rate_limit(self, info: Info) -> RateLimit | None:
        """The budget."""
        return to_rate_limit(await get_rate_limit(info.context))
