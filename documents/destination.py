"""Where a tenant wants its urgent tickets announced. Secrets, and addresses that are secrets, are stored sealed."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from documents.vocabulary import DestinationFormat

__all__ = ["Destination", "DestinationFormat", "SealedSecret"]


class SealedSecret(BaseModel):
    """A signing secret, sealed."""

    sealed: str
    valid_until: datetime | None = None
    """When it stops being used, after another has taken its place; null for the present one."""


class Destination(Document):
    """One address of one tenant; its id is also the name of its circuit breaker."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    format: DestinationFormat
    sealed_url: str
    shown_url: str
    """The address as people may see it: without what lets others use it."""
    secrets: list[SealedSecret] = []
    """What requests are signed with, the present secret first."""
    digest_above: int | None = None
    """More alerts than that within a minute are sent together; null: each by itself."""
    spikes: bool = True
    """Whether it is told of spikes, too, as far as its format knows any."""
    is_paused: bool = False
    created_at: datetime
    updated_at: datetime

    class Settings:
        """Collection and indexes."""

        name = "destinations"
        indexes = [
            IndexModel([("tenant_id", ASCENDING), ("created_at", ASCENDING), ("_id", ASCENDING)], name="tenant_created")
        ]
