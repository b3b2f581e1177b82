"""Answers about how long tickets are kept, which only administrators see and change."""

from documents.audit_entry import AuditAction
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.access import Scope
from services.protection.shields import Retention


async def get_retention(context: Context, tenant_id: str) -> Retention | None:
    """For how long the tenant's tickets are kept; None: for ever."""
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    return await context.services.retentions.of(tenant_id)


async def set_retention(context: Context, tenant_id: str, wanted: Retention | None) -> Retention | None:
    """Change that; what is too old by then is erased in the background.

    Raises:
        InvalidInputError: that is too short, or too long.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    async with acting(context, AuditAction.RETENTION_CHANGED, tenant_id, needs_open_tenant=True):
        saved = await context.services.retentions.save(tenant_id, wanted)
    if context.services.eraser is not None:
        context.services.eraser.wake()
    return saved


async def preview_retention(context: Context, tenant_id: str, wanted: Retention) -> int:
    """How many stored tickets would go now; nothing is changed.

    Raises:
        InvalidInputError: that is too short, or too long.
        QueryTimeoutError: the database did not finish.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    return await context.services.retentions.preview(tenant_id, wanted)
