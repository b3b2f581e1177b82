"""Answers about notifications of urgent tickets."""

from collections.abc import Sequence
from dataclasses import dataclass

from documents.audit_entry import AuditAction
from documents.notification import Notification, NotificationState
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.access import Scope
from services.errors import ForbiddenError, NotificationNotFoundError
from services.kit.clock import SystemClock
from services.lists.keyset import Slice, Window
from services.lists.numbered import Page
from services.notifications.reading import NotificationFilter
from services.notifications.waiting import waits_for

ALL_DEAD_LETTERS = NotificationFilter(state=NotificationState.DEAD)


@dataclass(frozen=True, slots=True)
class ExplainedNotification:
    """A notification, and what it waits for."""

    notification: Notification
    waits_for: str | None
    age_seconds: float
    """Since the ticket became urgent here."""


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
    context: Context, tenant_id: str, wanted: NotificationFilter, window: Window
) -> Slice[Notification]:
    """A stretch of the tenant's notifications, newest first."""
    context.caller.require_tenant(tenant_id)
    return await context.services.notifications.slice(tenant_id, wanted, window)


async def page_notifications(
    context: Context, tenant_id: str, wanted: NotificationFilter, *, page: int, page_size: int
) -> Page[ExplainedNotification]:
    """A numbered page of the tenant's notifications, newest first, with what they wait for."""
    context.caller.require_tenant(tenant_id)
    found = await context.services.notifications.page(tenant_id, wanted, page=page, page_size=page_size)
    return Page(await explain(context, found.items), found.page, found.page_size, found.total_count)


async def explain(context: Context, notifications: Sequence[Notification]) -> list[ExplainedNotification]:
    """What notifications that the caller was shown wait for."""
    for tenant_id in {each.tenant_id for each in notifications}:
        context.caller.require_tenant(tenant_id)
    now = SystemClock().now()
    around = await context.services.waiting.around(list({each.destination_id for each in notifications}))
    return [
        ExplainedNotification(
            each,
            waits_for(each, around[each.destination_id], now),
            max(0.0, (now - each.created_at).total_seconds()),
        )
        for each in notifications
    ]


async def explain_one(context: Context, notification: Notification) -> ExplainedNotification:
    """The same of one; what it depends on is read together with that of others."""
    context.caller.require_tenant(notification.tenant_id)
    around = await context.loaders.surroundings.load(None, notification.destination_id)
    assert around is not None  # noqa: S101 - there is one for every destination
    now = SystemClock().now()
    age = max(0.0, (now - notification.created_at).total_seconds())
    return ExplainedNotification(notification, waits_for(notification, around, now), age)


async def count_notifications(context: Context, tenant_id: str, wanted: NotificationFilter) -> int:
    """How many the tenant has."""
    context.caller.require_tenant(tenant_id)
    return await context.services.notifications.count(tenant_id, wanted)


async def count_by_state(context: Context, tenant_id: str) -> dict[NotificationState, int]:
    """How many the tenant has in each state; counted together with those of other tenants."""
    context.caller.require_tenant(tenant_id)
    return await context.tenant_loaders.notification_counts.load(None, tenant_id)


async def load_notifications(context: Context, tenant_id: str, ticket_id: str) -> list[Notification]:
    """The notifications of a ticket, newest first; read together with those of other tickets."""
    context.caller.require_tenant(tenant_id)
    return await context.loaders.notifications.load(tenant_id, ticket_id)


async def redrive_dead_letters(
    context: Context, tenant_id: str | None = None, wanted: NotificationFilter = ALL_DEAD_LETTERS
) -> int:
    """Send the tenant's, or everybody's, dead letters again that are wanted; returns how many there were.

    What belongs to a destination that was deleted stays dead.

    Raises:
        ForbiddenError: the caller lacks the scope, or asks for everybody's and may not see all tenants.
    """
    context.caller.require(Scope.ADMIN)
    if tenant_id is not None:
        context.caller.require_tenant(tenant_id)
    elif context.caller.tenants is not None:
        raise ForbiddenError("Name one of your tenants.")
    async with acting(context, AuditAction.NOTIFICATIONS_REDRIVEN, tenant_id):
        count = await context.services.notifications.redrive_many(tenant_id, wanted)
    _wake(context)
    return count


async def redrive_notification(context: Context, notification_id: str) -> Notification:
    """Send a dead letter again.

    Raises:
        NotificationNotFoundError: there is none with this id that the caller may see.
        NotDeadError: it is pending or delivered.
        DestinationGoneError: its destination was deleted.
    """
    context.caller.require(Scope.ADMIN)
    known = await context.services.notifications.get(notification_id)
    if not context.caller.may_see(known.tenant_id):
        raise NotificationNotFoundError(notification_id)
    async with acting(context, AuditAction.NOTIFICATIONS_REDRIVEN, known.tenant_id, target=notification_id):
        redriven = await context.services.notifications.redrive(notification_id)
    _wake(context)
    return redriven


def _wake(context: Context) -> None:
    if context.services.delivery is not None:
        context.services.delivery.wake()
