"""GraphQL fields about notifications and circuit breakers."""

from typing import Annotated

import strawberry

from documents.notification import Notification as NotificationDocument
from documents.notification import NotificationState
from resolvers.circuits import get_circuit, reset_circuit
from resolvers.notifications import (
    count_by_state,
    count_notifications,
    redrive_dead_letters,
    redrive_notification,
    slice_notifications,
)
from schema.base.arguments import TenantId
from schema.base.connections import After, Before, Connection, First, Last, Pager
from schema.base.cost import CONNECTION, Cost
from schema.base.info import Info
from schema.notifications.circuits import (
    CircuitBreaker,
    CircuitBreakerNotFound,
    CircuitBreakerReset,
    ResetCircuitBreakerInput,
    ResetCircuitBreakerResult,
    to_circuit,
)
from schema.notifications.types import (
    Notification,
    NotificationCounts,
    NotificationDestinationGone,
    NotificationNotDead,
    NotificationNotFound,
    NotificationRedriven,
    NotificationsRedriven,
    RedriveNotificationInput,
    RedriveNotificationResult,
    RedriveNotificationsInput,
    RedriveNotificationsResult,
    RedriveRefused,
    to_counts,
    to_notification,
)
from services.errors import CircuitNotFoundError, InvalidInputError, NotDeadError, NotificationNotFoundError
from services.lists.cursors import Cursor
from services.notifications.breaker import DEFAULT_CIRCUIT
from services.notifications.reading import NotificationFilter
from services.notifications.receivers.refusals import DestinationGoneError

OfState = Annotated[NotificationState | None, strawberry.argument(description="Only those in this state.")]
OfDestination = Annotated[
    str | None, strawberry.argument(description="Only those of this destination; empty: the operator's notifier's.")
]
OfTicket = Annotated[str | None, strawberry.argument(description="Only those of this ticket, by its id upstream.")]
RedriveManyInput = Annotated[
    RedriveNotificationsInput, strawberry.argument(description="Which dead letters to send again.")
]
CircuitName = Annotated[str, strawberry.argument(description="`notify`, or the id of a destination.")]
RedriveInput = Annotated[RedriveNotificationInput, strawberry.argument(description="Which dead letter to send again.")]
ResetInput = Annotated[ResetCircuitBreakerInput, strawberry.argument(description="Which circuit breaker to reset.")]


@strawberry.type
class NotificationQueries:
    """The root fields about notifications."""

    @strawberry.field(description="A tenant's notifications of urgent tickets, newest first.", directives=[CONNECTION])
    async def notifications(
        self,
        info: Info,
        tenant_id: TenantId,
        state: OfState = None,
        destination_id: OfDestination = None,
        ticket_id: OfTicket = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Notification] | None:
        """A page of notifications."""
        wanted = NotificationFilter(state=state, destination_id=destination_id, ticket_id=ticket_id)
        pager: Pager[NotificationDocument] = Pager(
            info,
            f"Notification:{tenant_id}:{wanted}",
            place=lambda row: Cursor(row.created_at, row.id),
        )
        window = pager.window(first, last, after, before)
        found = await slice_notifications(info.context, tenant_id, wanted, window)
        return pager.connection(
            found, window, to_notification, lambda: count_notifications(info.context, tenant_id, wanted)
        )

    @strawberry.field(description="How many notifications a tenant has in each state.", directives=[Cost(weight=10)])
    async def notification_counts(self, info: Info, tenant_id: TenantId) -> NotificationCounts | None:
        """The counts."""
        return to_counts(await count_by_state(info.context, tenant_id))

    @strawberry.field(description="A circuit breaker; null with the error NOT_FOUND if there is none by this name.")
    async def circuit_breaker(self, info: Info, name: CircuitName = DEFAULT_CIRCUIT) -> CircuitBreaker | None:
        """The circuit breaker."""
        return to_circuit(await get_circuit(info.context, name))


@strawberry.type
class NotificationMutations:
    """The root fields that bring notifications on their way again."""

    @strawberry.mutation(
        description="Closes a circuit and forgets its results, in all processes; needs the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def reset_circuit_breaker(self, info: Info, input: ResetInput) -> ResetCircuitBreakerResult:
        """Reset a circuit breaker."""
        try:
            return CircuitBreakerReset(circuit_breaker=to_circuit(await reset_circuit(info.context, input.name)))
        except CircuitNotFoundError as error:
            return CircuitBreakerNotFound(message=str(error), name=input.name)

    @strawberry.mutation(
        description="Sends a dead letter again; needs the scope `admin`.", directives=[Cost(weight=50)]
    )
    async def redrive_notification(self, info: Info, input: RedriveInput) -> RedriveNotificationResult:
        """Redrive a dead letter."""
        notification_id = input.notification_id
        try:
            redriven = await redrive_notification(info.context, notification_id)
        except NotificationNotFoundError as error:
            return NotificationNotFound(message=str(error), notification_id=notification_id)
        except NotDeadError as error:
            state = NotificationState(error.state)
            return NotificationNotDead(message=str(error), notification_id=notification_id, state=state)
        except DestinationGoneError as error:
            return NotificationDestinationGone(message=str(error), notification_id=notification_id)
        return NotificationRedriven(notification=to_notification(redriven))

    @strawberry.mutation(
        description=(
            "Sends a tenant's dead letters again, all or some of them; those of deleted destinations stay. Needs the "
            "scope `admin`."
        ),
        directives=[Cost(weight=100)],
    )
    async def redrive_notifications(self, info: Info, input: RedriveManyInput) -> RedriveNotificationsResult:
        """Redrive many dead letters."""
        wanted = NotificationFilter(
            destination_id=input.destination_id,
            last_status=input.last_status,
            created_from=input.created_from,
            created_to=input.created_to,
            ids=input.notification_ids,
        )
        try:
            return NotificationsRedriven(count=await redrive_dead_letters(info.context, input.tenant_id, wanted))
        except InvalidInputError as error:
            return RedriveRefused(message=str(error))
