"""GraphQL fields about erasures and the audit trail."""

from typing import Annotated

import strawberry

from documents.audit_entry import AuditEntry as AuditEntryDocument
from documents.erasure import Erasure as ErasureDocument
from resolvers.protection import erasure as resolvers
from resolvers.protection import retention
from resolvers.protection.trail import count_trail, slice_trail
from schema.base.arguments import TenantId
from schema.base.connections import After, Before, Connection, First, Last, Pager
from schema.base.cost import CONNECTION, Cost
from schema.base.info import Info
from schema.protection.types import (
    AuditEntry,
    EraseCustomerInput,
    EraseCustomerResult,
    EraseTenantInput,
    EraseTenantResult,
    Erasure,
    ErasureRefused,
    ErasureRequested,
    ReopenTenantInput,
    ReopenTenantResult,
    Retention,
    RetentionRefused,
    RetentionSaved,
    SetRetentionInput,
    SetRetentionResult,
    TenantNotErased,
    TenantReopened,
    to_entry,
    to_erasure,
    to_retention,
)
from services.errors import InvalidInputError
from services.lists.cursors import Cursor
from services.protection.erasures import NotErasedError
from services.protection.shields import Retention as TenantRetention
from services.protection.shields import TenantErasedError

ErasureId = Annotated[str, strawberry.argument(name="erasureId", description="The erasure's id.")]
OfCustomer = Annotated[
    str | None, strawberry.argument(description="Only those of this customer: whether they were erased.")
]
CustomerToErase = Annotated[EraseCustomerInput, strawberry.argument(description="Whom to erase.")]
TenantToErase = Annotated[EraseTenantInput, strawberry.argument(description="Which tenant to erase.")]
RetentionDays = Annotated[int, strawberry.argument(description="Since a ticket's creation: 30 to 36,500.")]
ClosedOnly = Annotated[
    bool, strawberry.argument(description="Whether open and pending tickets are kept whatever their age.")
]
RetentionToSet = Annotated[SetRetentionInput, strawberry.argument(description="For how long.")]
TenantToReopen = Annotated[ReopenTenantInput, strawberry.argument(description="Which tenant to reopen.")]


@strawberry.type
class ProtectionQueries:
    """The root fields about erasures and the audit trail."""

    @strawberry.field(
        description="One erasure, also long after it is done; null with the error NOT_FOUND if there is none. Needs "
        "the scope `admin`."
    )
    async def erasure(self, info: Info, erasure_id: ErasureId) -> Erasure | None:
        """The erasure."""
        return to_erasure(await resolvers.get_erasure(info.context, erasure_id))

    @strawberry.field(
        description="A tenant's erasures, newest first; needs the scope `admin`.", directives=[CONNECTION]
    )
    async def erasures(
        self,
        info: Info,
        tenant_id: TenantId,
        customer_id: OfCustomer = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Erasure] | None:
        """A page of erasures."""
        pager: Pager[ErasureDocument] = Pager(
            info, f"Erasure:{tenant_id}:{customer_id}", place=lambda row: Cursor(row.requested_at, row.id)
        )
        window = pager.window(first, last, after, before)
        found = await resolvers.slice_erasures(info.context, tenant_id, window, customer_id=customer_id)
        return pager.connection(
            found,
            window,
            to_erasure,
            lambda: resolvers.count_erasures(info.context, tenant_id, customer_id=customer_id),
        )

    @strawberry.field(description="For how long a tenant's tickets are kept; needs the scope `admin`.")
    async def retention(self, info: Info, tenant_id: TenantId) -> Retention | None:
        """The setting."""
        return to_retention(await retention.get_retention(info.context, tenant_id))

    @strawberry.field(
        description="How many stored tickets a retention would erase now; nothing is changed. Needs the scope `admin`.",
        directives=[Cost(weight=100)],
    )
    async def retention_preview(
        self, info: Info, tenant_id: TenantId, days: RetentionDays, closed_only: ClosedOnly = True
    ) -> int | None:
        """The count."""
        return await retention.preview_retention(info.context, tenant_id, TenantRetention(days, closed_only))

    @strawberry.field(
        description="Who did what to a tenant's data and settings, and what came of it, newest first; needs the scope "
        "`admin`.",
        directives=[CONNECTION],
    )
    async def audit_trail(
        self,
        info: Info,
        tenant_id: TenantId,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEntry] | None:
        """A page of the trail."""
        pager: Pager[AuditEntryDocument] = Pager(
            info, f"AuditEntry:{tenant_id}", place=lambda row: Cursor(row.at, row.id)
        )
        window = pager.window(first, last, after, before)
        found = await slice_trail(info.context, tenant_id, window)
        return pager.connection(found, window, to_entry, lambda: count_trail(info.context, tenant_id))


@strawberry.type
class ProtectionMutations:
    """The root fields that erase."""

    @strawberry.mutation(
        description="Sets for how long a tenant's tickets are kept. What is too old is erased in the background, every "
        "day, and does not come in any more. Needs the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def set_retention(self, info: Info, input: RetentionToSet) -> SetRetentionResult:
        """Change the setting."""
        wanted = None if input.days is None else TenantRetention(input.days, input.closed_only)
        try:
            saved = await retention.set_retention(info.context, input.tenant_id, wanted)
        except (InvalidInputError, TenantErasedError) as error:
            return RetentionRefused(message=str(error))
        return RetentionSaved(retention=to_retention(saved))

    @strawberry.mutation(
        description="Erases a customer: everything that is stored about them, in the background; it cannot be taken "
        "back. Nothing of theirs that was created until now ever comes in again. Needs the scope `admin`.",
        directives=[Cost(weight=100)],
    )
    async def erase_customer(self, info: Info, input: CustomerToErase) -> EraseCustomerResult:
        """Erase a customer."""
        try:
            erasure = await resolvers.erase_customer(info.context, input.tenant_id, input.customer_id)
        except InvalidInputError as error:
            return ErasureRefused(message=str(error))
        return ErasureRequested(erasure=to_erasure(erasure))

    @strawberry.mutation(
        description="Erases a tenant: its runs end, and everything that is stored for it goes; it cannot be taken "
        "back. Nothing is stored for it until it is reopened. Needs the scope `admin`.",
        directives=[Cost(weight=100)],
    )
    async def erase_tenant(self, info: Info, input: TenantToErase) -> EraseTenantResult:
        """Erase a tenant."""
        return ErasureRequested(erasure=to_erasure(await resolvers.erase_tenant(info.context, input.tenant_id)))

    @strawberry.mutation(
        description="Lets a tenant that was erased be used again, as if it were new; customers of it that were erased "
        "stay so. Needs the scope `admin`.",
        directives=[Cost(weight=50)],
    )
    async def reopen_tenant(self, info: Info, input: TenantToReopen) -> ReopenTenantResult:
        """Reopen a tenant."""
        try:
            erasure = await resolvers.reopen_tenant(info.context, input.tenant_id)
        except NotErasedError as error:
            return TenantNotErased(message=str(error), tenant_id=input.tenant_id)
        return TenantReopened(erasure=to_erasure(erasure))
