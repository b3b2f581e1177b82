"""What the book keeps of a ticket: the record as it is served, its comments, and every update (audit)."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mock_external_api.zendesk.book.people import iso_seconds
from mock_external_api.zendesk.book.statuses import default_status_id

BRAND_ID, FORM_ID, GROUP_ID, ORDER_FIELD_ID = 8801, 8802, 8803, 8804
HISTORY_FIELDS = ("subject", "status", "custom_status_id", "priority", "tags", "assignee_id", "requester_id")
"""Fields of which the creation is an event of its own."""


class FieldChange(NamedTuple):
    """A ticket's field got a value; `old` is None at the creation. `at` is in seconds since 1970."""

    at: int
    field: str
    old: Any
    new: Any


@dataclass(slots=True)
class DeskComment:
    """One comment; redacting it changes `body` for all who read it later."""

    id: int
    author_id: int
    body: str
    public: bool
    at: int
    channel: str


@dataclass(frozen=True, slots=True)
class DeskAudit:
    """One update: what it changed and the comment that came with it, under ids that follow its own."""

    id: int
    ticket_id: int
    at: int
    author_id: int
    via: dict[str, Any]
    created: bool
    changes: tuple[FieldChange, ...]
    comment: DeskComment | None = None
    redacted_comment_id: int | None = None


@dataclass(slots=True, eq=False)
class DeskTicket:
    """A ticket with all that ever happened to it."""

    record: dict[str, Any]
    comments: list[DeskComment] = field(default_factory=list)
    audits: list[DeskAudit] = field(default_factory=list)
    status_before_deletion: str | None = None
    merged_into: int | None = None

    @property
    def id(self) -> int:
        """The ticket's number."""
        number: int = self.record["id"]
        return number

    @property
    def status(self) -> str:
        """The record's status, `deleted` for a deleted ticket."""
        status: str = self.record["status"]
        return status

    @property
    def editable(self) -> bool:
        """Whether agents may change it: neither closed nor deleted."""
        return self.status not in {"closed", "deleted"}


def via(channel: str, *, rel: str | None = None, **origin: Any) -> dict[str, Any]:
    """Return a via object; `origin` says where it came from, `rel` in which relation."""
    return {"channel": channel, "source": {"from": origin, "to": {}, "rel": rel}}


_USUAL: dict[str, Any] = {
    "assignee_id": None,
    "organization_id": None,
    "group_id": GROUP_ID,
    "collaborator_ids": [],
    "follower_ids": [],
    "email_cc_ids": [],
    "forum_topic_id": None,
    "problem_id": None,
    "has_incidents": False,
    "is_public": True,
    "due_at": None,
    "tags": [],
    "custom_fields": [{"id": ORDER_FIELD_ID, "value": None}],
    "satisfaction_rating": {"score": "unoffered"},
    "sharing_agreement_ids": [],
    "custom_status_id": default_status_id("new"),
    "fields": [{"id": ORDER_FIELD_ID, "value": None}],
    "followup_ids": [],
    "ticket_form_id": FORM_ID,
    "brand_id": BRAND_ID,
    "allow_channelback": False,
    "allow_attachments": True,
    "from_messaging_channel": False,
}
"""The fields of a new ticket that are always the same; lists are replaced when they change, never appended to."""


def new_record(
    number: int, at: int, subdomain: str, subject: str, body: str, requester_id: int, channel: dict[str, Any]
) -> dict[str, Any]:
    """Return the record of a ticket that has just come in, in the order of the API reference."""
    moment = iso_seconds(at)
    return {
        "url": f"https://{subdomain}.zendesk.com/api/v2/tickets/{number}.json",
        "id": number,
        "external_id": None,
        "via": channel,
        "created_at": moment,
        "updated_at": moment,
        "generated_timestamp": at,
        "type": None,
        "subject": subject,
        "raw_subject": subject,
        "description": body,
        "priority": None,
        "status": "new",
        "recipient": None,
        "requester_id": requester_id,
        "submitter_id": requester_id,
        **_USUAL,
    }
