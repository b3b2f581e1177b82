"""What is answered about notifications of urgent tickets."""

from datetime import datetime
from typing import Self

from documents.notification import NotificationState
from gql_app.rest.answers.base import Answer, NumberedPage, place_of
from resolvers.notifications import ExplainedNotification
from services.lists.numbered import Page


class NotificationAnswer(Answer):
    """The announcement of a ticket that became urgent, or of a spike."""

    id: str
    """As the receiver sees it in the header `Idempotency-Key`."""
    tenant_id: str
    ticket_id: str
    """Empty where it is about a spike."""
    spike_id: str | None
    """The spike that it is about; null: it is about a ticket."""
    destination_id: str | None
    """Null: the operator's notifier."""
    urgency: str
    reason: str
    """The rules that made the ticket urgent, with what they found."""
    state: NotificationState
    waits_for: str | None
    """What it waits for, in words; null unless pending."""
    age_seconds: float
    """Since the ticket became urgent here."""
    attempts: int
    redrives: int
    created_at: datetime
    attempted_at: datetime | None
    next_attempt_at: datetime | None
    """Not tried again before this moment; null unless pending."""
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, explained: ExplainedNotification) -> Self:
        """The answer for a notification."""
        stored = explained.notification
        names = cls.model_fields.keys() & type(stored).model_fields.keys()
        is_pending = stored.state is NotificationState.PENDING
        return cls.model_validate(
            {
                **{name: getattr(stored, name) for name in names},
                "destination_id": stored.destination_id or None,
                "next_attempt_at": max(stored.due_at, stored.created_at) if is_pending else None,
                "spike_id": (stored.spike or {}).get("spike_id"),
                "waits_for": explained.waits_for,
                "age_seconds": round(explained.age_seconds, 3),
            }
        )


class NotificationPage(NumberedPage):
    """A page of notifications, newest first."""

    notifications: list[NotificationAnswer]

    @classmethod
    def of(cls, page: Page[ExplainedNotification]) -> Self:
        """The answer for a page."""
        return cls(notifications=[NotificationAnswer.of(each) for each in page.items], **place_of(page))


class RedrivenAnswer(Answer):
    """Dead letters that are pending again."""

    redriven: int
