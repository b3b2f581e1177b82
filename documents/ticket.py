"""A support ticket as we keep it: the upstream's fields, our classification of them, and our bookkeeping."""

from datetime import datetime
from enum import StrEnum

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

RETIRED_INDEXES = ("tenant_created", "tenant_at_risk", "tenant_deleted", "tenant_risk", "tenant_customer")
"""What earlier versions of this module declared under other keys; each costs every write."""


class Urgency(StrEnum):
    """How soon somebody has to look at a ticket."""

    HIGH = "high"
    """Legal threat, money dispute, privacy or security, outage or data loss, or said to be urgent."""
    MEDIUM = "medium"
    """One user is blocked or annoyed, or wants to leave."""
    LOW = "low"
    """Everything else: questions, ideas, thanks."""


class Sentiment(StrEnum):
    """The mood a ticket was written in."""

    NEGATIVE = "negative"
    """Anger, complaint, threat, or a report that something does not work."""
    NEUTRAL = "neutral"
    """Neither."""
    POSITIVE = "positive"
    """Praise or thanks, with nothing negative beside it."""


class MatchedRule(BaseModel):
    """One reason for a classification."""

    rule: str
    """Name of the rule that fired, for instance `money_dispute`."""
    keyword: str
    """The rule's term in its plain form, for instance `refund`; what keyword statistics count."""
    text: str
    """The words of the ticket that matched, normalised."""


class Ticket(Document):
    """One ticket of one tenant.

    Only the keys are required: programs of our users write tickets straight into this collection, and a
    field they leave out must not make a ticket unreadable.
    """

    tenant_id: str
    external_id: str
    """The upstream's id; unique within a tenant."""
    source: str | None = None
    customer_id: str | None = None
    subject: str = ""
    message: str = ""
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    """The newest `updated_at` that upstream has shown; it never moves backwards."""

    urgency: Urgency | None = None
    sentiment: Sentiment | None = None
    requires_action: bool = False
    matched: list[MatchedRule] = []
    keyword_key: str = ""
    """The distinct topical keywords of `matched`, sorted and joined by `|`: a scalar, so that an index can cover it."""

    deleted_at: datetime | None = None
    """When we learned that upstream deleted the ticket; absent on live tickets."""
    seen_by_job: str | None = None
    """The last run that saw the ticket upstream; what a complete run has not seen is gone."""
    first_ingested_at: datetime | None = None
    rolled_up: bool = False
    """Whether the rollups count this ticket; statistics count the others one by one. Set by us alone: other programs
    need not know of it."""

    class Settings:
        """Collection and indexes."""

        name = "tickets"
        indexes = [
            IndexModel([("tenant_id", ASCENDING), ("external_id", ASCENDING)], name="tenant_ticket", unique=True),
            # Lists, and their filters.
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("created_at", DESCENDING),
                    ("_id", DESCENDING),
                    ("deleted_at", ASCENDING),
                    ("status", ASCENDING),
                    ("urgency", ASCENDING),
                    ("sentiment", ASCENDING),
                    ("source", ASCENDING),
                ],
                name="tenant_newest",
            ),
            # What statistics count one by one, without a fetch: the tickets that are not rolled up, and those of a day
            # that a period cuts. Soft-deleted ones are stepped over.
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("rolled_up", ASCENDING),
                    ("deleted_at", ASCENDING),
                    ("created_at", ASCENDING),
                    ("status", ASCENDING),
                    ("urgency", ASCENDING),
                    ("sentiment", ASCENDING),
                    ("source", ASCENDING),
                    ("keyword_key", ASCENDING),
                ],
                name="tenant_counted",
            ),
            # Customers at risk, without a fetch.
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("rolled_up", ASCENDING),
                    ("urgency", ASCENDING),
                    ("deleted_at", ASCENDING),
                    ("status", ASCENDING),
                    ("customer_id", ASCENDING),
                    ("created_at", ASCENDING),
                    ("external_id", ASCENDING),
                ],
                name="tenant_high_urgency",
                partialFilterExpression={"urgency": "high"},
            ),
            # A customer's tickets (the first four keys), and counts by customer without a fetch.
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("customer_id", ASCENDING),
                    ("created_at", DESCENDING),
                    ("_id", DESCENDING),
                    ("deleted_at", ASCENDING),
                    ("status", ASCENDING),
                    ("urgency", ASCENDING),
                    ("sentiment", ASCENDING),
                ],
                name="tenant_customer_created",
            ),
            # `language_override` names a field that no ticket has: a foreign `language` field must not decide
            # how (or whether) a ticket can be stored.
            IndexModel(
                [("tenant_id", ASCENDING), ("subject", TEXT), ("message", TEXT)],
                name="tenant_text",
                default_language="english",
                language_override="text_search_language",
            ),
        ]
