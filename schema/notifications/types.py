"""Notifications of urgent tickets as clients see them."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.notification import Notification as NotificationDocument
from documents.notification import NotificationState
from documents.ticket import Urgency
from resolvers.notifications import explain_one
from schema.base.cost import Cost
from schema.base.ids import Node, global_id
from schema.base.info import Info
from schema.ingestion.payloads import Refusal
from services.kit.clock import SystemClock


@strawberry.type(description="The announcement of a ticket that became urgent, or of a spike.")
class Notification(Node):
    """A notification at a moment."""

    notification_id: str = strawberry.field(
        description="Its id, as the receiver sees it in the header `Idempotency-Key`."
    )
    tenant_id: str = strawberry.field(description="The tenant whose ticket it is about.")
    ticket_id: str = strawberry.field(description="The ticket's id upstream; empty where it is about a spike.")
    spike_id: str | None = strawberry.field(description="The spike that it is about; null: it is about a ticket.")
    destination_id: str | None = strawberry.field(
        description="The tenant's destination that it goes to; null: the operator's notifier."
    )
    urgency: Urgency = strawberry.field(description="The urgency that it announces.")
    reason: str = strawberry.field(description="The rules that made the ticket urgent, with what they found.")
    state: NotificationState = strawberry.field(description="Where it is in its life.")
    created_at: datetime = strawberry.field(description="When the ticket became urgent here.")
    attempts: int = strawberry.field(description="Attempts since it was created or redriven.")
    redrives: int = strawberry.field(description="How often it was brought back from the dead letters.")
    attempted_at: datetime | None = strawberry.field(description="When the last attempt ended.")
    next_attempt_at: datetime | None = strawberry.field(
        description="Not tried again before this moment; null once it is delivered or dead."
    )
    delivered_at: datetime | None = strawberry.field(description="When the notifier took it.")
    last_status: int | None = strawberry.field(description="The HTTP status of the last answer, if there was one.")
    last_error: str | None = strawberry.field(description="What the last failed attempt met, cut at 1,000 characters.")
    stored: strawberry.Private[NotificationDocument]

    @strawberry.field(description="Seconds since the ticket became urgent here.")
    def age_seconds(self) -> float:
        """Its age."""
        return max(0.0, (SystemClock().now() - self.created_at).total_seconds())

    @strawberry.field(
        description="What it waits for, in words, for instance `circuit open, probe in 12 s`; null unless pending.",
        directives=[Cost(weight=1)],
    )
    async def waits_for(self, info: Info) -> str | None:
        """Why it has not been delivered yet."""
        return (await explain_one(info.context, self.stored)).waits_for


@strawberry.type(description="A tenant's notifications by state.")
class NotificationCounts:
    """Counts."""

    pending: int = strawberry.field(description="Waiting, or being sent.")
    delivered: int = strawberry.field(description="Taken by the notifier.")
    dead: int = strawberry.field(description="Given up or refused.")


@strawberry.input(description="Which dead letter to send again.")
class RedriveNotificationInput:
    """The input of `redriveNotification`."""

    notification_id: str = strawberry.field(description="The notification's id (not its global id).")


@strawberry.type(description="The dead letter is pending again, with all attempts and 72 hours before it.")
class NotificationRedriven:
    """A redriven notification."""

    notification: Notification = strawberry.field(description="The notification as it is now.")


@strawberry.type(description="The notification's destination was deleted; nothing was changed.")
class NotificationDestinationGone(Refusal):
    """There is nowhere to send it to."""

    notification_id: str = strawberry.field(description="The notification.")


@strawberry.input(description="Which of a tenant's dead letters to send again; what is left out does not restrict.")
class RedriveNotificationsInput:
    """The input of `redriveNotifications`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    destination_id: str | None = strawberry.field(default=None, description="Only those of this destination.")
    notification_ids: list[str] | None = strawberry.field(
        default=None, description="Only these (not global ids); at most 1,000."
    )
    last_status: int | None = strawberry.field(
        default=None, description="Only those whose last answer had this status."
    )
    created_from: datetime | None = strawberry.field(default=None, description="Only those of this moment or later.")
    created_to: datetime | None = strawberry.field(default=None, description="Only those before this moment.")


@strawberry.type(description="The dead letters are pending again, with all attempts and 72 hours before them.")
class NotificationsRedriven:
    """What `redriveNotifications` did."""

    count: int = strawberry.field(description="How many there were.")


@strawberry.type(description="What was asked does not fit; nothing was changed.")
class RedriveRefused(Refusal):
    """Too many were named."""


RedriveNotificationsResult = Annotated[
    NotificationsRedriven | RedriveRefused,
    strawberry.union("RedriveNotificationsResult", description="What came of `redriveNotifications`."),
]


@strawberry.type(description="The notification is no dead letter; nothing was changed.")
class NotificationNotDead(Refusal):
    """It is pending or delivered."""

    notification_id: str = strawberry.field(description="The notification.")
    state: NotificationState = strawberry.field(description="The state that it is in.")


@strawberry.type(description="There is no such notification that you may see.")
class NotificationNotFound(Refusal):
    """No such notification."""

    notification_id: str = strawberry.field(description="The id that was given.")


RedriveNotificationResult = Annotated[
    NotificationRedriven | NotificationNotDead | NotificationNotFound | NotificationDestinationGone,
    strawberry.union("RedriveNotificationResult", description="What came of `redriveNotification`."),
]


def to_notification(stored: NotificationDocument) -> Notification:
    """A stored notification as clients see it."""
    is_pending = stored.state is NotificationState.PENDING
    return Notification(
        id=global_id("Notification", stored.tenant_id, stored.id),
        notification_id=stored.id,
        destination_id=stored.destination_id or None,
        stored=stored,
        spike_id=(stored.spike or {}).get("spike_id"),
        urgency=Urgency(stored.urgency),
        # A new row is due since the beginning of time; what clients can use is when it came to be.
        next_attempt_at=max(stored.due_at, stored.created_at) if is_pending else None,
        **{
            name: getattr(stored, name)
            for name in (
                "tenant_id", "ticket_id", "reason", "state", "created_at", "attempts", "redrives", "attempted_at",
                "delivered_at", "last_status", "last_error",
            )
        },
    )  # fmt: skip


def to_counts(counts: dict[NotificationState, int]) -> NotificationCounts:
    """Counts as clients see them."""
    return NotificationCounts(**{state.value: count for state, count in counts.items()})
