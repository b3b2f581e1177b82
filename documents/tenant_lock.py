"""Leases: the one that makes one process at a time the writer of a tenant's tickets, and others like it."""

from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel


class TenantLock(Document):
    """A lease on a resource; whoever reads it must compare `expires_at` with the server's clock."""

    resource_id: str
    """`ingest:{tenant_id}`, or `rollups`."""
    owner_id: str
    """The job that runs under the lease, or whoever else asked for it."""
    holder: str | None
    """The attempt that holds it: two workers may try the same job, only one of them holds the lease. None once it was
    given back."""
    session_id: dict[str, Any] | None = None
    """The session in which the holder writes; none once the lease was given back."""
    predecessor: dict[str, Any] | None = None
    """The session of the holder before, if that one did not give the lease back; its open transaction was ended."""
    acquired_at: datetime
    expires_at: datetime
    fence: int
    """Grows with every change of holder; a write that carries an old fence is refused."""

    class Settings:
        """Collection and indexes."""

        name = "distributed_locks"
        indexes = [IndexModel([("resource_id", ASCENDING)], name="resource", unique=True)]
