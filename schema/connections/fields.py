"""GraphQL fields about tenants' access to their help desks."""

from typing import Annotated

import strawberry

from documents.vocabulary import SourceKind
from resolvers.connections import (
    change_connection,
    check_connection,
    create_connection,
    delete_connection,
    get_connection,
    list_connections,
    list_offered_sources,
    try_new_connection,
)
from schema.base.arguments import TenantId
from schema.base.cost import Cost, ListSize
from schema.base.info import Info
from schema.connections.conversion import (
    to_connection,
    to_connection_change,
    to_new_connection,
    to_offered,
    to_tried_change,
    to_tried_connection,
)
from schema.connections.types import (
    ChangeConnectionInput,
    ChangeConnectionResult,
    CheckConnectionInput,
    CheckConnectionResult,
    ConnectedSource,
    ConnectionChecked,
    ConnectionDeleted,
    ConnectionNotFound,
    ConnectionRefused,
    ConnectionSaved,
    CreateConnectionInput,
    CreateConnectionResult,
    DeleteConnectionInput,
    DeleteConnectionResult,
    OfferedSource,
    TryConnectionInput,
    TryConnectionResult,
)
from services.connections.changes import ConnectionNotFoundError
from services.connections.connections import MAX_CONNECTIONS
from services.errors import ConflictError, InvalidInputError

ConnectionId = Annotated[str, strawberry.argument(name="connectionId", description="The connection's id.")]
CreateConnectionArgument = Annotated[CreateConnectionInput, strawberry.argument(description="The connection to add.")]
ChangeConnectionArgument = Annotated[ChangeConnectionInput, strawberry.argument(description="What to change.")]
DeleteConnectionArgument = Annotated[
    DeleteConnectionInput, strawberry.argument(description="Which connection to remove.")
]
CheckConnectionArgument = Annotated[CheckConnectionInput, strawberry.argument(description="What to check.")]
TryConnectionArgument = Annotated[TryConnectionInput, strawberry.argument(description="What to try.")]


@strawberry.type
class ConnectionQueries:
    """The root fields about connections."""

    @strawberry.field(
        description="A tenant's connections to its help desks, oldest first; needs the scope `admin`.",
        directives=[ListSize(assumed_size=MAX_CONNECTIONS)],
    )
    async def connections(self, info: Info, tenant_id: TenantId) -> list[ConnectedSource] | None:
        """The connections."""
        return [to_connection(each) for each in await list_connections(info.context, tenant_id)]

    @strawberry.field(
        description="One connection; null with the error NOT_FOUND if there is none. Needs the scope `admin`."
    )
    async def connection(self, info: Info, connection_id: ConnectionId) -> ConnectedSource | None:
        """The connection."""
        return to_connection(await get_connection(info.context, connection_id))

    @strawberry.field(
        description="What can be connected, and what each kind is told, for forms; needs the scope `admin`.",
        directives=[ListSize(assumed_size=len(SourceKind))],
    )
    async def offered_sources(self, info: Info) -> list[OfferedSource] | None:
        """The kinds of sources."""
        return [to_offered(source, kind) for source, kind in list_offered_sources(info.context).items()]


@strawberry.type
class ConnectionMutations:
    """The root fields that change connections."""

    @strawberry.mutation(
        description=(
            "Tries the credential and one record of a connection before it is added, once; nothing is stored. Needs "
            "the scope `admin`."
        ),
        directives=[Cost(weight=200)],
    )
    async def try_connection(self, info: Info, input: TryConnectionArgument) -> TryConnectionResult:
        """Try a connection."""
        try:
            outcome = await try_new_connection(info.context, to_tried_connection(input))
        except InvalidInputError as error:
            return ConnectionRefused(message=str(error), code=error.code.value)
        return ConnectionChecked(ok=outcome.ok, detail=outcome.detail, problem=outcome.problem)

    @strawberry.mutation(
        description=(
            "Adds a connection: from now on the tenant's runs read its connections, and not the operator's API. One to "
            "an account that the tenant had a connection to before gets its id again, and its tickets their prefix. "
            "Needs the scope `admin`."
        ),
        directives=[Cost(weight=50)],
    )
    async def create_connection(self, info: Info, input: CreateConnectionArgument) -> CreateConnectionResult:
        """Add a connection."""
        try:
            made = await create_connection(info.context, to_new_connection(input))
        except (InvalidInputError, ConflictError) as error:
            return ConnectionRefused(message=str(error), code=error.code.value)
        return ConnectionSaved(connection=to_connection(made))

    @strawberry.mutation(
        description="Changes a connection, or rotates its secrets; needs the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def change_connection(self, info: Info, input: ChangeConnectionArgument) -> ChangeConnectionResult:
        """Change a connection."""
        try:
            changed = await change_connection(info.context, input.connection_id, to_connection_change(input))
        except ConnectionNotFoundError as error:
            return ConnectionNotFound(message=str(error), connection_id=input.connection_id)
        except (InvalidInputError, ConflictError) as error:
            return ConnectionRefused(message=str(error), code=error.code.value)
        return ConnectionSaved(connection=to_connection(changed))

    @strawberry.mutation(
        description="Removes a connection and its secrets; its tickets stay. Needs the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def delete_connection(self, info: Info, input: DeleteConnectionArgument) -> DeleteConnectionResult:
        """Remove a connection."""
        try:
            deleted = await delete_connection(info.context, input.connection_id)
        except ConnectionNotFoundError as error:
            return ConnectionNotFound(message=str(error), connection_id=input.connection_id)
        return ConnectionDeleted(connection=to_connection(deleted))

    @strawberry.mutation(
        description=(
            "Tries a connection's credential and one record, once, as it is or as a change of settings or secrets "
            "would make it; nothing is stored. Needs the scope `admin`."
        ),
        directives=[Cost(weight=200)],
    )
    async def check_connection(self, info: Info, input: CheckConnectionArgument) -> CheckConnectionResult:
        """Check a connection."""
        try:
            outcome = await check_connection(info.context, input.connection_id, to_tried_change(input))
        except ConnectionNotFoundError as error:
            return ConnectionNotFound(message=str(error), connection_id=input.connection_id)
        except (InvalidInputError, ConflictError) as error:
            return ConnectionRefused(message=str(error), code=error.code.value)
        return ConnectionChecked(ok=outcome.ok, detail=outcome.detail, problem=outcome.problem)
