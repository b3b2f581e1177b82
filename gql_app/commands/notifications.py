"""The commands about notifications: `python -m gql_app notifications list` and `... redrive`."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from documents.notification import Notification, NotificationState
from gql_app.commands.runtime import Dependencies
from gql_app.settings import Settings
from gql_app.wiring import open_services
from resolvers.context import Context
from resolvers.notifications import (
    count_by_state,
    redrive_dead_letters,
    redrive_notification,
    slice_notifications,
)
from services.access import EVERYONE
from services.lists.keyset import Window

_COLUMNS = ("id", "ticket", "state", "attempts", "created", "last error")


async def show(
    settings: Settings,
    found: Dependencies,
    console: Console,
    *,
    tenant_id: str,
    state: NotificationState | None,
    limit: int,
) -> None:
    """Print the tenant's newest notifications, and how many there are in each state.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidInputError: no tenant can have such a name.
    """
    async with open_services(settings, **found._asdict()) as services:
        context = Context(services, EVERYONE)
        counts = await count_by_state(context, tenant_id)
        newest = await slice_notifications(context, tenant_id, state, Window(limit))
    table = Table(*_COLUMNS, box=None, header_style="bold")
    for notification in newest.items:
        table.add_row(*(Text(cell) for cell in _cells(notification)))  # no markup in what others wrote
    console.print(table)
    console.print(", ".join(f"{count:,} {name.value}" for name, count in counts.items()), highlight=False)


async def redrive(
    settings: Settings, found: Dependencies, *, notification_id: str | None, tenant_id: str | None
) -> int:
    """Send one dead letter again, or all of a tenant, or all there are; returns how many.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        NotificationNotFoundError: there is none with this id.
        NotDeadError: it is pending or delivered.
    """
    async with open_services(settings, **found._asdict()) as services:
        context = Context(services, EVERYONE)
        if notification_id is None:
            return await redrive_dead_letters(context, tenant_id)
        await redrive_notification(context, notification_id)
        return 1


def _cells(notification: Notification) -> tuple[str, ...]:
    return (
        notification.id,
        notification.ticket_id,
        notification.state.value,
        str(notification.attempts),
        f"{notification.created_at:%Y-%m-%d %H:%M:%S}",
        (notification.last_error or "")[:80],
    )
