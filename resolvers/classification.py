"""Answers about how a tenant's tickets are classified: its own words, what others would do, and judging anew."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from documents.audit_entry import AuditAction
from documents.tenant_classifier import OwnWordsRevision
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.access import Scope
from services.classification.own.words import OwnWords
from services.judging.preview import ClassificationPreview
from services.judging.progress import ReclassificationProgress


@dataclass(frozen=True, slots=True)
class ClassificationRules:
    """By what a tenant's tickets are judged."""

    tenant_id: str
    words: OwnWordsRevision
    """The words in use; of revision 0 if nobody has saved any."""
    before: list[OwnWordsRevision]
    """Those before, the last ones first."""
    reclassification: ReclassificationProgress


async def get_classification_rules(context: Context, tenant_id: str) -> ClassificationRules:
    """A tenant's own words, those before, and how far its tickets have been judged by them."""
    context.caller.require_tenant(tenant_id)
    words, *before = await context.services.own_words.of(tenant_id)
    return ClassificationRules(tenant_id, words, before, await context.services.reclassifications.progress(tenant_id))


async def preview_classification(context: Context, tenant_id: str, words: OwnWords | None) -> ClassificationPreview:
    """What would become of a tenant's tickets with these words; None: with the present ones. Nothing is written.

    Raises:
        OwnWordsRefusedError: they cannot be used.
        QueryTimeoutError: the database did not finish.
    """
    context.caller.require_tenant(tenant_id)
    return await context.services.own_words.preview(tenant_id, words)


async def preview_whole_tenant(context: Context, tenant_id: str) -> ClassificationPreview:
    """What the present rules would make of all of a tenant's tickets, however long it takes."""
    context.caller.require_tenant(tenant_id)
    return await context.services.own_words.preview_all(tenant_id)


async def save_own_words(
    context: Context, tenant_id: str, words: OwnWords, *, expected_revision: int, announce: bool = False
) -> ClassificationRules:
    """Put these words in place of a tenant's present ones; its tickets are judged by them in the background.

    `announce`: announce the open tickets that become urgent by it; otherwise nobody is told of any.

    Raises:
        OwnWordsRefusedError: they cannot be used, or would make most tickets urgent.
        RevisionConflictError: somebody else has saved others meanwhile.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    services, editor = context.services, context.caller.subject
    async with acting(context, AuditAction.OWN_WORDS_SAVED, tenant_id, needs_open_tenant=True):
        await services.own_words.save(tenant_id, words, expected_revision=expected_revision, editor=editor)
        if announce:
            await services.reclassifications.request(tenant_id, announce=True)
    _wake(context)
    return await get_classification_rules(context, tenant_id)


@asynccontextmanager
async def reclassifying_here(context: Context) -> AsyncIterator[None]:
    """Let this process judge tickets anew meanwhile, if it can; another one may do it, the lease decides."""
    reclassifier = context.services.reclassifier
    if reclassifier is None:
        yield
        return
    working = asyncio.create_task(reclassifier.work())
    try:
        yield
    finally:
        reclassifier.shut_down()
        await working


async def reclassify_tickets(context: Context, tenant_id: str, *, announce: bool = False) -> ReclassificationProgress:
    """Have all of a tenant's tickets looked at, and judged anew where they were by other rules.

    `announce`: announce the open tickets that became urgent by the last change, or become so by this.
    """
    context.caller.require_tenant(tenant_id, Scope.ADMIN)
    async with acting(context, AuditAction.RECLASSIFICATION_REQUESTED, tenant_id, needs_open_tenant=True):
        progress = await context.services.reclassifications.request(tenant_id, announce=announce)
    _wake(context)
    return progress


def _wake(context: Context) -> None:
    if context.services.reclassifier is not None:
        context.services.reclassifier.wake()
