"""What leases are taken on."""

from documents.sharding import WRITER_LOCK


def ingest_resource(tenant_id: str) -> str:
    """The resource whose lease makes its holder the one writer of a tenant's tickets."""
    return f"{WRITER_LOCK}{tenant_id}"


def tenant_of_resource(resource_id: str) -> str:
    """The tenant whose `ingest_resource` it is."""
    return resource_id.removeprefix(WRITER_LOCK)
