"""Routes about tenants' own destinations; all of them need the scope `admin`."""

from typing import Annotated

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field

from documents.destination import DestinationFormat
from gql_app.rest.answers.destinations import DestinationAnswer, DestinationList, SavedAnswer, TestAnswer
from gql_app.rest.parameters import ContextOf, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import destinations as resolvers
from services.notifications.receivers.changes import DestinationChange

NO_DIGEST = 0
"""What a change says where a client says null."""

router = APIRouter(prefix="/destinations", tags=["destinations"], route_class=StrictRoute)

Url = Annotated[str, Field(description="Where to send: https, on the public internet.")]
Secret = Annotated[str | None, Field(description="For `webhook`: `whsec_` and 24 to 64 bytes in base64.")]
DigestAbove = Annotated[
    int | None, Field(description="Send more alerts than that within a minute together; not for `specification`.")
]
Spikes = Annotated[bool, Field(description="Tell it of spikes, too; `specification` knows none.")]


class NewDestination(BaseModel):
    """A destination to add. For `webhook` without a secret, one is made."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    tenant_id: str
    url: Url
    format: DestinationFormat
    secret: Secret = None
    digest_above: DigestAbove = None
    spikes: Spikes = True


class ChangedDestination(BaseModel):
    """What to change; what is left out stays. A secret that is replaced stays valid beside the new one for 24 h."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: Url | None = None
    secret: Secret = None
    rotate_secret: bool = False
    """Have a new secret made."""
    digest_above: DigestAbove = None
    """Null: no digests any more."""
    is_paused: bool | None = None
    """What is for a paused destination waits."""
    spikes: bool | None = None
    """Whether it is told of spikes."""

    def to_change(self) -> DestinationChange:
        """The same as the services take it."""
        ends_digests = "digest_above" in self.model_fields_set and self.digest_above is None
        above = NO_DIGEST if ends_digests else self.digest_above
        return DestinationChange(self.url, self.secret, self.rotate_secret, above, self.is_paused, self.spikes)


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(409))
async def create(context: ContextOf, response: Response, wanted: NewDestination) -> SavedAnswer:
    """Add a destination: from now on the tenant's alerts go to its own ones, not to the operator's notifier."""
    saved = await resolvers.create_destination(
        context,
        wanted.tenant_id,
        wanted.url,
        wanted.format,
        secret=wanted.secret,
        digest_above=wanted.digest_above,
        spikes=wanted.spikes,
    )
    response.headers["location"] = f"/destinations/{saved.destination.id}"
    return SavedAnswer.of_saved(saved)


@router.get("", responses=problems())
async def list_destinations(context: ContextOf, tenant_id: TenantId) -> DestinationList:
    """The tenant's destinations."""
    found = await resolvers.list_destinations(context, tenant_id)
    return DestinationList(destinations=[DestinationAnswer.of(each) for each in found])


@router.get("/{destination_id}", responses=problems(404))
async def get_destination(context: ContextOf, destination_id: str) -> DestinationAnswer:
    """One destination."""
    return DestinationAnswer.of(await resolvers.get_destination(context, destination_id))


@router.patch("/{destination_id}", responses=problems(404))
async def change(context: ContextOf, destination_id: str, wanted: ChangedDestination) -> SavedAnswer:
    """Change a destination, or rotate its secret."""
    return SavedAnswer.of_saved(await resolvers.change_destination(context, destination_id, wanted.to_change()))


@router.delete("/{destination_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problems(404))
async def delete(context: ContextOf, destination_id: str) -> None:
    """Remove a destination; what waits for it becomes dead letters."""
    await resolvers.delete_destination(context, destination_id)


@router.post("/{destination_id}/test", responses=problems(404))
async def try_out(context: ContextOf, destination_id: str) -> TestAnswer:
    """Send an example, at once and once, whatever the circuit breaker says."""
    return TestAnswer.of(await resolvers.try_destination(context, destination_id))
