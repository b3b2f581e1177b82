"""Answers about the audit trail, which administrators read."""

from documents.audit_entry import AuditEntry
from resolvers.context import Context
from services.access import Scope
from services.errors import ForbiddenError
from services.lists.keyset import Slice, Window
from services.lists.numbered import Page


async def slice_trail(context: Context, tenant_id: str | None, window: Window) -> Slice[AuditEntry]:
    """A stretch of what was done to a tenant's data, newest first; None: to all tenants', and to what these share.

    Raises:
        ForbiddenError: the caller is no administrator, or asks for all and may not see all tenants.
    """
    _admit(context, tenant_id)
    return await context.services.trail.slice(tenant_id, window)


async def page_trail(context: Context, tenant_id: str | None, *, page: int, page_size: int) -> Page[AuditEntry]:
    """A numbered page of the same."""
    _admit(context, tenant_id)
    return await context.services.trail.page(tenant_id, page=page, page_size=page_size)


async def count_trail(context: Context, tenant_id: str | None) -> int:
    """How many acts there are."""
    _admit(context, tenant_id)
    return await context.services.trail.count(tenant_id)


def _admit(context: Context, tenant_id: str | None) -> None:
    if tenant_id is not None:
        context.caller.require_tenant(tenant_id, Scope.ADMIN)
        return
    context.caller.require(Scope.ADMIN)
    if context.caller.tenants is not None:
        raise ForbiddenError("Name one of your tenants.")
