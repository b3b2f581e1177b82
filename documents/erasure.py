"""Erasures: who asked for one, how far it has come, and what it took; the certificate, once it is done."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.described import DescribedEnum


class ErasureScope(DescribedEnum):
    """What is erased."""

    CUSTOMER = "customer", "One customer of a tenant, with all that is stored about them."
    TENANT = "tenant", "A tenant, with all that is stored for it."
    AGE = "age", "A tenant's tickets that are older than it keeps them."


class ErasureState(DescribedEnum):
    """How far an erasure has come."""

    PENDING = "pending", "A worker has still to begin. What is to be erased does not come in any more."
    RUNNING = "running", "It is on its way."
    DONE = "done", "Nothing of it is stored any more."


class Erasure(Document):
    """One erasure. The row stays when it is done: it answers whether somebody was erased, and keeps them away.

    It then holds no personal data beside who asked for it: of the customer a digest is left.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    scope: ErasureScope
    customer_digest: str | None = None
    """Of the customer's id, as `services/protection/digests.py` makes it; null of a tenant's erasure."""
    customer_id: str | None = None
    """The customer, until it is done."""
    requested_at: datetime
    """Of a customer, tickets that were created until then never come back."""
    requested_by: str | None = None
    """The subject of the credential; null where access is open, and of what is too old."""
    created_before: datetime | None = None
    """Of what is too old: tickets that were created before."""
    closed_only: bool | None = None
    """Of the same: whether only closed ones, and deleted ones."""
    state: ErasureState = ErasureState.PENDING
    stage: int = 0
    """How many of its stages are done (`services/protection/eraser.py`)."""
    counts: dict[str, int] = {}
    """By collection, how many rows were removed, or had the customer taken out of them."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    lifted_at: datetime | None = None
    """When the tenant was reopened; null of a customer's erasure, which is for good."""
    lifted_by: str | None = None

    class Settings:
        """Collection and indexes."""

        name = "erasures"
        indexes = [
            IndexModel(
                [("tenant_id", ASCENDING), ("customer_digest", ASCENDING), ("requested_at", DESCENDING)],
                name="tenant_customer",
            ),
            IndexModel(
                [("tenant_id", ASCENDING), ("requested_at", DESCENDING), ("_id", DESCENDING)], name="tenant_requested"
            ),
            IndexModel([("state", ASCENDING), ("requested_at", ASCENDING)], name="state_requested"),
        ]
