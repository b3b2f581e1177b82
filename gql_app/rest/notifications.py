"""Routes about notifications of urgent tickets."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from documents.notification import NotificationState
from gql_app.rest.answers import Answer, NumberedPage, place_of
from gql_app.rest.parameters import ContextOf, MomentInUtc, PageNumber, PageSize, TenantId, Text, problems
from gql_app.rest.strict import StrictRoute
from resolvers import notifications as resolvers
from resolvers.notifications import ExplainedNotification
from services.lists.numbered import Page
from services.notifications.reading import MAX_IDS, NotificationFilter

router = APIRouter(prefix="/notifications", tags=["notifications"], route_class=StrictRoute)

OfDestination = Annotated[Text | None, Query(description="Of this destination; empty: of the operator's notifier.")]


class NotificationAnswer(Answer):
    """The announcement of a ticket that became urgent."""

    id: str
    """As the receiver sees it in the header `Idempotency-Key`."""
    tenant_id: str
    ticket_id: str
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


class RedriveWish(BaseModel):
    """Which of the tenant's dead letters; what is left out does not restrict."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[str], Field(max_length=MAX_IDS)] | None = None
    destination_id: str | None = None
    last_status: int | None = None
    created_from: MomentInUtc | None = None
    created_to: MomentInUtc | None = None

    def to_filter(self) -> NotificationFilter:
        """The same as the services take it."""
        return NotificationFilter(
            destination_id=self.destination_id,
            last_status=self.last_status,
            created_from=self.created_from,
            created_to=self.created_to,
            ids=self.ids,
        )


class RedrivenAnswer(Answer):
    """Dead letters that are pending again."""

    redriven: int


@router.get("", responses=problems(504))
async def list_notifications(
    context: ContextOf,
    tenant_id: TenantId,
    state: NotificationState | None = None,
    destination_id: OfDestination = None,
    ticket_id: Text | None = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> NotificationPage:
    """The tenant's notifications, newest first, and what those wait for that are pending."""
    wanted = NotificationFilter(state=state, destination_id=destination_id, ticket_id=ticket_id)
    return NotificationPage.of(
        await resolvers.page_notifications(context, tenant_id, wanted, page=page, page_size=page_size)
    )


@router.get("/{notification_id}", responses=problems(404))
async def get_notification(context: ContextOf, tenant_id: TenantId, notification_id: str) -> NotificationAnswer:
    """One of the tenant's notifications."""
    found = await resolvers.get_notification(context, tenant_id, notification_id)
    return NotificationAnswer.of((await resolvers.explain(context, [found]))[0])


@router.post("/redrive", responses=problems())
async def redrive_many(context: ContextOf, tenant_id: TenantId, wanted: RedriveWish | None = None) -> RedrivenAnswer:
    """Send the tenant's dead letters again, all or some of them; needs the scope `admin`."""
    wish = wanted or RedriveWish()
    return RedrivenAnswer(redriven=await resolvers.redrive_dead_letters(context, tenant_id, wish.to_filter()))


@router.post("/{notification_id}/redrive", responses=problems(404, 409))
async def redrive_one(context: ContextOf, notification_id: str) -> NotificationAnswer:
    """Send a dead letter again, with all attempts and 72 hours before it; needs the scope `admin`."""
    redriven = await resolvers.redrive_notification(context, notification_id)
    return NotificationAnswer.of((await resolvers.explain(context, [redriven]))[0])
