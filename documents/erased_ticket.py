"""Tickets that were erased with their customer, as digests: they do not come back under another customer's name."""

from beanie import Document
from pymongo import ASCENDING, IndexModel


class ErasedTicket(Document):
    """One ticket that must not be stored again."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """The digest of tenant and external id."""
    tenant_id: str

    class Settings:
        """Collection and indexes."""

        name = "erased_tickets"
        indexes = [IndexModel([("tenant_id", ASCENDING), ("_id", ASCENDING)], name="tenant_digest")]
