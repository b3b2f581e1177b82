"""Erasures and the audit trail: `python -m gql_app erase ...` and `audit`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from operator import attrgetter
from pathlib import Path

import typer

from documents.database import patiently
from documents.erasure import Erasure, ErasureState
from gql_app.commands.data.contexts import asking, open_context
from gql_app.commands.data.output import print_fields, print_list
from gql_app.commands.data.tickets import opened_output, shown_bytes
from gql_app.commands.runtime import Means
from gql_app.commands.waiting import waiting
from gql_app.rest.answers.protection import AuditAnswer, ErasureAnswer, RetentionAnswer, RetentionPreviewAnswer
from resolvers.context import Context
from resolvers.protection import erasure as resolvers
from resolvers.protection import retention
from resolvers.protection.trail import page_trail
from services.errors import InvalidInputError
from services.kit.background import DATABASE_SECONDS
from services.protection.shields import Retention

_LOOK_SECONDS = 0.2


async def erase_one_customer(means: Means, *, tenant_id: str, customer_id: str, is_sure: bool, as_json: bool) -> int:
    """Erase a customer, and print the certificate.

    Raises:
        InvalidInputError: nobody can have such an id, or nobody has confirmed it.
    """
    _demand_sure(customer_id, is_sure=is_sure)
    async with _erasing(means) as context:
        erasure = await _carried_out(context, await resolvers.erase_customer(context, tenant_id, customer_id))
    print_fields(ErasureAnswer.of(erasure), as_json=as_json)
    return 0


async def erase_whole_tenant(means: Means, *, tenant_id: str, is_sure: bool, as_json: bool) -> int:
    """Erase a tenant, and print the certificate.

    Raises:
        InvalidInputError: nobody has confirmed it.
    """
    _demand_sure(tenant_id, is_sure=is_sure)
    async with _erasing(means) as context:
        erasure = await _carried_out(context, await resolvers.erase_tenant(context, tenant_id))
    print_fields(ErasureAnswer.of(erasure), as_json=as_json)
    return 0


async def reopen_one(means: Means, *, tenant_id: str, as_json: bool) -> int:
    """Reopen a tenant.

    Raises:
        NotErasedError: it was not erased, or that is not done yet.
    """
    async with asking(means) as context:
        erasure = await resolvers.reopen_tenant(context, tenant_id)
    print_fields(ErasureAnswer.of(erasure), as_json=as_json)
    return 0


async def show_erasures(
    means: Means, *, tenant_id: str, customer_id: str | None, limit: int, page: int, as_json: bool
) -> int:
    """Print a stretch of the tenant's erasures."""
    async with asking(means) as context:
        found = await resolvers.page_erasures(context, tenant_id, page=page, page_size=limit, customer_id=customer_id)
    print_list(
        [ErasureAnswer.of(each) for each in found.items],
        {
            "id": attrgetter("id"),
            "scope": lambda each: each.scope.value,
            "state": lambda each: each.state.value,
            "requested_at": attrgetter("requested_at"),
            "finished_at": attrgetter("finished_at"),
            "rows": lambda each: sum(each.counts.values()),
        },
        as_json=as_json,
        nothing="Nobody was erased.",
    )
    return 0


async def show_erasure(means: Means, *, erasure_id: str, as_json: bool) -> int:
    """Print an erasure.

    Raises:
        ErasureNotFoundError: there is none with this id.
    """
    async with asking(means) as context:
        found = await resolvers.get_erasure(context, erasure_id)
    print_fields(ErasureAnswer.of(found), as_json=as_json)
    return 0


async def export_one_customer(means: Means, *, tenant_id: str, customer_id: str, output: Path | None) -> int:
    """Write all that is stored of a customer to a file or to standard output.

    Raises:
        InvalidInputError: nobody can have such an id, or the file cannot be written.
        QueryTimeoutError: the database did not finish.
    """
    async with open_context(means) as context:
        with opened_output(output) as file, shown_bytes(is_apart=output is not None) as shown:
            async with aclosing(resolvers.export_customer(context, tenant_id, customer_id)) as chunks:
                async for chunk in chunks:
                    file.write(chunk)
                    shown(len(chunk))
    return 0


async def show_retention(means: Means, *, tenant_id: str, as_json: bool) -> int:
    """Print for how long a tenant's tickets are kept."""
    async with asking(means) as context:
        found = await retention.get_retention(context, tenant_id)
    print_fields(RetentionAnswer.of(found), as_json=as_json)
    return 0


async def preview_one_retention(means: Means, *, tenant_id: str, days: int, closed_only: bool, as_json: bool) -> int:
    """Print how many stored tickets would go.

    Raises:
        InvalidInputError: that is too short, or too long.
    """
    async with asking(means) as context:
        count = await retention.preview_retention(context, tenant_id, Retention(days, closed_only))
    print_fields(RetentionPreviewAnswer(tickets=count), as_json=as_json)
    return 0


async def set_one_retention(means: Means, *, tenant_id: str, days: int, closed_only: bool, as_json: bool) -> int:
    """Set for how long a tenant's tickets are kept; 0 days: for ever.

    Raises:
        InvalidInputError: that is too short, or too long.
        TenantErasedError: the tenant was erased.
    """
    async with asking(means) as context:
        saved = await retention.set_retention(context, tenant_id, Retention(days, closed_only) if days else None)
    print_fields(RetentionAnswer.of(saved), as_json=as_json)
    return 0


async def show_trail(means: Means, *, tenant_id: str | None, limit: int, page: int, as_json: bool) -> int:
    """Print a stretch of the audit trail."""
    async with asking(means) as context:
        found = await page_trail(context, tenant_id, page=page, page_size=limit)
    print_list(
        [AuditAnswer.model_validate(each) for each in found.items],
        {
            "at": attrgetter("at"),
            "action": lambda each: each.action.value,
            "tenant_id": attrgetter("tenant_id"),
            "actor": attrgetter("actor"),
            "target": attrgetter("target"),
            "outcome": lambda each: each.outcome.value,
        },
        as_json=as_json,
        nothing="Nothing was done yet.",
    )
    return 0


def _demand_sure(name: str, *, is_sure: bool) -> None:
    """Have a person write down who is meant: it cannot be taken back."""
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise InvalidInputError("Nobody is there to be asked; confirm it with --yes.")
    if typer.prompt(f"Everything about {name!r} will be erased for good. Write {name!r} to confirm", err=True) != name:
        raise InvalidInputError("Nothing was erased.")


@asynccontextmanager
async def _erasing(means: Means) -> AsyncIterator[Context]:
    """Erase here before anything is asked for: one that was killed in the middle may have left a transaction open, with
    which the request would conflict, and whoever erases next ends that."""
    with patiently(DATABASE_SECONDS):
        async with open_context(means) as context, resolvers.erasing_here(context):
            yield context


async def _carried_out(context: Context, erasure: Erasure) -> Erasure:
    """Wait for the end; whether this process erases or a service that runs already, the lease decides."""
    with waiting("Erasing"):
        while erasure.state is not ErasureState.DONE:
            await asyncio.sleep(_LOOK_SECONDS)
            erasure = await resolvers.get_erasure(context, erasure.id)
    return erasure
