"""The context in which commands ask: of somebody who may do everything."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from difflib import get_close_matches

import typer

from documents.driver import Listener
from gql_app.commands.runtime import Means
from gql_app.commands.stopping import StoppedAtStartError, unless_stopped
from gql_app.commands.waiting import waiting
from gql_app.wiring import open_services
from resolvers.context import Context
from resolvers.system import has_tenant, list_tenants
from services.access import EVERYONE


@asynccontextmanager
async def open_context(means: Means, listeners: Sequence[Listener] = ()) -> AsyncIterator[Context]:
    """The services of a process, asked by everyone. `listeners` are told of what is asked of MongoDB.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        StoppedAtStartError: told to stop meanwhile; new indexes and stored data of an earlier version can take long.
    """
    opened = open_services(means.settings, **means.found._asdict(), listeners=listeners)
    async with AsyncExitStack() as stack:
        services = await unless_stopped(means.stop, stack.enter_async_context(opened))
        if services is None:
            raise StoppedAtStartError
        yield Context(services, EVERYONE)


@asynccontextmanager
async def asking(means: Means) -> AsyncIterator[Context]:
    """The same for one question; a person is told that the answer takes a while. Print it afterwards."""
    with waiting("Asking the database"):
        async with open_context(means) as context:
            yield context


async def tell_if_unknown(context: Context, tenant_id: str) -> bool:
    """Say so, on standard error, if nothing is known of such a tenant, and which one may be meant; true if so."""
    if await has_tenant(context, tenant_id):
        return False
    known = await list_tenants(context)
    nearest = get_close_matches(tenant_id, known, n=1)
    hint = f" Is {nearest[0]!r} meant?" if nearest else ""
    typer.echo(f"There is no tenant {tenant_id!r}: no ticket of that name was ever stored.{hint}", err=True)
    return True
