"""Answers about tenants' access to their help desks, which only administrators see and change."""

from collections.abc import Mapping

from documents.audit_entry import AuditAction
from documents.connection import Connection
from documents.vocabulary import SourceKind
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.access import Scope
from services.connections.changes import ConnectionChange, ConnectionNotFoundError, NewConnection
from services.connections.checking import CheckOutcome, try_connection
from services.connections.kinds import SOURCE_NEEDS, SourceNeeds


async def create_connection(context: Context, new: NewConnection) -> Connection:
    """Add a connection; if it has a schedule, its first run is due at once.

    Raises:
        InvalidInputError: settings, secrets or the schedule do not fit.
        AddressRefusedError: nothing may be sent to the address.
        ConflictError: the tenant has the account already, or 10 connections.
        SecretsKeyError: there is no key to seal secrets with.
    """
    context.caller.require_tenant(new.tenant_id, Scope.ADMIN)
    async with acting(context, AuditAction.CONNECTION_ADDED, new.tenant_id, needs_open_tenant=True) as act:
        made = await context.services.connections.create(new)
        act.target = made.id
    return made


async def list_connections(context: Context, tenant_id: str) -> list[Connection]:
    """The tenant's connections, oldest first; at most 10."""
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    return await context.services.connections.of_tenant(tenant_id)


async def get_connection(context: Context, connection_id: str) -> Connection:
    """One connection.

    Raises:
        ConnectionNotFoundError: there is none with this id that the caller may see.
    """
    context.caller.require(Scope.ADMIN)
    connection = await context.services.connections.get(connection_id)
    if not context.caller.may_see(connection.tenant_id):
        raise ConnectionNotFoundError(connection_id)
    return connection


async def change_connection(context: Context, connection_id: str, change: ConnectionChange) -> Connection:
    """Change a connection, for instance its secrets.

    Raises:
        ConnectionNotFoundError: there is none with this id that the caller may see.
        InvalidInputError, AddressRefusedError, ConflictError, SecretsKeyError: as of `create_connection`.
    """
    known = await get_connection(context, connection_id)
    async with acting(context, AuditAction.CONNECTION_CHANGED, known.tenant_id, target=connection_id):
        return await context.services.connections.change(connection_id, change)


async def delete_connection(context: Context, connection_id: str) -> Connection:
    """Remove a connection, which is returned as it was; its tickets stay.

    Raises:
        ConnectionNotFoundError: there is none with this id that the caller may see.
    """
    connection = await get_connection(context, connection_id)
    async with acting(context, AuditAction.CONNECTION_REMOVED, connection.tenant_id, target=connection_id):
        await context.services.connections.remove(connection_id)
    return connection


async def check_connection(
    context: Context, connection_id: str, change: ConnectionChange | None = None
) -> CheckOutcome:
    """Try a connection's credential and one record, once, as it is or as a change would make it; nothing is stored.

    Raises:
        ConnectionNotFoundError: there is none with this id that the caller may see.
        InvalidInputError, AddressRefusedError, ConflictError, SecretsKeyError: as of `change_connection`.
    """
    known = await get_connection(context, connection_id)
    async with acting(context, AuditAction.CONNECTION_TRIED, known.tenant_id, target=connection_id):
        draft = known if change is None else await context.services.connections.draft_change(known, change)
        return await try_connection(context.services.sources, draft)


async def try_new_connection(context: Context, new: NewConnection) -> CheckOutcome:
    """Try the credential and one record of a connection that was not added, once; nothing is stored.

    Raises:
        InvalidInputError, AddressRefusedError, SecretsKeyError: as of `create_connection`.
    """
    context.caller.require_tenant(new.tenant_id, Scope.ADMIN)
    async with acting(context, AuditAction.CONNECTION_TRIED, new.tenant_id):
        return await try_connection(context.services.sources, await context.services.connections.draft(new))


def list_offered_sources(context: Context) -> Mapping[SourceKind, SourceNeeds]:
    """What can be connected, and what each has to be told."""
    context.caller.require(Scope.ADMIN)
    return SOURCE_NEEDS
