"""The routes of the external API, as the contract describes them."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from mock_external_api.answers import json_answer
from mock_external_api.traffic import LIST_PATH
from mock_external_api.upstream import Upstream, UpstreamOfApp

router = APIRouter(tags=["external API"])


@router.get(LIST_PATH)
async def list_tickets(
    upstream: UpstreamOfApp,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 50,
    tenant_id: str | None = None,
    include_deleted: bool = False,
) -> Response:
    """Return a page of tickets, oldest first. `total_count` counts the list that is being paged through."""
    await _simulate_latency(upstream)
    upstream.churn()
    page_size = min(page_size, upstream.settings.page_size_cap or page_size)
    listed_tenant = tenant_id if upstream.settings.honour_tenant_id else None
    normal = upstream.store.page(
        tenant_id=listed_tenant, include_deleted=include_deleted, page=page, page_size=page_size
    ).to_json()
    scripted = upstream.script.take(page)
    if scripted is None:
        return json_answer(normal)
    await asyncio.sleep(scripted.delay_ms / 1000)
    return scripted.answer(normal)


@router.get(f"{LIST_PATH}/{{ticket_id}}")
async def get_ticket(upstream: UpstreamOfApp, ticket_id: str) -> Response:
    """Return one ticket; 404 when it is deleted or unknown."""
    ticket = upstream.store.find(ticket_id)
    if ticket is None:
        raise HTTPException(404, "No such ticket.")
    return json_answer(ticket)


@router.get("/external/deleted-tickets")
async def list_deleted(upstream: UpstreamOfApp) -> Response:
    """Return the ids of the deleted tickets, all tenants mixed."""
    await _simulate_latency(upstream)
    return json_answer({"deleted_ids": upstream.store.deleted_ids()})


@router.get("/rate-limit/status")
async def rate_limit_status(upstream: UpstreamOfApp) -> dict[str, int | None]:
    """Return how much of the account's limit is used; asking is free."""
    return upstream.limiter.status()


@router.get("/health")
async def health() -> dict[str, str]:
    """Answer that the program runs."""
    return {"status": "ok"}


async def _simulate_latency(upstream: Upstream) -> None:
    if upstream.settings.latency_ms:
        await asyncio.sleep(upstream.settings.latency_ms / 1000)
