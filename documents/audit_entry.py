"""The audit trail: who did what, and what came of it. Rows are added, and never changed."""

from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.described import DescribedEnum


class AuditAction(DescribedEnum):
    """What somebody did."""

    RUN_STARTED = "run_started", "A run of ingestion was started."
    RUN_CANCELLED = "run_cancelled", "A run was to be stopped."
    BATCH_STORED = "batch_stored", "Tickets of a file were stored."
    TICKET_CORRECTED = "ticket_corrected", "A ticket's classification was corrected."
    CORRECTION_WITHDRAWN = "correction_withdrawn", "A correction was taken back."
    OWN_WORDS_SAVED = "own_words_saved", "A tenant's own words were saved."
    RECLASSIFICATION_REQUESTED = "reclassification_requested", "Stored tickets were to be judged anew."
    CONNECTION_ADDED = "connection_added", "A connection was added."
    CONNECTION_CHANGED = "connection_changed", "A connection was changed, or given other secrets."
    CONNECTION_REMOVED = "connection_removed", "A connection was removed."
    CONNECTION_TRIED = "connection_tried", "The credential of a connection was tried."
    DESTINATION_ADDED = "destination_added", "A destination was added."
    DESTINATION_CHANGED = "destination_changed", "A destination was changed, or its secret rotated."
    DESTINATION_REMOVED = "destination_removed", "A destination was removed."
    DESTINATION_TRIED = "destination_tried", "An example was sent to a destination."
    NOTIFICATIONS_REDRIVEN = "notifications_redriven", "Dead letters were to be sent again."
    CIRCUIT_RESET = "circuit_reset", "A circuit breaker was closed by hand."
    TICKETS_EXPORTED = "tickets_exported", "Tickets were exported to a file."
    CUSTOMER_EXPORTED = "customer_exported", "All that is stored of a customer was exported."
    CUSTOMER_ERASED = "customer_erased", "The erasure of a customer was requested."
    TENANT_ERASED = "tenant_erased", "The erasure of a tenant was requested."
    TENANT_REOPENED = "tenant_reopened", "A tenant that was erased may be used again."
    RETENTION_APPLIED = "retention_applied", "Tickets that are too old were to be erased, as the setting says."
    RETENTION_CHANGED = "retention_changed", "How long tickets are kept was changed."


class AuditOutcome(DescribedEnum):
    """What came of it."""

    UNKNOWN = "unknown", "It was begun; whether it came to its end, nobody has written down."
    DONE = "done", "It was done."
    REFUSED = "refused", "It was refused; `code` says why. Nothing was changed."
    FAILED = "failed", "It failed in an unexpected way; some of it may have been done."


class AuditEntry(Document):
    """That an act is begun, or, in a row of its own, what came of it: the latter's id ends in `:end`.

    No text of a ticket, no secret, and nobody's data but the actor's.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    at: datetime
    expires_at: datetime
    """When MongoDB purges the row; decided when it is written."""
    action: AuditAction | None = None
    """Null of an end."""
    tenant_id: str | None = None
    """Null where it is about what all tenants share, and of an end."""
    actor: str | None = None
    """The subject of the credential; null where access is open, which is so of the command line, too."""
    target: str | None = None
    """The id of what it is about."""
    request_id: str | None = None
    outcome: AuditOutcome | None = None
    """Of an end."""
    code: str | None = None
    """Of a refusal: the error's code."""

    class Settings:
        """Collection and indexes."""

        name = "audit_entries"
        indexes = [
            IndexModel([("tenant_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="tenant_at"),
            IndexModel([("at", DESCENDING), ("_id", DESCENDING)], name="at_begun"),
            IndexModel([("expires_at", ASCENDING)], name="purge_expired", expireAfterSeconds=0),
        ]
