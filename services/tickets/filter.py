"""What can be asked of a list of tickets, and the query for it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, get_args, get_type_hints

from documents.ticket import JudgedBy, Language, Sentiment, StatusCategory, Urgency
from documents.ticket_indexes import ASSIGNEE_INDEX, TAG_INDEX
from services.errors import InvalidInputError
from services.kit.civil_time import zone
from services.kit.hours_of_week import created_at_hours, offsets_of
from services.search.query import parse_search
from services.tenancy import Filter, live
from services.tickets.choices import (
    Choice,
    ToCondition,
    by_assignee,
    by_category,
    by_customer,
    by_enum,
    by_keyword,
    by_status,
    by_tag,
    by_text,
    demands_known,
)
from services.tickets.counts import is_countable

PLAUSIBLE_YEARS = range(1970, 2200)
"""Dates outside are typing errors; some of them cannot even be converted to UTC."""


@dataclass(frozen=True, slots=True)
class Told:
    """A condition that is said in one value."""

    description: str


@dataclass(frozen=True, slots=True)
class ByValues:
    """A condition by values of a stored field."""

    what: str
    """What the values are to clients."""
    to_condition: ToCondition = by_text
    stored: str = ""
    """The stored field, where it has another name than the condition."""


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Conditions on a tenant's tickets; None does not restrict. REST and GraphQL take what is declared here."""

    status: Annotated[Choice[str] | None, ByValues("status, as it is written or in lower case", by_status)] = None
    status_category: Annotated[
        Choice[StatusCategory] | None, ByValues("status category: open, pending, closed", by_category, "status")
    ] = None
    urgency: Annotated[Choice[Urgency] | None, ByValues("urgency", by_enum(Urgency))] = None
    sentiment: Annotated[Choice[Sentiment] | None, ByValues("sentiment", by_enum(Sentiment))] = None
    language: Annotated[Choice[Language] | None, ByValues("language", by_enum(Language))] = None
    judged_by: Annotated[Choice[JudgedBy] | None, ByValues("what the classification comes from", by_enum(JudgedBy))] = (
        None
    )
    source: Annotated[Choice[str] | None, ByValues("source")] = None
    priority: Annotated[Choice[str] | None, ByValues("priority, as it is written or in lower case", by_status)] = None
    assignee: Annotated[Choice[str] | None, ByValues("assignee", by_assignee)] = None
    tag: Annotated[Choice[str] | None, ByValues("tag (of tags, `unknown` is one like others)", by_tag, "tags")] = None
    customer_id: Annotated[Choice[str] | None, ByValues("customer", by_customer)] = None
    keyword: Annotated[Choice[str] | None, ByValues("keyword, as statistics count them", by_keyword, "keyword_key")] = (
        None
    )
    rule: Annotated[Choice[str] | None, ByValues("rule of the classification that fired", by_text, "matched.rule")] = (
        None
    )
    requires_action: Annotated[bool | None, Told("Whether action is required.")] = None
    q: Annotated[
        str | None, Told("Words that all occur in the subject, the message or the replies; at most 200 characters.")
    ] = None
    created_from: Annotated[datetime | None, Told("Created at or after this moment.")] = None
    created_to: Annotated[datetime | None, Told("Created before this moment.")] = None
    updated_from: Annotated[datetime | None, Told("Changed last at or after this moment, by upstream's clock.")] = None
    updated_to: Annotated[datetime | None, Told("Changed last before this moment.")] = None
    created_weekday: Annotated[
        int | None, Told("Created on this weekday by the clock of the time zone: Monday is 1, Sunday is 7.")
    ] = None
    created_hour: Annotated[int | None, Told("Created in this hour, 0 to 23, by the clock of the time zone.")] = None
    time_zone: Annotated[str | None, Told("By whose clock they are: `Europe/Paris`, `+02:00`; UTC if left out.")] = None

    @property
    def by_field(self) -> Filter:
        """The conditions on stored fields other than moments, each on one field."""
        found: list[Filter] = [
            {traits.stored or name: condition}
            for name, traits in CHOICES.items()
            if (choice := getattr(self, name)) is not None and (condition := traits.to_condition(choice))
        ]
        if self.requires_action is not None:
            found.append({"requires_action": self.requires_action})
        merged: Filter = {name: condition for each in found for name, condition in each.items()}
        return merged if len(merged) == len(found) else {"$and": found}

    @property
    def is_countable(self) -> bool:
        """Whether the rollups know how many tickets match."""
        moments = (self.created_from, self.created_to, self.updated_from, self.updated_to)
        return self.q is None and not any(moments) and not self.is_by_clock and is_countable(self.by_field)

    @property
    def is_by_clock(self) -> bool:
        """Whether it asks for what a clock showed."""
        return self.created_weekday is not None or self.created_hour is not None


EVERY_TICKET = TicketFilter()
"""No condition at all."""
_DECLARED = {name: get_args(kind) for name, kind in get_type_hints(TicketFilter, include_extras=True).items()}
CHOICES: dict[str, ByValues] = {name: trait for name, (_, trait) in _DECLARED.items() if isinstance(trait, ByValues)}
"""The conditions by values."""
OTHERS: dict[str, Told] = {name: trait for name, (_, trait) in _DECLARED.items() if isinstance(trait, Told)}
"""The conditions that are said in one value."""


def type_of_condition(name: str) -> Any:
    """The type of a condition; of one by values, that of a single value."""
    kind = get_args(_DECLARED[name][0])[0]
    return get_args(kind)[0] if name in CHOICES else kind


def may_be_unknown(name: str) -> bool:
    """Whether tickets may lack a known value although every known one has a name: then null stands for it."""
    kind = type_of_condition(name)
    return kind is not str and kind is not StatusCategory


def index_of_choice(wanted: TicketFilter) -> str | None:
    """The index of the tickets that have a tag, or an assignee, where the filter demands one."""
    if wanted.tag is not None and (wanted.tag.any_of is not None or wanted.tag.all_of):
        return TAG_INDEX
    return ASSIGNEE_INDEX if wanted.assignee is not None and demands_known(wanted.assignee) else None


def condition(tenant_id: str, wanted: TicketFilter, *further: Filter) -> Filter:
    """The query for a filter, and what else has to hold: typed values only, never an operator that a client made.

    Whoever runs it lets `led_by_rarest` look at it first.

    Raises:
        InvalidInputError: a date, a value or the search makes no sense.
    """
    for name in CHOICES:
        if (choice := getattr(wanted, name)) is not None:
            choice.check(name)
    created = created_between(wanted.created_from, wanted.created_to)
    updated = between("updated_at", wanted.updated_from, wanted.updated_to, ("updated_from", "updated_to"))
    search = {} if wanted.q is None else {"search_terms": {"$all": parse_search(wanted.q).terms}}
    by_field = wanted.by_field
    if further:
        by_field["$and"] = [*by_field.get("$and", []), *further]
    return live(tenant_id, **by_field, **created, **updated, **search, **_by_clock(wanted))


def _by_clock(wanted: TicketFilter) -> Filter:
    """The condition on what a clock showed when a ticket was created."""
    time_zone = "UTC" if wanted.time_zone is None else wanted.time_zone
    if not wanted.is_by_clock:
        zone(time_zone)  # that there is no such zone is said in any case
        return {}
    offsets = offsets_of(time_zone, wanted.created_from, wanted.created_to)
    return created_at_hours(wanted.created_weekday, wanted.created_hour, offsets)


def split_period(
    wanted: TicketFilter, start: datetime | None, end: datetime | None
) -> tuple[TicketFilter, datetime | None, datetime | None]:
    """A filter without its period of creation, and what that has in common with another one.

    Raises:
        InvalidInputError: one of the periods makes no sense.
    """
    created_in_period(start, end)
    created_between(wanted.created_from, wanted.created_to)
    begin = max(filter(None, (start, wanted.created_from)), default=None)
    stop = min(filter(None, (end, wanted.created_to)), default=None)
    rest = replace(wanted, created_from=None, created_to=None)
    if not wanted.is_by_clock:
        rest = replace(rest, time_zone=None)
    return rest, begin, stop if begin is None or stop is None else max(begin, stop)


def both(one: Filter, other: Filter) -> Filter:
    """The query for what meets both."""
    return {**one, **other} if one.keys().isdisjoint(other) else {"$and": [one, other]}


def created_between(start: datetime | None, end: datetime | None) -> Filter:
    """The condition on `created_at`, as a filter has it: from `start` (inclusive) to `end` (exclusive).

    Raises:
        InvalidInputError: a date is naive or absurd, or the two are reversed.
    """
    return between("created_at", start, end, ("created_from", "created_to"))


def created_in_period(start: datetime | None, end: datetime | None) -> Filter:
    """The same, as statistics have it.

    Raises:
        InvalidInputError: a date is naive or absurd, or the two are reversed.
    """
    return between("created_at", start, end, ("from_date", "to_date"))


def between(name: str, start: datetime | None, end: datetime | None, arguments: tuple[str, str]) -> Filter:
    """The condition on a moment: from `start` (inclusive) to `end` (exclusive). `arguments`: what clients call them.

    Raises:
        InvalidInputError: a date is naive or absurd, or the two are reversed.
    """
    for argument, moment in zip(arguments, (start, end), strict=True):
        if moment is not None:
            require_moment(argument, moment)
    if start is not None and end is not None and start > end:
        raise InvalidInputError("must not lie before the start of the period.", argument=arguments[1])
    bounds = {operator: moment for operator, moment in (("$gte", start), ("$lt", end)) if moment is not None}
    return {name: bounds} if bounds else {}


def require_moment(argument: str, moment: datetime) -> None:
    """Refuse a moment that makes no sense.

    Raises:
        InvalidInputError: it is naive, or of no year from 1970 to 2199.
    """
    if moment.tzinfo is None:
        raise InvalidInputError("needs a time zone, for instance 2026-02-05T13:00:00Z.", argument=argument)
    if moment.year not in PLAUSIBLE_YEARS:
        raise InvalidInputError("must lie between the years 1970 and 2199.", argument=argument)
