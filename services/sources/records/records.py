"""The boundary to the external API: what a page and a record must look like, and what happens to those that do not.

Only what a ticket cannot exist without is demanded: an id and a time of creation. Everything else may be missing, null
or of another type than the contract says. What cannot be read as the field that it should be is kept in `extra`.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)

from documents.ticket import SOURCE_FIELDS
from services.kit.words import word_of
from services.sources.records.extra import bounded
from services.sources.records.fields import (
    LONGEST_MESSAGE,
    LONGEST_REPLIES,
    LONGEST_SUBJECT,
    key_of,
    moment_of,
    status_of,
    tags_of,
    text_of,
)
from services.sources.records.json_text import Unreadable

MAX_RAW_CHARACTERS = 64 * 1024
_DEMANDED = ("id", "created_at")
_RULES: dict[str, Callable[[object], Any]] = {
    "subject": lambda value: text_of(value, LONGEST_SUBJECT),
    "message": lambda value: text_of(value, LONGEST_MESSAGE),
    "replies": lambda value: text_of(value, LONGEST_REPLIES) or None,
    "status": status_of,
    "priority": status_of,
}
_FURTHER = {name: _RULES.get(name, word_of) for name in SOURCE_FIELDS if name not in (*_DEMANDED, "tags", "extra")}
"""How the fields are read that may be missing; those without a rule of their own are names of something."""
_CONTRACT = frozenset([*_DEMANDED, *_FURTHER, "tags", "tenant_id", "updated_at"])


def _read_already(moment: object) -> datetime:
    return moment if isinstance(moment, datetime) else moment_of(moment)


class _WithRules(BaseModel):
    """The fields that need a rule of their own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Annotated[str, BeforeValidator(key_of)]
    source: str | None = None
    customer_id: str | None = None
    subject: str = ""
    message: str = ""
    replies: str | None = None
    """None, as of `tags`, where there are none: so a ticket that was stored before there were any is unchanged."""
    status: str | None = None
    tags: list[str] | None = None
    created_at: Annotated[datetime, BeforeValidator(moment_of)]
    updated_at: Annotated[datetime, BeforeValidator(_read_already)]
    """Of a record that does not tell, `created_at`."""
    is_dated: bool
    """Whether the record tells its `updated_at`."""
    extra: dict[str, Any] | None = None
    """As it is stored (`services/kit/stored_json.py`)."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, record: object) -> object:
        return _values(record) if isinstance(record, dict) else record


_Further = create_model(  # type: ignore[call-overload]  # mypy takes the fields for options
    "_Further",
    __base__=_WithRules,
    **{name: (str | None, None) for name in _FURTHER if name not in _WithRules.model_fields},
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
    """In words of ours: it quotes nothing of the record."""
    raw: str
    external_id: str | None
    identity: str
    """By what it is the same record in the next run: its id, else what it says."""
    is_attributed: bool
    """Whether it is the tenant's, as far as anybody can tell; else its text may be another's."""


@dataclass(slots=True)
class PageRecords:
    """A page's records, sorted by what becomes of them."""

    own: dict[str, UpstreamTicket] = field(default_factory=dict)
    """The tenant's tickets by id, the newest where a page names one twice."""
    gone: dict[str, datetime] = field(default_factory=dict)
    """When tickets were deleted that the page names as deleted, by id."""
    duplicates: int = 0
    """How often the page named one of them again."""
    foreign: int = 0
    """Records of other tenants."""
    rejected: list[Rejected] = field(default_factory=list)
    mixes_tenants: bool = False
    """Whether there is, or was before, a record that is not the tenant's."""


class _Claim(Enum):
    """Whose a record says that it is."""

    OWN = auto()
    FOREIGN = auto()
    SILENT = auto()
    """It does not say; where tenants are mixed it may be anybody's."""
    ODD = auto()
    """It says so in a way that we cannot read: it may be anybody's."""
    BROKEN = auto()
    """It is no object, and cannot say: it may be anybody's, but is no sign that tenants are mixed."""


_ticket = TypeAdapter(UpstreamTicket)


def sort_records(records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
    """Validate every record and sort it: the tenant's own, another tenant's, or rejected with the reason.

    Records come from `read_json`, whose bound on nesting lets a rejected one be written down. `mixes_tenants`: the
    same list has shown other tenants' records before, so that one which names no tenant is not taken for this one's.
    """
    claims = [_claim(record, tenant_id) for record in records]
    page = PageRecords(mixes_tenants=mixes_tenants or not {_Claim.FOREIGN, _Claim.ODD}.isdisjoint(claims))
    for position, (record, claim) in enumerate(zip(records, claims, strict=True)):
        if claim is _Claim.FOREIGN:
            page.foreign += 1
            continue
        is_own = claim is _Claim.OWN or (claim is _Claim.SILENT and not page.mixes_tenants)
        ticket = _readable(record) if is_own or claim is _Claim.BROKEN else "tenant_id: does not tell whose it is"
        if isinstance(ticket, str):
            page.rejected.append(_rejected(position, record, ticket, is_attributed=is_own))
            continue
        known = page.own.get(ticket.id)
        page.duplicates += known is not None
        if known is None or ticket.updated_at >= known.updated_at:
            page.own[ticket.id] = ticket
    return page


def _claim(record: Any, tenant_id: str) -> _Claim:
    if not isinstance(record, dict):
        return _Claim.BROKEN
    named = record.get("tenant_id")
    if named == tenant_id:
        return _Claim.OWN
    try:
        name = word_of(named)
    except ValueError:
        return _Claim.ODD
    if name is None:
        return _Claim.SILENT
    return _Claim.OWN if name == tenant_id and not isinstance(named, str) else _Claim.FOREIGN


def _values(record: dict[str, Any]) -> dict[str, Any]:
    """The fields of a ticket that a record tells, each of which is readable but for those that are demanded."""
    values: dict[str, Any] = {name: record.get(name) for name in _DEMANDED}
    unknown = {name: value for name, value in record.items() if name not in _CONTRACT}
    for name, read in _FURTHER.items():
        try:
            values[name] = read(record.get(name))
        except ValueError:
            unknown[name] = record[name]
    if record.get("tags") is not None:
        tags, rest = tags_of(record["tags"])
        values["tags"] = tags or None
        if rest:
            unknown["tags"] = record["tags"] if rest == [record["tags"]] else rest
    updated_at = record.get("updated_at")
    try:
        values |= {"updated_at": moment_of(updated_at), "is_dated": True}
    except ValueError:
        values |= {"updated_at": values["created_at"], "is_dated": False}
        if updated_at is not None:
            unknown["updated_at"] = updated_at
    return values | {"extra": bounded(unknown)}


def _readable(record: Any) -> UpstreamTicket | str:
    """The ticket, or why the record is none."""
    if not isinstance(record, dict):
        return record.reason if isinstance(record, Unreadable) else "record: is no object"
    try:
        return _ticket.validate_python(record)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        told = {str(fault["loc"][0]): fault["msg"].removeprefix("Value error, ") for fault in faults}
        return "; ".join(f"{name}: {what}" for name, what in told.items() if name in _DEMANDED)


def _rejected(position: int, record: Any, reason: str, *, is_attributed: bool) -> Rejected:
    try:
        external_id = key_of(record.get("id")) if isinstance(record, dict) else None
    except ValueError:
        external_id = None
    raw = record if isinstance(record, Unreadable) else json.dumps(record)
    identity = external_id or _fingerprint(record)
    return Rejected(position, reason, raw[:MAX_RAW_CHARACTERS], external_id, identity, is_attributed)


def _fingerprint(record: Any) -> str:
    """Of what a record says, but for its `updated_at`, which upstream may draw anew for each answer."""
    said = (
        {name: value for name, value in record.items() if name != "updated_at"} if isinstance(record, dict) else record
    )
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()
