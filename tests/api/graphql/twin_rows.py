"""Rows of two tenants, of every kind that a field of the schema can show; whoever adds a field adds what shows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import Document

from documents.audit_entry import AuditEntry
from documents.connection import Connection
from documents.destination import Destination
from documents.erasure import Erasure
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.reclassification import Reclassification
from documents.spike import Spike
from documents.tenant_classifier import TenantClassifier
from documents.tenant_lock import TenantLock
from documents.tenant_protection import TenantProtection
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.classification.judging import version_of
from services.search.terms import search_fields

MINE, THEIRS = "mine", "theirs"
NOW = datetime.now(UTC).replace(microsecond=0)
THEN = NOW - timedelta(hours=2)


def rows(tenant_id: str, count: int) -> dict[type[Document], list[dict[str, Any]]]:
    """A tenant's rows, of every kind that a field can show. Two tenants' have the same ids where ids are a tenant's."""
    job, goal = f"job-of-{tenant_id}", f"destination-of-{tenant_id}"
    its = {"tenant_id": tenant_id}
    told = {"urgency": "high", "reason": tenant_id, "state": "dead", "last_error": tenant_id, "last_status": 500}
    run = {"job_id": job, "error": tenant_id, "started_at": THEN, "ended_at": NOW, "pages": count, "retries": count}
    reason = {**dict.fromkeys(("rule", "keyword", "text"), tenant_id), "field": tenant_id, "start": 0, "end": 1}
    reason |= {"weight": 1.0, "label": tenant_id}
    tried = {"tried": count, "rules_right": count, "learned_right": count}
    learning = {"corrected": count, "trained_at": NOW} | dict.fromkeys(
        ("corrections", "unreadable", "uncorrected", "uncorrected_changed"), count
    )
    words = {"revision": count, "high": [tenant_id], "harmless": [tenant_id]} | {
        "changed_at": NOW,
        "changed_by": tenant_id,
    }
    corrected = {"urgency": "high", "sentiment": "negative", "requires_action": True}
    tickets = [
        its
        | {"external_id": f"t{number}", "customer_id": "c", "source": tenant_id, "status": tenant_id}
        | {"priority": tenant_id, "assignee": tenant_id, "tags": [tenant_id], "replies": tenant_id}
        | {"subject": f"refund {tenant_id}", "message": tenant_id, "urgency": "high", "sentiment": "negative"}
        | {"created_at": THEN + timedelta(seconds=number), "updated_at": NOW, "requires_action": True}
        | {"matched": [reason], "keyword_key": tenant_id}
        | {"language": "en", "judged_by": "rules", "rules_version": tenant_id}
        | {"correction": corrected | {"by": tenant_id, "note": tenant_id, "at": NOW, "machine": corrected}}
        for number in range(count)
    ]
    tickets = [ticket | search_fields(ticket) for ticket in tickets]
    older = [
        tickets[0] | {"external_id": "closed", "status": "closed", "created_at": THEN},
        tickets[0] | {"external_id": "old", "created_at": THEN - timedelta(days=1)},
        tickets[0]
        | {"external_id": "misjudged", "created_at": THEN - timedelta(days=1), "urgency": "low"}
        | {"message": "The server is down for everybody.", "correction": None},
    ]
    closing = {"status": {"old": "open", "new": "closed"}, "subject": {"old": tenant_id, "new": tenant_id}}
    return {
        Ticket: [*tickets, *older],
        TicketHistory: [
            its | {"_id": f"{job}:{each}:{number}", "ticket_id": each, "action": "updated", "job_id": job}
            | {"changes": closing, "recorded_at": NOW, "occurred_at": THEN, "actor": tenant_id}
            for number, each in enumerate(("t0", "closed"))
        ],
        IngestionJob: [
            its | run | {"_id": job, "status": "completed", "queued_at": THEN, "processed_pages": count}
            | {"total_pages": count, "irregularities": [tenant_id], "next_page": None}
            | {"remarks": [tenant_id]},
            its | {"_id": f"active-{job}", "status": "running", "active": True, "queued_at": NOW, "started_at": NOW},
        ],
        IngestionLog: [its | run | {"_id": job, "status": "FAILED", "duration_ms": count}],
        Notification: [
            its | told | {"_id": f"{tenant_id}-{number}", "ticket_id": "t0", "version": str(number), "attempts": count}
            | {"created_at": THEN, "due_at": NOW, "give_up_at": NOW, "attempted_at": NOW, "destination_id": goal}
            | state
            for number, state in enumerate((
                {"spike": {"spike_id": tenant_id}}, {"state": "delivered", "delivered_at": NOW}, {"state": "pending"},
            ))
        ],
        QuarantinedRecord: [
            its | {"_id": f"{job}:1:1", "job_id": job, "job_ids": [job], "page": 1, "position": count}
            | {"external_id": "x", "reason": tenant_id, "raw": tenant_id, "is_attributed": True, "recorded_at": NOW}
            | {"first_seen_at": THEN, "stored_at": NOW}
        ],
        Destination: [
            its | {"_id": goal, "format": "webhook", "sealed_url": "x", "shown_url": tenant_id, "digest_above": count}
            | {"secrets": [{"sealed": "x"}], "created_at": THEN, "updated_at": NOW}
        ],
        Connection: [
            its | {"_id": f"connection-of-{tenant_id}", "source": "standard", "settings": {"base_url": tenant_id}}
            | {"sealed_secrets": {"bearer_token": "x"}, "account": tenant_id, "prefix": tenant_id}
            | {"schedule_minutes": count, "state": "failing", "problem": "forbidden", "problem_detail": tenant_id}
            | {"failures": count, "announce_from": THEN, "created_at": THEN, "updated_at": NOW}
            | dict.fromkeys(("last_run_at", "last_success_at", "next_run_at"), NOW)
        ],
        TenantClassifier: [
            {"_id": tenant_id, "revision": 0, "corrected": count, "corrected_at": NOW, "own_words": words}
            | {"own_words_before": [words]}
            | {"learning": learning | {"labels": [{"label": tenant_id, "is_on": True} | tried]}}
        ],
        Reclassification: [
            {"_id": tenant_id, "version": version_of(0), "state": "done", "announce": False}
            | dict.fromkeys(("total", "done", "changed", "raised", "announced"), count)
            | dict.fromkeys(("started_at", "finished_at"), NOW)
        ],
        Spike: [
            its | {"_id": f"spike-of-{tenant_id}", "started_at": THEN, "until": NOW, "is_over": True}
            | {"detected_at": NOW, "tickets": count, "customers": count, "peak_from": THEN, "peak_customers": count}
            | {"peak_expected": 1.5, "peak_chance": 0.5}
            | {"keywords": [{"keyword": tenant_id, "tickets": count, "usual_share": 0.5}]}
        ],
        AuditEntry: [
            {"_id": f"act-of-{tenant_id}", "at": THEN, "expires_at": NOW + timedelta(days=1), "action": "run_cancelled"}
            | its | dict.fromkeys(("actor", "target", "request_id"), tenant_id),
            {"_id": f"act-of-{tenant_id}:end", "at": NOW, "expires_at": NOW + timedelta(days=1)}
            | {"outcome": "refused", "code": "CONFLICT"},
        ],
        Erasure: [
            its | {"_id": f"erasure-of-{tenant_id}", "scope": "age", "state": "done", "stage": count}
            | {"customer_digest": tenant_id, "requested_by": tenant_id, "closed_only": True, "lifted_by": tenant_id}
            | {"counts": {"tickets": count}}
            | dict.fromkeys(("requested_at", "created_before", "started_at", "finished_at", "lifted_at"), NOW)
        ],
        TenantProtection: [{"_id": tenant_id, "revision": count, "retention_days": 3_000 + count}],
        TenantLock: [
            {"resource_id": f"ingest:{tenant_id}", "owner_id": job, "acquired_at": NOW, "fence": 1}
            | {"expires_at": NOW + timedelta(days=1)}
        ],
    }  # fmt: skip
