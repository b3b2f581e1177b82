"""Answers about notifications of urgent tickets."""

from documents.notification import Notification, NotificationState
from resolvers.context import Context
from services.access import Scope
from services.errors import ForbiddenError, NotificationNotFoundError
from services.lists.keyset import Slice, Window


async def get_notification(context: Context, tenant_id: str, notification_id: str) -> Notification:
    """One of the tenant's notifications.

    Raises:
        NotificationNotFoundError: the tenant has none with this id.
    """
    context.caller.require_tenant(tenant_id)
    notification = await context.services.notifications.get(notification_id)
    if notification.tenant_id != tenant_id:
        raise NotificationNotFoundError(notification_id)
    return notification


async def slice_notifications(
    context: Context, tenant_id: str, state: NotificationState | None, window: Window
) -> Slice[Notification]:
    """A stretch of the tenant's notifications, newest first; of one state if it is given."""
    context.caller.require_tenant(tenant_id)
    return await context.services.notifications.slice(tenant_id, state, window)


async def count_notifications(context: Context, tenant_id: str, state: NotificationState | None) -> int:
    """How many the tenant has; in one state if it is given."""
    context.caller.require_tenant(tenant_id)
    return await context.services.notifications.count(tenant_id, state)


async def count_by_state(context: Context, tenant_id: str) -> dict[NotificationState, int]:
    """How many the tenant has in each state."""
    context.caller.require_tenant(tenant_id)
    return await context.services.notifications.counts(tenant_id)


async def load_notifications(context: Context, tenant_id: str, ticket_id: str) -> list[Notification]:
    """The notifications of a ticket, newest first; read together with those of other tickets."""
    context.caller.require_tenant(tenant_id)
    return await context.loaders.notifications.load(tenant_id, ticket_id)


async def redrive_dead_letters(context: Context, tenant_id: str | None = None) -> int:
    """Send the tenant's, or all, dead letters again; returns how many there were.

    Raises:
        ForbiddenError: the caller lacks the scope, or asks for all and may not see all tenants.
    """
    context.caller.require(Scope.ADMIN)
    if tenant_id is not None:
        context.caller.require_tenant(tenant_id)
    elif context.caller.tenants is not None:
        raise ForbiddenError("Name one of your tenants.")
    return await context.services.notifications.redrive_all(tenant_id)


async def redrive_notification(context: Context, notification_id: str) -> Notification:
    """Send a dead letter again.

    Raises:
        NotificationNotFoundError: there is none with this id that the caller may see.
        NotDeadError: it is pending or delivered.
    """
    context.caller.require(Scope.ADMIN)
    known = await context.services.notifications.get(notification_id)
    if not context.caller.may_see(known.tenant_id):
        raise NotificationNotFoundError(notification_id)
    redriven = await context.services.notifications.redrive(notification_id)
    if context.services.delivery is not None:
        context.services.delivery.wake()
    return redriven
