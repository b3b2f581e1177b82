"""Tenants' own destinations as clients see them; secrets are shown once, when they are made."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.destination import Destination as DestinationDocument
from documents.destination import DestinationFormat
from schema.ingestion.payloads import Refusal
from services.errors import ErrorCode
from services.notifications.receivers.answers import Attempt, Verdict


@strawberry.type(description="Where a tenant wants its urgent tickets announced.")
class Destination:
    """A destination, without its secrets."""

    destination_id: str = strawberry.field(description="Its id, which is also the name of its circuit breaker.")
    tenant_id: str = strawberry.field(description="The tenant.")
    format: DestinationFormat = strawberry.field(description="What it is sent.")
    url: str = strawberry.field(description="The address, without what lets others use it.")
    is_signed: bool = strawberry.field(description="Whether what it is sent is signed.")
    digest_above: int | None = strawberry.field(
        description="More alerts than that within a minute are sent together; null: each by itself."
    )
    spikes: bool = strawberry.field(
        description="Whether it is told of spikes, too; the format `SPECIFICATION` knows none, whatever this says."
    )
    is_paused: bool = strawberry.field(description="Whether what is for it waits.")
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")


@strawberry.input(description="A destination to add.")
class CreateDestinationInput:
    """The input of `createDestination`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    url: str = strawberry.field(description="Where to send; https, on the public internet.")
    format: DestinationFormat = strawberry.field(description="What to send.")
    secret: str | None = strawberry.field(
        default=None, description="For `WEBHOOK`: `whsec_` and 24 to 64 bytes in base64; left out: one is made."
    )
    digest_above: int | None = strawberry.field(
        default=None, description="Send more alerts than that within a minute together; not for `SPECIFICATION`."
    )
    spikes: bool = strawberry.field(
        default=True, description="Tell it of spikes, too; the format `SPECIFICATION` knows none."
    )


@strawberry.input(description="What to change of a destination; what is left out, or null, stays.")
class ChangeDestinationInput:
    """The input of `changeDestination`."""

    destination_id: str = strawberry.field(description="The destination.")
    url: str | None = strawberry.field(default=None, description="Another address.")
    secret: str | None = strawberry.field(
        default=None, description="Another secret; the present one stays valid beside it for 24 hours."
    )
    rotate_secret: bool = strawberry.field(default=False, description="The same with a secret that is made.")
    digest_above: int | None = strawberry.field(default=None, description="As of `createDestination`; 0: no digests.")
    is_paused: bool | None = strawberry.field(default=None, description="Whether what is for it waits.")
    spikes: bool | None = strawberry.field(default=None, description="Whether it is told of spikes.")


@strawberry.input(description="Which destination to remove.")
class DeleteDestinationInput:
    """The input of `deleteDestination`."""

    destination_id: str = strawberry.field(description="The destination.")


@strawberry.input(description="Which destination to try.")
class TestDestinationInput:
    """The input of `testDestination`."""

    destination_id: str = strawberry.field(description="The destination.")


@strawberry.type(description="The destination was added or changed.")
class DestinationSaved:
    """A destination, and perhaps a secret."""

    destination: Destination = strawberry.field(description="The destination as it is now.")
    secret: str | None = strawberry.field(description="The secret that was made; it is never shown again.")


@strawberry.type(description="What was asked does not fit; nothing was changed.")
class DestinationRefused(Refusal):
    """An address, secret or digest that does not fit."""

    code: str = strawberry.field(description="`ADDRESS_REFUSED`, `INVALID_SECRET`, `INVALID_INPUT` or `CONFLICT`.")


@strawberry.type(description="There is no such destination that you may see.")
class DestinationNotFound(Refusal):
    """No such destination."""

    destination_id: str = strawberry.field(description="The id that was given.")


@strawberry.type(description="The destination is gone; what waited for it is a dead letter.")
class DestinationDeleted:
    """A deleted destination."""

    destination: Destination = strawberry.field(description="The destination as it was.")


@strawberry.type(description="An example was sent.")
class DestinationTested:
    """What came of it."""

    ok: bool = strawberry.field(description="Whether it was taken.")
    status: int | None = strawberry.field(description="The HTTP status of the answer, if there was one.")
    detail: str | None = strawberry.field(description="What was received, or why nothing was; null if it was taken.")


CreateDestinationResult = Annotated[
    DestinationSaved | DestinationRefused,
    strawberry.union("CreateDestinationResult", description="What came of `createDestination`."),
]
ChangeDestinationResult = Annotated[
    DestinationSaved | DestinationRefused | DestinationNotFound,
    strawberry.union("ChangeDestinationResult", description="What came of `changeDestination`."),
]
DeleteDestinationResult = Annotated[
    DestinationDeleted | DestinationNotFound,
    strawberry.union("DeleteDestinationResult", description="What came of `deleteDestination`."),
]
TestDestinationResult = Annotated[
    DestinationTested | DestinationNotFound,
    strawberry.union("TestDestinationResult", description="What came of `testDestination`."),
]


def to_destination(stored: DestinationDocument) -> Destination:
    """A stored destination as clients see it."""
    return Destination(
        destination_id=stored.id,
        url=stored.shown_url,
        is_signed=bool(stored.secrets),
        **{
            name: getattr(stored, name)
            for name in ("tenant_id", "format", "digest_above", "spikes", "is_paused", "created_at", "updated_at")
        },
    )


def to_tested(attempt: Attempt) -> DestinationTested:
    """What came of an example."""
    return DestinationTested(ok=attempt.verdict is Verdict.DELIVERED, status=attempt.status, detail=attempt.detail)


def to_refused(code: ErrorCode, message: str) -> DestinationRefused:
    """A refusal."""
    return DestinationRefused(message=message, code=code.value)
