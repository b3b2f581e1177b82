"""What leases are taken on, and how it is with them."""

from dataclasses import dataclass
from datetime import datetime

from documents.sharding import WRITER_LOCK


@dataclass(frozen=True, slots=True)
class LockState:
    """A lease as anybody sees it."""

    tenant_id: str
    locked: bool
    owner_id: str | None = None
    acquired_at: datetime | None = None
    expires_at: datetime | None = None


def ingest_resource(tenant_id: str) -> str:
    """The resource whose lease makes its holder the one writer of a tenant's tickets."""
    return f"{WRITER_LOCK}{tenant_id}"


def tenant_of_resource(resource_id: str) -> str:
    """The tenant whose `ingest_resource` it is."""
    return resource_id.removeprefix(WRITER_LOCK)
