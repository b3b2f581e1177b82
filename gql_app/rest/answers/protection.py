"""What is answered about erasures and the audit trail."""

from datetime import datetime
from typing import Self

from documents.audit_entry import AuditAction, AuditEntry, AuditOutcome
from documents.erasure import Erasure, ErasureScope, ErasureState
from gql_app.rest.answers.base import Answer, NumberedPage, place_of
from services.lists.numbered import Page
from services.protection.shields import Retention


class ErasureAnswer(Answer):
    """How far an erasure has come; when it is done, its certificate."""

    id: str
    tenant_id: str
    scope: ErasureScope
    customer_digest: str | None
    """What stands for the customer; their id is not kept. Null of a tenant's erasure."""
    state: ErasureState
    requested_at: datetime
    """Of a customer, tickets that were created until then never come back."""
    requested_by: str | None
    """The subject of the credential; null where access is open, and of what is too old."""
    created_before: datetime | None
    """Of what is too old: tickets that were created before."""
    closed_only: bool | None
    """Of the same: whether only closed and deleted ones."""
    started_at: datetime | None
    finished_at: datetime | None
    counts: dict[str, int]
    """By collection, how many rows were removed, or had the customer taken out of them."""
    lifted_at: datetime | None
    """When the tenant was reopened."""
    lifted_by: str | None

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        """The answer for an erasure."""
        return cls.model_validate(erasure)


class ErasurePage(NumberedPage):
    """A page of erasures, newest first."""

    erasures: list[ErasureAnswer]

    @classmethod
    def of(cls, page: Page[Erasure]) -> Self:
        """The answer for a page."""
        return cls(erasures=[ErasureAnswer.of(each) for each in page.items], **place_of(page))


class RetentionAnswer(Answer):
    """For how long a tenant's tickets are kept."""

    days: int | None
    """Since their creation; null: for ever."""
    closed_only: bool
    """Whether open and pending ones are kept whatever their age."""

    @classmethod
    def of(cls, retention: Retention | None) -> Self:
        """The answer for a setting."""
        return cls(days=None, closed_only=True) if retention is None else cls.model_validate(retention)


class RetentionPreviewAnswer(Answer):
    """What a setting would do now."""

    tickets: int
    """Stored tickets that would be erased."""


class AuditAnswer(Answer):
    """Something that somebody did."""

    id: str
    at: datetime
    action: AuditAction
    tenant_id: str | None
    """Null where it is about what all tenants share."""
    actor: str | None
    """The subject of the credential; null where access is open."""
    target: str | None
    """The id of what it is about."""
    outcome: AuditOutcome
    code: str | None
    """Of a refusal: the error's code."""
    request_id: str | None


class AuditPage(NumberedPage):
    """A page of the audit trail, newest first."""

    entries: list[AuditAnswer]

    @classmethod
    def of(cls, page: Page[AuditEntry]) -> Self:
        """The answer for a page."""
        return cls(entries=[AuditAnswer.model_validate(each) for each in page.items], **place_of(page))
