"""Answers about tenants' own destinations, which only administrators see and change."""

from documents.audit_entry import AuditAction
from documents.destination import Destination, DestinationFormat
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.access import Scope
from services.notifications.receivers.answers import Attempt
from services.notifications.receivers.changes import DestinationChange, SavedDestination
from services.notifications.receivers.refusals import DestinationNotFoundError


async def create_destination(
    context: Context,
    tenant_id: str,
    url: str,
    format_: DestinationFormat,
    *,
    secret: str | None = None,
    digest_above: int | None = None,
    spikes: bool = True,
) -> SavedDestination:
    """Add a destination; what waits for the operator's notifier goes there from now on.

    Raises:
        AddressRefusedError: nothing may be sent to the address.
        InvalidSecretError: the secret is broken, or the format has none.
        InvalidInputError: a digest does not fit.
        ConflictError: the tenant has 20 already.
        SecretsKeyError: there is no key to seal secrets with.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    destinations = context.services.destinations
    async with acting(context, AuditAction.DESTINATION_ADDED, tenant_id, needs_open_tenant=True) as act:
        saved = await destinations.create(
            tenant_id, url, format_, secret=secret, digest_above=digest_above, spikes=spikes
        )
        act.target = saved.destination.id
    return saved


async def list_destinations(context: Context, tenant_id: str) -> list[Destination]:
    """The tenant's destinations, oldest first; at most 20."""
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    return await context.services.destinations.of_tenant(tenant_id)


async def get_destination(context: Context, destination_id: str) -> Destination:
    """One destination.

    Raises:
        DestinationNotFoundError: there is none with this id that the caller may see.
    """
    context.caller.require(Scope.ADMIN)
    destination = await context.services.destinations.get(destination_id)
    if not context.caller.may_see(destination.tenant_id):
        raise DestinationNotFoundError(destination_id)
    return destination


async def change_destination(context: Context, destination_id: str, change: DestinationChange) -> SavedDestination:
    """Change a destination. A secret that is replaced stays valid for 24 h beside the new one.

    Raises:
        DestinationNotFoundError: there is none with this id that the caller may see.
        AddressRefusedError, InvalidSecretError, InvalidInputError, SecretsKeyError: as of `create_destination`.
    """
    known = await get_destination(context, destination_id)
    async with acting(context, AuditAction.DESTINATION_CHANGED, known.tenant_id, target=destination_id):
        saved = await context.services.destinations.change(destination_id, change)
    _wake(context)
    return saved


async def delete_destination(context: Context, destination_id: str) -> Destination:
    """Remove a destination, which is returned; what waits for it becomes dead letters.

    Raises:
        DestinationNotFoundError: there is none with this id that the caller may see.
    """
    destination = await get_destination(context, destination_id)
    async with acting(context, AuditAction.DESTINATION_REMOVED, destination.tenant_id, target=destination_id):
        await context.services.destinations.delete(destination_id)
        await context.services.circuits.forget(destination_id)
    return destination


async def try_destination(context: Context, destination_id: str) -> Attempt:
    """Send an example, once.

    Raises:
        DestinationNotFoundError: there is none with this id that the caller may see.
        SecretsKeyError: its secrets cannot be read.
    """
    destination = await get_destination(context, destination_id)
    async with acting(context, AuditAction.DESTINATION_TRIED, destination.tenant_id, target=destination_id):
        return await context.services.targets.try_out(destination)


def _wake(context: Context) -> None:
    if context.services.delivery is not None:
        context.services.delivery.wake()
