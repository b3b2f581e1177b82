"""Where a tenant's rows are: every collection is named here, with what an erasure does to it.

`tests/unit/services/protection/test_whereabouts.py` demands that: whoever adds a collection decides what becomes of it.
"""

from collections.abc import Mapping

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

TENANT_ROWS: Mapping[type[Document], str] = {
    Connection: "tenant_id",
    Destination: "tenant_id",
    IngestionJob: "tenant_id",
    IngestionLog: "tenant_id",
    Ticket: "tenant_id",
    TicketHistory: "tenant_id",
    Notification: "tenant_id",
    QuarantinedRecord: "tenant_id",
    StagedDetail: "tenant_id",
    Correction: "tenant_id",
    RolledUpTicket: "tenant_id",
    TicketLife: "tenant_id",
    TicketRollup: "tenant_id",
    TenantClassifier: "_id",
    Reclassification: "_id",
    Spike: "tenant_id",
}
"""The collections with rows of tenants, all of which go with the tenant, and the field that names it. What lets us into
other systems goes first."""
OTHERWISE: Mapping[type[Document], str] = {
    Circuit: "of a destination: goes with it",
    TenantLock: "goes at the end of a tenant's erasure: until then it orders what others write",
    RateLimit: "holds a tenant's name for a minute: it is taken out, the slots stay",
    RollupBookmark: "places in change streams; nothing of anybody",
    SchemaVersion: "of the database; nothing of anybody",
    TenantProtection: "keeps the tenant away",
    Erasure: "the certificate",
    ErasedTicket: "digests: they keep tickets of erased customers away, also when the tenant comes back",
    DigestKey: "the key of the digests; nothing of anybody",
    AuditEntry: "the trail stays; it holds nobody's data but the actors'",
}
"""The others, and what becomes of them."""
