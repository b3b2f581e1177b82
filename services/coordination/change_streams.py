"""What can be followed in the database, whichever process changes it."""

import asyncio

from documents.database import Database, Row
from documents.ingestion_job import IngestionJob
from documents.ticket import COUNTED_FIELDS, Ticket
from services.coordination.feeds import ChangeSignal, Feed
from services.coordination.ticket_edits import TicketEdits, seen_edits, tenant_of_edit
from services.coordination.turns import Turns
from services.kit.clock import Clock

STATISTICS_REST_ON = ("tenant_id", "created_at", "deleted_at", *COUNTED_FIELDS, "tags", "keyword_key", "customer_id")
"""An update of other fields (a run marks every ticket it sees) changes no number."""


class Changes:
    """What can be followed: one change stream each, open while anybody follows.

    Followers need a replica set: a standalone server keeps no record of its changes.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        jobs, tickets = database.collection(IngestionJob), database.collection(Ticket)
        self.jobs = Feed(jobs, [{"$project": {"documentKey": 1}}], _job_of, ChangeSignal, clock)
        """Ingestion jobs, by their id."""
        self.starts = Feed(jobs, _new_rows(), _tenant_of, ChangeSignal, clock)
        """Ingestion jobs that are new, by their tenant."""
        self.tickets = Feed(tickets, _counted_changes(), _tenant_of, ChangeSignal, clock, full_document="updateLookup")
        """Tickets, by their tenant, as far as statistics can change."""
        self.ticket_edits = Feed(
            tickets, seen_edits(), tenant_of_edit, TicketEdits, clock, full_document="updateLookup"
        )
        """Tickets, by their tenant, as far as clients see them."""
        self.turns = Turns(clock)
        """When a follower may read anew; by client."""

    async def close(self) -> None:
        """End every stream."""
        await asyncio.gather(*(feed.close() for feed in (self.jobs, self.starts, self.tickets, self.ticket_edits)))


def counted_edits(*more: str) -> list[Row]:
    """The conditions, one of which an update meets that can change statistics, or removes one of the fields `more`."""
    touched: list[Row] = [
        {f"updateDescription.updatedFields.{field}": {"$exists": True}} for field in STATISTICS_REST_ON
    ]
    return [*touched, *_edits_in_tags(), {"updateDescription.removedFields": {"$in": [*STATISTICS_REST_ON, *more]}}]


def _edits_in_tags() -> list[Row]:
    """The conditions, one of which an update of single tags meets: of a list, only what changes in it is told."""
    updated = {"$objectToArray": {"$ifNull": ["$updateDescription.updatedFields", {}]}}
    is_of_tags = {"$eq": [{"$indexOfBytes": ["$$this.k", "tags."]}, 0]}
    return [
        {"$expr": {"$anyElementTrue": {"$map": {"input": updated, "in": is_of_tags}}}},
        {"updateDescription.truncatedArrays.field": "tags"},
    ]


def _counted_changes() -> list[Row]:
    whole = {"operationType": {"$in": ["insert", "replace", "delete"]}}
    return [
        {"$match": {"$or": [whole, *counted_edits()]}},
        {"$project": {"documentKey": 1, "fullDocument.tenant_id": 1}},
    ]


def _new_rows() -> list[Row]:
    return [{"$match": {"operationType": "insert"}}, {"$project": {"fullDocument.tenant_id": 1}}]


def _job_of(change: Row) -> str | None:
    """A change of the collection as a whole is about no single job."""
    return change["documentKey"]["_id"] if "documentKey" in change else None


def _tenant_of(change: Row) -> str | None:
    """A change of a ticket that is gone by now does not tell its tenant."""
    tenant_id = (change.get("fullDocument") or {}).get("tenant_id")
    return tenant_id if isinstance(tenant_id, str) else None
