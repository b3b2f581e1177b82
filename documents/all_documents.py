"""Every class of stored documents: what has to be bound to a database, and have its indexes there."""

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

ALL_DOCUMENTS: list[type[Document]] = [
    AuditEntry,
    Circuit,
    Connection,
    Correction,
    Destination,
    DigestKey,
    ErasedTicket,
    Erasure,
    IngestionJob,
    IngestionLog,
    Notification,
    QuarantinedRecord,
    RateLimit,
    Reclassification,
    RolledUpTicket,
    RollupBookmark,
    SchemaVersion,
    Spike,
    StagedDetail,
    TenantClassifier,
    TenantLock,
    TenantProtection,
    Ticket,
    TicketHistory,
    TicketLife,
    TicketRollup,
]
