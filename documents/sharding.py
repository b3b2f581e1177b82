"""How each collection is spread over the shards of a cluster, declared once; on a replica set it means nothing.

A tenant's rows are to be on one shard, all of them: a page is then stored in a transaction of that shard alone, and a
figure that reads several collections at one moment asks that shard alone. So every shard key begins with what names
the tenant, and a zone gives all of a tenant's ranges to the same shards (`documents/cluster.py`). What comes second in
a key lets MongoDB move a large tenant to another shard in pieces.
"""

from dataclasses import dataclass

from beanie import Document

from documents.audit_entry import AuditEntry
from documents.circuit_breaker import Circuit
from documents.connection import Connection
from documents.correction import Correction
from documents.destination import Destination
from documents.digest_key import DigestKey
from documents.erased_ticket import ErasedTicket
from documents.erasure import Erasure
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.rate_limit import RateLimit
from documents.reclassification import Reclassification
from documents.rolled_up_ticket import RolledUpTicket
from documents.rollup_bookmark import RollupBookmark
from documents.schema_version import SchemaVersion
from documents.spike import Spike
from documents.staged_detail import StagedDetail
from documents.tenant_classifier import TenantClassifier
from documents.tenant_lock import TenantLock
from documents.tenant_protection import TenantProtection
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_life import TicketLife
from documents.ticket_rollup import TicketRollup

WRITER_LOCK = "ingest:"
"""What the `resource_id` of the lock has in front of the tenant whose one writer its holder is."""


@dataclass(frozen=True, slots=True)
class ShardKey:
    """A collection that is spread over the shards, tenant by tenant."""

    fields: tuple[str, ...]
    """Ascending; the first one names the tenant."""
    before_tenant: str = ""
    """What stands before the tenant in it."""


@dataclass(frozen=True, slots=True)
class Unsharded:
    """A collection that stays on the database's primary shard."""

    why: str


_BY_TENANT = ShardKey(("tenant_id",))
"""Few rows a tenant, so they need no second field; where it is unique with others, they all begin with the tenant."""
_BY_TICKET = ShardKey(("tenant_id", "ticket_id"))
_BY_ROW = ShardKey(("tenant_id", "_id"))
_OF_TENANT = ShardKey(("_id",))
"""One row a tenant, whose name is its id."""

SHARDING: dict[type[Document], ShardKey | Unsharded] = {
    AuditEntry: Unsharded("small rows about what people do, also to what all tenants share"),
    Circuit: Unsharded("one small row for each destination, which any process looks up by its name"),
    Connection: _BY_TENANT,
    Correction: _BY_TENANT,
    Destination: _BY_TENANT,
    DigestKey: Unsharded("one row"),
    ErasedTicket: _BY_ROW,
    Erasure: Unsharded("one small row for each erasure, which is looked up by its id"),
    IngestionJob: _BY_TENANT,
    IngestionLog: _BY_TENANT,
    Notification: _BY_TICKET,
    QuarantinedRecord: _BY_ROW,
    RateLimit: Unsharded("one row for each budget, which tenants share"),
    Reclassification: _OF_TENANT,
    RolledUpTicket: _BY_ROW,
    RollupBookmark: Unsharded("a row for each keeper, which goes on through the changes of all shards"),
    SchemaVersion: Unsharded("one row, about the database as a whole"),
    Spike: _BY_TENANT,
    StagedDetail: _BY_TICKET,
    TenantClassifier: _OF_TENANT,
    TenantLock: ShardKey(("resource_id",), before_tenant=WRITER_LOCK),
    TenantProtection: _OF_TENANT,
    Ticket: ShardKey(("tenant_id", "external_id")),
    TicketHistory: _BY_TICKET,
    TicketLife: _BY_ROW,
    TicketRollup: _BY_ROW,
}
