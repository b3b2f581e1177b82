"""GraphQL fields about tenants' own destinations."""

from typing import Annotated

import strawberry

from resolvers.destinations import (
    change_destination,
    create_destination,
    delete_destination,
    get_destination,
    list_destinations,
    try_destination,
)
from schema.base.arguments import TenantId
from schema.base.cost import Cost, ListSize
from schema.base.info import Info
from schema.notifications.destinations import (
    ChangeDestinationInput,
    ChangeDestinationResult,
    CreateDestinationInput,
    CreateDestinationResult,
    DeleteDestinationInput,
    DeleteDestinationResult,
    Destination,
    DestinationDeleted,
    DestinationNotFound,
    DestinationSaved,
    TestDestinationInput,
    TestDestinationResult,
    to_destination,
    to_refused,
    to_tested,
)
from services.errors import ConflictError, InvalidInputError
from services.notifications.receivers.changes import DestinationChange
from services.notifications.receivers.destinations import MAX_DESTINATIONS
from services.notifications.receivers.refusals import DestinationNotFoundError

DestinationId = Annotated[str, strawberry.argument(name="destinationId", description="The destination's id.")]
CreateInput = Annotated[CreateDestinationInput, strawberry.argument(description="The destination to add.")]
DeleteInput = Annotated[DeleteDestinationInput, strawberry.argument(description="Which destination to remove.")]
TestInput = Annotated[TestDestinationInput, strawberry.argument(description="Which destination to try.")]
ChangeInput = Annotated[ChangeDestinationInput, strawberry.argument(description="What to change.")]


@strawberry.type
class DestinationQueries:
    """The root fields about destinations."""

    @strawberry.field(
        description="A tenant's own destinations, oldest first; needs the scope `admin`.",
        directives=[ListSize(assumed_size=MAX_DESTINATIONS)],
    )
    async def destinations(self, info: Info, tenant_id: TenantId) -> list[Destination] | None:
        """The destinations."""
        return [to_destination(each) for each in await list_destinations(info.context, tenant_id)]

    @strawberry.field(
        description="One destination; null with the error NOT_FOUND if there is none. Needs the scope `admin`."
    )
    async def destination(self, info: Info, destination_id: DestinationId) -> Destination | None:
        """The destination."""
        return to_destination(await get_destination(info.context, destination_id))


@strawberry.type
class DestinationMutations:
    """The root fields that change destinations."""

    @strawberry.mutation(
        description=(
            "Adds a destination: from now on the tenant's alerts go to its own ones, and no longer to the operator's "
            "notifier. Needs the scope `admin`."
        ),
        directives=[Cost(weight=50)],
    )
    async def create_destination(self, info: Info, input: CreateInput) -> CreateDestinationResult:
        """Add a destination."""
        try:
            saved = await create_destination(
                info.context,
                input.tenant_id,
                input.url,
                input.format,
                secret=input.secret,
                digest_above=input.digest_above,
                spikes=input.spikes,
            )
        except (InvalidInputError, ConflictError) as error:
            return to_refused(error.code, str(error))
        return DestinationSaved(destination=to_destination(saved.destination), secret=saved.secret)

    @strawberry.mutation(
        description="Changes a destination, or rotates its secret; needs the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def change_destination(self, info: Info, input: ChangeInput) -> ChangeDestinationResult:
        """Change a destination."""
        change = DestinationChange(
            url=input.url,
            secret=input.secret,
            rotate_secret=input.rotate_secret,
            digest_above=input.digest_above,
            is_paused=input.is_paused,
            spikes=input.spikes,
        )
        try:
            saved = await change_destination(info.context, input.destination_id, change)
        except DestinationNotFoundError as error:
            return DestinationNotFound(message=str(error), destination_id=input.destination_id)
        except InvalidInputError as error:
            return to_refused(error.code, str(error))
        return DestinationSaved(destination=to_destination(saved.destination), secret=saved.secret)

    @strawberry.mutation(
        description="Removes a destination; what waits for it becomes dead letters. Needs the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def delete_destination(self, info: Info, input: DeleteInput) -> DeleteDestinationResult:
        """Remove a destination."""
        try:
            deleted = await delete_destination(info.context, input.destination_id)
        except DestinationNotFoundError as error:
            return DestinationNotFound(message=str(error), destination_id=input.destination_id)
        return DestinationDeleted(destination=to_destination(deleted))

    @strawberry.mutation(
        description="Sends an example to a destination, at once and once; needs the scope `admin`.",
        directives=[Cost(weight=200)],
    )
    async def test_destination(self, info: Info, input: TestInput) -> TestDestinationResult:
        """Try a destination."""
        try:
            return to_tested(await try_destination(info.context, input.destination_id))
        except DestinationNotFoundError as error:
            return DestinationNotFound(message=str(error), destination_id=input.destination_id)
