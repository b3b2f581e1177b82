"""Notifications: `python -m gql_app notifications list` and `redrive`."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import typer

from gql_app.commands.data.contexts import asking, tell_if_unknown
from gql_app.commands.data.output import as_text, print_json, print_list
from gql_app.commands.runtime import Means
from gql_app.rest.answers.notifications import NotificationAnswer, RedrivenAnswer
from resolvers.notifications import (
    count_by_state,
    page_notifications,
    redrive_dead_letters,
    redrive_notification,
)
from services.notifications.reading import NotificationFilter


async def show_notifications(
    means: Means, *, tenant_id: str, conditions: Mapping[str, Any], limit: int, page: int, as_json: bool
) -> int:
    """Print a stretch of the tenant's notifications, and how many there are in each state."""
    async with asking(means) as context:
        counts = await count_by_state(context, tenant_id)
        wanted = NotificationFilter(**conditions)
        found = await page_notifications(context, tenant_id, wanted, page=page, page_size=limit)
        await tell_if_unknown(context, tenant_id)
    print_list(
        [NotificationAnswer.of(each) for each in found.items],
        {
            "id": attrgetter("id"),
            "ticket_id": attrgetter("ticket_id"),
            "state": lambda each: each.state.value,
            "tried": lambda each: each.attempts,
            "why": lambda each: "; ".join(filter(None, (each.waits_for, each.last_error))) or None,
        },
        as_json=as_json,
        nothing="No notification matches.",
    )
    if not as_json:
        typer.echo(as_text([f"{count:,} {name.value}" for name, count in counts.items()]))
    return 0


async def redrive(
    means: Means,
    *,
    notification_id: str | None,
    tenant_id: str | None,
    conditions: Mapping[str, Any],
    as_json: bool,
) -> int:
    """Send one dead letter again, or those of a tenant, or of all, that are wanted; prints how many.

    Raises:
        NotificationNotFoundError: there is none with this id.
        NotDeadError: it is pending or delivered.
        DestinationGoneError: its destination was deleted.
    """
    async with asking(means) as context:
        if notification_id is None:
            count = await redrive_dead_letters(context, tenant_id, NotificationFilter(**conditions))
        else:
            await redrive_notification(context, notification_id)
            count = 1
    if as_json:
        print_json(RedrivenAnswer(redriven=count))
    else:
        typer.echo(f"{count} redriven.")
    return 0
