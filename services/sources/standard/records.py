"""The boundary to the external API: what a page and a record must look like, and what happens to those that do not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    create_model,
)

from documents.ticket import SOURCE_FIELDS
from services.kit.clock import truncate
from services.sources.standard.salvage import Unreadable

KNOWN_STATUSES = frozenset(
    [
        "new",
        "open",
        "reopened",
        "pending",
        "in_progress",
        "on_hold",
        "waiting",
        "escalated",
        "resolved",
        "solved",
        "closed",
    ]
)
"""What help desks call the states of a ticket; another word means that the record is damaged."""
MAX_RAW_CHARACTERS = 64 * 1024
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)
"""A ticket may come from a machine whose clock is ahead, but not by more than this."""


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= datetime.now(UTC) + CLOCK_SKEW:
        raise ValueError("the date is absurd")
    return truncate(moment)


def _known(status: str) -> str:
    if status.casefold().replace("-", "_").replace(" ", "_") not in KNOWN_STATUSES:
        raise ValueError("the status is unknown")
    return status


def _text(value: object) -> object:
    """Null is an empty text. NUL, which breaks CSV readers, and lone surrogates, which UTF-8 lacks, go."""
    if value is None:
        return ""
    return value.encode("utf-8", "ignore").decode().replace("\x00", "") if isinstance(value, str) else value


def _encodable(key: str) -> str:
    key.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return key


Key = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_encodable),
]
Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
Subject = Annotated[str, BeforeValidator(_text), StringConstraints(strict=True, max_length=2_000)]
Message = Annotated[str, BeforeValidator(_text), StringConstraints(strict=True, max_length=200_000)]


class _WithRules(BaseModel):
    """The fields that a record cannot be stored without, and those that need a rule of their own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Key
    tenant_id: Key
    source: Key
    customer_id: Key
    subject: Subject
    message: Message
    status: Annotated[Key, AfterValidator(_known)]
    created_at: Moment
    updated_at: Moment


_Further = create_model(  # type: ignore[call-overload]  # mypy takes the fields for options
    "_Further",
    __base__=_WithRules,
    **{name: (Key | None, None) for name in SOURCE_FIELDS if name not in _WithRules.model_fields},
)


class UpstreamTicket(_Further):
    """A record that can be stored: lengths in characters, times aware.

    It has every field of a ticket that comes from the source; those without a rule above are short texts, or absent.
    """


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be stored."""

    position: int
    reason: str
    raw: str
    external_id: str | None
    names_tenant: bool
    """Whether the record says that it is the tenant's."""


@dataclass(slots=True)
class PageRecords:
    """A page's records, sorted by what becomes of them."""

    own: dict[str, UpstreamTicket] = field(default_factory=dict)
    """The tenant's tickets by id, the newest where a page names one twice."""
    duplicates: int = 0
    """How often the page named one of them again."""
    foreign: int = 0
    """Records of other tenants."""
    rejected: list[Rejected] = field(default_factory=list)


_ticket = TypeAdapter(UpstreamTicket)


def sort_records(records: Sequence[Any], tenant_id: str) -> PageRecords:
    """Validate every record and sort it: the tenant's own, another tenant's, or rejected with the reason.

    Records come from `read_json`, whose bound on nesting lets a rejected one be written down.
    """
    page = PageRecords()
    for position, record in enumerate(records):
        named = record.get("tenant_id") if isinstance(record, dict) else None
        if isinstance(named, str) and named and named != tenant_id:
            page.foreign += 1
            continue
        if isinstance(record, Unreadable):
            page.rejected.append(Rejected(position, record.reason, record[:MAX_RAW_CHARACTERS], None, False))
            continue
        try:
            ticket = _ticket.validate_python(record)
        except ValidationError as error:
            page.rejected.append(_rejected(position, record, _reason(error), names_tenant=named == tenant_id))
            continue
        known = page.own.get(ticket.id)
        page.duplicates += known is not None
        if known is None or ticket.updated_at >= known.updated_at:
            page.own[ticket.id] = ticket
    return page


def _rejected(position: int, record: Any, reason: str, *, names_tenant: bool) -> Rejected:
    external_id = record.get("id") if isinstance(record, dict) else None
    return Rejected(
        position=position,
        reason=reason,
        raw=json.dumps(record)[:MAX_RAW_CHARACTERS],
        external_id=external_id[:200].encode("utf-8", "replace").decode() if isinstance(external_id, str) else None,
        names_tenant=names_tenant,
    )


def _reason(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'record'}: {fault['msg']}" for fault in faults)[:500]
