"""Tenants' access to their help desks as clients see it; secrets are never shown."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.connection import ConnectionState, SourceKind, SourceProblem
from schema.base.cost import ListSize
from schema.ingestion.payloads import Refusal
from services.connections.kinds import names_told

MOST_NAMES = 10
"""As many settings and secrets a source has at most."""
_NAMES = [ListSize(assumed_size=MOST_NAMES)]


@strawberry.type(description="A setting of a connection.")
class ConnectionSetting:
    """A name and its value."""

    name: str = strawberry.field(description="Its name, as REST has it.")
    value: str = strawberry.field(description="Its value.")


# Not `...Connection`: clients take types of such names for lists that are read page by page.
@strawberry.type(description="One tenant's access to one account of a help desk, without its secrets.")
class ConnectedSource:
    """A connection."""

    connection_id: str = strawberry.field(description="Its id.")
    tenant_id: str = strawberry.field(description="The tenant.")
    source: SourceKind = strawberry.field(description="The kind of help desk.")
    settings: list[ConnectionSetting] = strawberry.field(description="What is no secret.", directives=_NAMES)
    secret_names: list[str] = strawberry.field(description="Which secrets it has.")
    account: str = strawberry.field(
        description="What is read. Connections to the same account share its limit of requests."
    )
    prefix: str = strawberry.field(
        description="What stands before the ids of its tickets, and a colon; empty: neither."
    )
    schedule_minutes: int | None = strawberry.field(
        description="How often it is read; null: only when somebody asks for it."
    )
    announce_from: datetime = strawberry.field(
        description="Urgent tickets that were created before are announced to nobody."
    )
    state: ConnectionState = strawberry.field(description="How it stands.")
    problem: SourceProblem | None = strawberry.field(description="Why the last run has failed.")
    problem_detail: str | None = strawberry.field(description="The same in our words, with what was received.")
    advice: str | None = strawberry.field(description="What the problem means, and what to do.")
    failures: int = strawberry.field(description="Runs that failed one after the other, up to the last one.")
    last_run_at: datetime | None = strawberry.field(description="When it was read last.")
    last_success_at: datetime | None = strawberry.field(description="When it was read last without a problem.")
    next_run_at: datetime | None = strawberry.field(description="When the schedule reads it next.")
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="When people changed it last.")


@strawberry.type(description="A setting or a secret that a kind of source is told.")
class SourceNeed:
    """One field of a form."""

    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="What it is.")
    expected: str = strawberry.field(description="What it must be, as the end of a sentence.")
    is_secret: bool = strawberry.field(description="Whether it belongs among the secrets.")
    is_required: bool = strawberry.field(description="Whether it has to be given, whatever else is.")
    default: str | None = strawberry.field(description="What counts if it is left out.")
    instead_of: list[str] = strawberry.field(description="Of it and these, exactly one has to be given.")
    needed_with: list[str] = strawberry.field(description="It has to be given if one of these is.")


@strawberry.type(description="A kind of source that can be connected.")
class OfferedSource:
    """What a form asks for."""

    source: SourceKind = strawberry.field(description="The kind.")
    description: str = strawberry.field(description="What it is.")
    needs: list[SourceNeed] = strawberry.field(description="What it is told.", directives=_NAMES)


@strawberry.input(description="A setting or a secret by its name.")
class ConnectionValueInput:
    """A name and a value."""

    name: str = strawberry.field(description="Its name, for instance `base_url`.")
    value: str | None = strawberry.field(
        default=None, description="Its value; of a change: null takes it away. It is never shown if it is a secret."
    )


@strawberry.input(description="A connection to add.")
class CreateConnectionInput:
    """The input of `createConnection`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    source: SourceKind = strawberry.field(description="The kind of help desk.")
    settings: list[ConnectionValueInput] = strawberry.field(
        default_factory=list, description=names_told(is_secret=False)
    )
    secrets: list[ConnectionValueInput] = strawberry.field(default_factory=list, description=names_told(is_secret=True))
    schedule_minutes: int | None = strawberry.field(
        default=None, description="How often it is read, 1 to 10,080 minutes; null: only when somebody asks for it."
    )
    announce_from: datetime | None = strawberry.field(
        default=None,
        description="Urgent tickets that were created before are announced to nobody; null: the present moment.",
    )


@strawberry.input(description="A connection to try.")
class TryConnectionInput:
    """The input of `tryConnection`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    source: SourceKind = strawberry.field(description="The kind of help desk.")
    settings: list[ConnectionValueInput] = strawberry.field(default_factory=list, description="As of one to be added.")
    secrets: list[ConnectionValueInput] = strawberry.field(default_factory=list, description="As of one to be added.")


@strawberry.input(description="What to change of a connection; what is left out, or null, stays.")
class ChangeConnectionInput:
    """The input of `changeConnection`."""

    connection_id: str = strawberry.field(description="The connection.")
    settings: list[ConnectionValueInput] = strawberry.field(
        default_factory=list, description="Those to change; one that excludes another takes its place."
    )
    secrets: list[ConnectionValueInput] = strawberry.field(
        default_factory=list,
        description="Those to change. Those that would be sent to another address than before have to be given anew.",
    )
    schedule_minutes: int | None = strawberry.field(default=None, description="As of a new one; 0: no schedule.")
    announce_from: datetime | None = strawberry.field(default=None, description="As of a new one.")


@strawberry.input(description="Which connection to remove.")
class DeleteConnectionInput:
    """The input of `deleteConnection`."""

    connection_id: str = strawberry.field(description="The connection.")


@strawberry.input(description="Which connection to check, and with which change; without one, as it is.")
class CheckConnectionInput:
    """The input of `checkConnection`."""

    connection_id: str = strawberry.field(description="The connection.")
    settings: list[ConnectionValueInput] = strawberry.field(default_factory=list, description="As of a change.")
    secrets: list[ConnectionValueInput] = strawberry.field(default_factory=list, description="As of a change.")


@strawberry.type(description="The connection was added or changed.")
class ConnectionSaved:
    """A connection."""

    connection: ConnectedSource = strawberry.field(description="The connection as it is now.")


@strawberry.type(description="What was asked does not fit; nothing was changed.")
class ConnectionRefused(Refusal):
    """Settings, secrets, an address or a schedule that do not fit."""

    code: str = strawberry.field(description="`INVALID_INPUT`, `ADDRESS_REFUSED` or `CONFLICT`.")


@strawberry.type(description="There is no such connection that you may see.")
class ConnectionNotFound(Refusal):
    """No such connection."""

    connection_id: str = strawberry.field(description="The id that was given.")


@strawberry.type(description="The connection and its secrets are gone; its tickets stay.")
class ConnectionDeleted:
    """A deleted connection."""

    connection: ConnectedSource = strawberry.field(description="The connection as it was.")


@strawberry.type(description="The credential and one record were tried; nothing was stored.")
class ConnectionChecked:
    """What came of it."""

    ok: bool = strawberry.field(description="Whether the credential was taken, and what came could be read.")
    detail: str = strawberry.field(description="What came of it, in our words.")
    problem: SourceProblem | None = strawberry.field(description="What is wrong, as far as it is known what.")


CreateConnectionResult = Annotated[
    ConnectionSaved | ConnectionRefused,
    strawberry.union("CreateConnectionResult", description="What came of `createConnection`."),
]
TryConnectionResult = Annotated[
    ConnectionChecked | ConnectionRefused,
    strawberry.union("TryConnectionResult", description="What came of `tryConnection`."),
]
ChangeConnectionResult = Annotated[
    ConnectionSaved | ConnectionRefused | ConnectionNotFound,
    strawberry.union("ChangeConnectionResult", description="What came of `changeConnection`."),
]
DeleteConnectionResult = Annotated[
    ConnectionDeleted | ConnectionNotFound,
    strawberry.union("DeleteConnectionResult", description="What came of `deleteConnection`."),
]
CheckConnectionResult = Annotated[
    ConnectionChecked | ConnectionRefused | ConnectionNotFound,
    strawberry.union("CheckConnectionResult", description="What came of `checkConnection`."),
]
