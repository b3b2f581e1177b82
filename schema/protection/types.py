"""Erasures and the audit trail as clients see them, and what comes of asking for an erasure."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import strawberry

from documents.audit_entry import AuditAction, AuditOutcome
from documents.audit_entry import AuditEntry as AuditEntryDocument
from documents.erasure import Erasure as ErasureDocument
from documents.erasure import ErasureScope, ErasureState
from schema.ingestion.payloads import Refusal
from services.protection.shields import Retention as TenantRetention


@strawberry.type(description="Rows of one collection.")
class ErasedCount:
    """How much was erased where."""

    collection: str = strawberry.field(description="The collection.")
    count: int = strawberry.field(description="Rows that were removed, or had the customer taken out of them.")


@strawberry.type(description="How far an erasure has come; when it is done, its certificate.")
class Erasure:
    """An erasure at a moment."""

    erasure_id: str = strawberry.field(description="Its id.")
    tenant_id: str = strawberry.field(description="The tenant.")
    scope: ErasureScope = strawberry.field(description="What is erased.")
    customer_digest: str | None = strawberry.field(
        description="What stands for the customer, whose id is not kept; null of a tenant's erasure."
    )
    state: ErasureState = strawberry.field(description="How far it has come.")
    requested_at: datetime = strawberry.field(
        description="When it was asked for. Of a customer, tickets that were created until then never come back."
    )
    requested_by: str | None = strawberry.field(description="The subject of the credential; null where access is open.")
    created_before: datetime | None = strawberry.field(
        description="Of what is too old: tickets that were created before."
    )
    closed_only: bool | None = strawberry.field(description="Of the same: whether only closed and deleted ones.")
    started_at: datetime | None = strawberry.field(description="When a worker began.")
    finished_at: datetime | None = strawberry.field(description="When nothing of it was stored any more.")
    counts: list[ErasedCount] = strawberry.field(description="What was erased, by collection.")
    lifted_at: datetime | None = strawberry.field(description="When the tenant was reopened.")
    lifted_by: str | None = strawberry.field(description="By whom.")


@strawberry.type(description="For how long a tenant's tickets are kept.")
class Retention:
    """A setting."""

    days: int | None = strawberry.field(description="Since their creation; null: for ever.")
    closed_only: bool = strawberry.field(description="Whether open and pending ones are kept whatever their age.")


@strawberry.input(description="For how long a tenant's tickets are to be kept.")
class SetRetentionInput:
    """The input of `setRetention`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    days: int | None = strawberry.field(
        default=None, description="Since a ticket's creation, 30 to 36,500; null: for ever."
    )
    closed_only: bool = strawberry.field(
        default=True, description="Whether open and pending tickets are kept whatever their age."
    )


@strawberry.type(description="What is too old is erased in the background, and does not come in any more.")
class RetentionSaved:
    """It holds from now on."""

    retention: Retention = strawberry.field(description="The setting.")


@strawberry.type(description="Too short, too long, or the tenant was erased; nothing was changed.")
class RetentionRefused(Refusal):
    """It makes no sense."""


SetRetentionResult = Annotated[
    RetentionSaved | RetentionRefused,
    strawberry.union("SetRetentionResult", description="What came of `setRetention`."),
]


@strawberry.type(description="Something that somebody did.")
class AuditEntry:
    """An entry of the audit trail."""

    entry_id: str = strawberry.field(description="Its id.")
    at: datetime = strawberry.field(description="When it was begun.")
    action: AuditAction = strawberry.field(description="What was done.")
    tenant_id: str | None = strawberry.field(description="Null where it is about what all tenants share.")
    actor: str | None = strawberry.field(description="The subject of the credential; null where access is open.")
    target: str | None = strawberry.field(description="The id of what it is about.")
    outcome: AuditOutcome = strawberry.field(description="What came of it.")
    code: str | None = strawberry.field(description="Of a refusal: the error's code.")
    request_id: str | None = strawberry.field(description="The request.")


@strawberry.input(description="Whom to erase.")
class EraseCustomerInput:
    """The input of `eraseCustomer`."""

    tenant_id: str = strawberry.field(description="The tenant.")
    customer_id: str = strawberry.field(description="The customer, as tickets name them.")


@strawberry.input(description="Which tenant to erase.")
class EraseTenantInput:
    """The input of `eraseTenant`."""

    tenant_id: str = strawberry.field(description="The tenant.")


@strawberry.input(description="Which tenant to reopen.")
class ReopenTenantInput:
    """The input of `reopenTenant`."""

    tenant_id: str = strawberry.field(description="The tenant.")


@strawberry.type(description="It was asked for, and cannot be taken back; a worker carries it out.")
class ErasureRequested:
    """An erasure to come."""

    erasure: Erasure = strawberry.field(description="The erasure; ask for it again to see how far it has come.")


@strawberry.type(description="Nobody can have such an id; nothing was erased.")
class ErasureRefused(Refusal):
    """It makes no sense."""


@strawberry.type(description="The tenant can be used again, as if it were new.")
class TenantReopened:
    """It is open."""

    erasure: Erasure = strawberry.field(description="The erasure that does not hold any more.")


@strawberry.type(description="The tenant was not erased, or that is not done yet; nothing was changed.")
class TenantNotErased(Refusal):
    """There is nothing to lift."""

    tenant_id: str = strawberry.field(description="The tenant.")


EraseCustomerResult = Annotated[
    ErasureRequested | ErasureRefused,
    strawberry.union("EraseCustomerResult", description="What came of `eraseCustomer`."),
]
EraseTenantResult = Annotated[
    ErasureRequested, strawberry.union("EraseTenantResult", description="What came of `eraseTenant`.")
]
ReopenTenantResult = Annotated[
    TenantReopened | TenantNotErased,
    strawberry.union("ReopenTenantResult", description="What came of `reopenTenant`."),
]


def to_erasure(stored: ErasureDocument) -> Erasure:
    """The type for a stored erasure."""
    same = ("tenant_id", "scope", "customer_digest", "state", "requested_at", "requested_by", "created_before")
    moments = ("closed_only", "started_at", "finished_at", "lifted_at", "lifted_by")
    counts = [ErasedCount(collection=name, count=count) for name, count in sorted(stored.counts.items())]
    shared = {name: getattr(stored, name) for name in (*same, *moments)}
    return Erasure(erasure_id=stored.id, counts=counts, **shared)


def to_retention(setting: TenantRetention | None) -> Retention:
    """The type for a setting."""
    return Retention(days=None, closed_only=True) if setting is None else Retention(**asdict(setting))


def to_entry(stored: AuditEntryDocument) -> AuditEntry:
    """The type for a stored entry, read with what came of it."""
    same = ("at", "action", "tenant_id", "actor", "target", "outcome", "code", "request_id")
    return AuditEntry(entry_id=stored.id, **{name: getattr(stored, name) for name in same})
