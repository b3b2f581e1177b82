"""Answers about statistics."""

from collections.abc import Collection
from datetime import datetime

from schema.context import Context
from services.stats import ALL_PARTS, StatsPart, TenantStats


async def get_stats(
    context: Context,
    tenant_id: str,
    *,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    parts: Collection[StatsPart] = ALL_PARTS,
) -> TenantStats:
    """The tenant's statistics, as far as they are asked for."""
    context.caller.require_tenant(tenant_id)
    return await context.services.stats.compute(
        tenant_id, created_from=created_from, created_to=created_to, parts=parts
    )
