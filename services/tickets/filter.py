"""What can be asked of a list of tickets, and the query for it."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from documents.search_indexes import SEARCH_INDEX
from documents.ticket import CUSTOMER_INDEX, NEWEST_INDEX, Sentiment, StatusCategory, Urgency
from services.errors import InvalidInputError
from services.search.query import parse_search
from services.statuses import in_category, spellings_of
from services.tenancy import Filter, live
from services.tickets.counts import is_countable

PLAUSIBLE_YEARS = range(1970, 2200)
"""Dates outside are typing errors; some of them cannot even be converted to UTC."""


_EQUAL = {"is_equality": True}
"""Of a condition that demands exactly this value of the ticket's field of the same name."""


def _told(description: str) -> dict[str, object]:
    return {"description": description, "is_equality": False}


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Conditions on a tenant's tickets; None does not restrict. REST and GraphQL take what is declared here."""

    status: str | None = field(default=None, metadata=_told("Exactly this status, or the same in lower case.") | _EQUAL)
    status_category: StatusCategory | None = field(
        default=None, metadata=_told("A status that means this: open, pending, closed.") | _EQUAL
    )
    urgency: Urgency | None = field(default=None, metadata=_told("This urgency.") | _EQUAL)
    sentiment: Sentiment | None = field(default=None, metadata=_told("This sentiment.") | _EQUAL)
    source: str | None = field(default=None, metadata=_told("Exactly this source.") | _EQUAL)
    requires_action: bool | None = field(default=None, metadata=_told("Whether action is required.") | _EQUAL)
    customer_id: str | None = field(default=None, metadata=_told("Written by this customer.") | _EQUAL)
    q: str | None = field(
        default=None, metadata=_told("Words that all occur in the subject or the message; at most 200 characters.")
    )
    created_from: datetime | None = field(default=None, metadata=_told("Created at or after this moment."))
    created_to: datetime | None = field(default=None, metadata=_told("Created before this moment."))

    @property
    def equal(self) -> dict[str, Any]:
        """The stored fields that must have a certain value, with it or the condition for it."""
        equal = {name: value for name in _EQUALITIES if (value := getattr(self, name)) is not None}
        statuses = [equal.pop(name) for name in ("status", "status_category") if name in equal]
        match [_on_status(wanted) for wanted in statuses]:
            case []:
                return equal
            case [condition]:
                return equal | {"status": condition}
            case conditions:
                return equal | {"$and": [{"status": condition} for condition in conditions]}

    @property
    def index(self) -> str:
        """The index along which the list is walked. Left to itself, the planner tries plans that sort all tickets for
        every deep page."""
        if self.q is not None:
            return SEARCH_INDEX
        return CUSTOMER_INDEX if self.customer_id else NEWEST_INDEX

    @property
    def is_countable(self) -> bool:
        """Whether the rollups know how many tickets match."""
        return self.q is None and self.created_from is None and self.created_to is None and is_countable(self.equal)


CONDITIONS = {each.name: str(each.metadata["description"]) for each in fields(TicketFilter)}
"""Every condition with what clients are told of it."""
_EQUALITIES = tuple(each.name for each in fields(TicketFilter) if each.metadata["is_equality"])


def condition(tenant_id: str, wanted: TicketFilter) -> Filter:
    """The query for a filter: typed values only, never an operator that a client made.

    Whoever runs it lets `led_by_rarest` look at it first.

    Raises:
        InvalidInputError: a date, a text or the search makes no sense.
    """
    equal = wanted.equal
    if not all(_is_storable(value) for name in _EQUALITIES if isinstance(value := getattr(wanted, name), str)):
        raise InvalidInputError("A filter holds text that is not Unicode.")
    created = created_between(wanted.created_from, wanted.created_to)
    search = {} if wanted.q is None else {"search_terms": {"$all": parse_search(wanted.q).terms}}
    return live(tenant_id, **equal, **created, **search)


def _on_status(wanted: str) -> Any:
    if isinstance(wanted, StatusCategory):
        return in_category(wanted)
    spellings = spellings_of(wanted)
    return spellings[0] if len(spellings) == 1 else {"$in": spellings}


def _is_storable(text: str) -> bool:
    """JSON can smuggle in halves of characters, which no UTF-8 has."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def created_between(start: datetime | None, end: datetime | None) -> Filter:
    """The condition on `created_at`: from `start` (inclusive) to `end` (exclusive).

    Raises:
        InvalidInputError: a date is naive or absurd, or the two are reversed.
    """
    for moment in (start, end):
        if moment is not None and moment.tzinfo is None:
            raise InvalidInputError("Dates need a time zone, for instance 2026-02-05T13:00:00Z.")
        if moment is not None and moment.year not in PLAUSIBLE_YEARS:
            raise InvalidInputError("Dates must lie between the years 1970 and 2199.")
    if start is not None and end is not None and start > end:
        raise InvalidInputError("The end of the period lies before its start.")
    bounds = {operator: moment for operator, moment in (("$gte", start), ("$lt", end)) if moment is not None}
    return {"created_at": bounds} if bounds else {}
