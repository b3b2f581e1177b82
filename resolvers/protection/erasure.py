"""Answers about erasures, which only administrators ask for and see."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from documents.audit_entry import AuditAction
from documents.erasure import Erasure
from resolvers.context import Context
from resolvers.protection.acting import acting, actor_of
from services.access import Scope
from services.lists.keyset import Slice, Window
from services.lists.numbered import Page
from services.protection.erasures import ErasureNotFoundError


async def erase_customer(context: Context, tenant_id: str, customer_id: str) -> Erasure:
    """Have a customer erased; nothing of theirs comes in from now on, and the rest is done in the background.

    Raises:
        InvalidInputError: nobody can have such an id.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    async with acting(context, AuditAction.CUSTOMER_ERASED, tenant_id) as act:
        erasure = await context.services.erasures.request_customer(tenant_id, customer_id, by=actor_of(context))
        act.target = erasure.id
    _wake(context)
    return erasure


async def erase_tenant(context: Context, tenant_id: str) -> Erasure:
    """Have a tenant erased; nothing is stored for it until it is reopened."""
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    async with acting(context, AuditAction.TENANT_ERASED, tenant_id) as act:
        erasure = await context.services.erasures.request_tenant(tenant_id, by=actor_of(context))
        act.target = erasure.id
    _wake(context)
    return erasure


async def reopen_tenant(context: Context, tenant_id: str) -> Erasure:
    """Let a tenant that was erased be used again, as if it were new; returns the erasure that is lifted.

    Raises:
        NotErasedError: it was not erased, or that is not done yet.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    async with acting(context, AuditAction.TENANT_REOPENED, tenant_id) as act:
        erasure = await context.services.erasures.reopen(tenant_id, by=actor_of(context))
        act.target = erasure.id
    return erasure


async def get_erasure(context: Context, erasure_id: str) -> Erasure:
    """How far an erasure has come, or its certificate.

    Raises:
        ErasureNotFoundError: there is none with this id that the caller may see.
    """
    context.caller.require(Scope.ADMIN)
    erasure = await context.services.erasures.get(erasure_id)
    if not context.caller.may_see(erasure.tenant_id):
        raise ErasureNotFoundError(erasure_id)
    return erasure


async def slice_erasures(
    context: Context, tenant_id: str, window: Window, *, customer_id: str | None = None
) -> Slice[Erasure]:
    """A stretch of a tenant's erasures, newest first; of one customer, to see whether they were erased.

    Raises:
        InvalidInputError: nobody can have such an id.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    return await context.services.erasures.slice(tenant_id, window, customer_id=customer_id)


async def page_erasures(
    context: Context, tenant_id: str, *, page: int, page_size: int, customer_id: str | None = None
) -> Page[Erasure]:
    """A numbered page of the same."""
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    erasures = context.services.erasures
    return await erasures.page(tenant_id, page=page, page_size=page_size, customer_id=customer_id)


async def count_erasures(context: Context, tenant_id: str, *, customer_id: str | None = None) -> int:
    """How many there are."""
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    return await context.services.erasures.count(tenant_id, customer_id=customer_id)


async def export_customer(context: Context, tenant_id: str, customer_id: str) -> AsyncGenerator[bytes, None]:
    """All that is stored of a customer as the chunks of a file of JSON lines; refused before the first, if at all.

    Raises:
        InvalidInputError: nobody can have such an id.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    digest = await context.services.erasures.digest(tenant_id, customer_id)
    async with aclosing(context.services.customer_exports.stream(tenant_id, customer_id)) as chunks:
        async with acting(context, AuditAction.CUSTOMER_EXPORTED, tenant_id, target=digest):
            first = await anext(chunks)
        yield first
        async for chunk in chunks:
            yield chunk


@asynccontextmanager
async def erasing_here(context: Context) -> AsyncIterator[None]:
    """Let this process erase meanwhile, if it can; another one may do it, the lease decides."""
    eraser = context.services.eraser
    if eraser is None:
        yield
        return
    working = asyncio.create_task(eraser.work())
    try:
        yield
    finally:
        eraser.shut_down()
        await working


def _wake(context: Context) -> None:
    if context.services.eraser is not None:
        context.services.eraser.wake()
