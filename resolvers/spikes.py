"""Answers about spikes: hours in which too many customers wrote."""

from documents.spike import Spike
from resolvers.context import Context
from services.lists.keyset import Slice, Window
from services.lists.numbered import Page


async def slice_spikes(context: Context, tenant_id: str, window: Window) -> Slice[Spike]:
    """A stretch of the tenant's spikes, newest first."""
    context.caller.require_tenant(tenant_id)
    return await context.services.spikes.slice(tenant_id, window)


async def page_spikes(context: Context, tenant_id: str, *, page: int, page_size: int) -> Page[Spike]:
    """A numbered page of the tenant's spikes, newest first."""
    context.caller.require_tenant(tenant_id)
    return await context.services.spikes.page(tenant_id, page=page, page_size=page_size)


async def find_spike(context: Context, tenant_id: str, spike_id: str) -> Spike | None:
    """One of the tenant's spikes, if there is such a one."""
    context.caller.require_tenant(tenant_id)
    return await context.services.spikes.get(tenant_id, spike_id)


async def count_spikes(context: Context, tenant_id: str) -> int:
    """How many spikes the tenant has had."""
    context.caller.require_tenant(tenant_id)
    return await context.services.spikes.count(tenant_id)
