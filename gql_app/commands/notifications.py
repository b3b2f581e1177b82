"""The commands about notifications: `python -m gql_app notifications list` and `... redrive`."""

from rich.console import Console
from rich.text import Text

from gql_app.commands.runtime import Dependencies
from gql_app.rest.notifications import NotificationAnswer
from gql_app.settings import Settings
from gql_app.wiring import open_services
from resolvers.context import Context
from resolvers.notifications import (
    ExplainedNotification,
    count_by_state,
    page_notifications,
    redrive_dead_letters,
    redrive_notification,
)
from services.access import EVERYONE
from services.notifications.reading import NotificationFilter


async def show(
    settings: Settings,
    found: Dependencies,
    console: Console,
    *,
    tenant_id: str,
    wanted: NotificationFilter,
    limit: int,
    as_json: bool,
) -> None:
    """Print the tenant's newest notifications, and how many there are in each state.

    Two lines for each, which a narrow terminal wraps and never cuts; with `as_json` one object a line, and no counts.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidInputError: no tenant can have such a name.
    """
    async with open_services(settings, **found._asdict()) as services:
        context = Context(services, EVERYONE)
        counts = await count_by_state(context, tenant_id)
        newest = await page_notifications(context, tenant_id, wanted, page=1, page_size=limit)
    for each in newest.items:
        lines = [NotificationAnswer.of(each).model_dump_json()] if as_json else _lines(each)
        for line in lines:  # no markup in what others wrote
            console.print(Text(line), soft_wrap=True)
    if not as_json:
        console.print(", ".join(f"{count:,} {name.value}" for name, count in counts.items()), highlight=False)


async def redrive(
    settings: Settings,
    found: Dependencies,
    *,
    notification_id: str | None,
    tenant_id: str | None,
    wanted: NotificationFilter,
) -> int:
    """Send one dead letter again, or those of a tenant, or of all, that are wanted; returns how many.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        NotificationNotFoundError: there is none with this id.
        NotDeadError: it is pending or delivered.
        DestinationGoneError: its destination was deleted.
    """
    async with open_services(settings, **found._asdict()) as services:
        context = Context(services, EVERYONE)
        if notification_id is None:
            return await redrive_dead_letters(context, tenant_id, wanted)
        await redrive_notification(context, notification_id)
        return 1


def _lines(explained: ExplainedNotification) -> list[str]:
    """The id first, since other commands ask for it; then why the notification is where it is."""
    stored = explained.notification
    seconds = int(explained.age_seconds)
    age = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    why = "; ".join(filter(None, (explained.waits_for, stored.last_error)))
    first = f"{stored.id}  {stored.state.value:<9}  {stored.attempts:>2} tried  age {age}  {stored.ticket_id}"
    return [first, f"    {why}"] if why else [first]
