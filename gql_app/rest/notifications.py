"""Routes about notifications of urgent tickets."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from documents.notification import NotificationState
from gql_app.rest.answers.notifications import NotificationAnswer, NotificationPage, RedrivenAnswer
from gql_app.rest.conditions import MomentInUtc, Text
from gql_app.rest.parameters import ContextOf, PageNumber, PageSize, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import notifications as resolvers
from services.notifications.reading import MAX_IDS, NotificationFilter

router = APIRouter(prefix="/notifications", tags=["notifications"], route_class=StrictRoute)

OfDestination = Annotated[Text | None, Query(description="Of this destination; empty: of the operator's notifier.")]


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
