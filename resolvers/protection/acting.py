"""The seam that everything passes which changes something: it leaves an entry in the audit trail.

The caller was let in before: what somebody may not do at all is refused without an entry, so that nobody can fill
another tenant's trail.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from pymongo.errors import PyMongoError

from documents.audit_entry import AuditAction, AuditOutcome
from resolvers.context import Context
from services.errors import ErrorCode, expected

log = structlog.get_logger("resolvers.trail")


@dataclass(slots=True)
class Act:
    """Something that is done."""

    id: str
    target: str | None = None
    """To be set where it is known only now."""


def actor_of(context: Context) -> str | None:
    """Who acts, as stored data names them; None: nobody knows."""
    return None if context.caller.is_anonymous else context.caller.subject


@asynccontextmanager
async def acting(
    context: Context,
    action: AuditAction,
    tenant_id: str | None,
    *,
    target: str | None = None,
    needs_open_tenant: bool = False,
) -> AsyncIterator[Act]:
    """Do something that leaves an entry: `target` is the id of what it is about.

    `needs_open_tenant`: it stores something for the tenant, which must not have been erased.

    Raises:
        TenantErasedError: it was.
    """
    trail = context.services.trail
    act = Act(
        await trail.begin(action, tenant_id, actor=actor_of(context), target=target, request_id=context.request_id)
    )
    try:
        if needs_open_tenant and tenant_id is not None:
            await context.services.shields.demand_open(tenant_id)
        yield act
    except BaseException as error:
        refusal = expected(error) if isinstance(error, Exception) else None
        outcome = AuditOutcome.FAILED if refusal is None else AuditOutcome.REFUSED
        await _end(context, act, outcome, None if refusal is None else refusal.code)
        raise
    await _end(context, act, AuditOutcome.DONE)


async def _end(context: Context, act: Act, outcome: AuditOutcome, code: ErrorCode | None = None) -> None:
    """It was done or refused, whether that can be written down or not."""
    try:
        await context.services.trail.end(act.id, outcome, code=code, target=act.target)
    except PyMongoError as error:
        log.warning("trail_without_end", act_id=act.id, outcome=outcome.value, error=str(error)[:200])
