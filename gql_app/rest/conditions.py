"""The conditions that choose tickets, by name and text: as the query parameters of REST and on the command line."""

from collections.abc import Collection
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Field, create_model

from services.errors import InvalidInputError
from services.kit.moments import read_moment
from services.rollups.rows import UNKNOWN
from services.tickets.choices import MAX_CHOICES, MAX_VALUE_CHARACTERS, Choice
from services.tickets.filter import CHOICES, OTHERS, TicketFilter, may_be_unknown, type_of_condition
from services.tickets.ordering import TicketOrder

MAX_PAGE = 1_000_000
MAX_NAMED = 100
"""Characters of a parameter's name that an answer repeats."""

MomentInUtc = Annotated[datetime, BeforeValidator(read_moment)]
"""A date, or a date and a time: without a zone in UTC."""
Text = Annotated[str, Field(max_length=MAX_VALUE_CHARACTERS)]


def _values_of(name: str) -> Any:
    kind = type_of_condition(name)
    value: Any = Text if kind is str else kind
    if may_be_unknown(name):
        value = Literal[*(each.value for each in kind), UNKNOWN]
    return Annotated[list[value], Field(max_length=MAX_CHOICES)] | None


class _OfATenant(BaseModel):
    tenant_id: str


_AS_PARAMETER: dict[object, Any] = {str: Text, datetime: MomentInUtc}
_Conditions = create_model(  # type: ignore[call-overload]  # mypy takes the fields for options
    "_Conditions",
    __base__=_OfATenant,
    **{
        parameter: (_values_of(name), Field(default=None, description=description))
        for name, traits in CHOICES.items()
        for parameter, description in (
            (name, f"One of these: {traits.what}. May be repeated."),
            (f"{name}_not", f"None of these: {traits.what}. May be repeated."),
        )
    },
    **{
        name: (_AS_PARAMETER.get(kind, kind) | None, Field(default=None, description=told.description))
        for name, told in OTHERS.items()
        for kind in [type_of_condition(name)]
    },
)


class TicketConditions(_Conditions):
    """Query parameters that choose tickets, and say in which order they come; those left out do not restrict."""

    order: TicketOrder = TicketOrder.NEWEST_FIRST

    def to_filter(self) -> TicketFilter:
        """The conditions as the services take them."""
        others = {name: getattr(self, name) for name in OTHERS}
        return TicketFilter(**others | {name: self._choice(name) for name in CHOICES})

    def _choice(self, name: str) -> Choice[Any] | None:
        any_of, none_of = getattr(self, name), getattr(self, f"{name}_not")
        if any_of is None and none_of is None:
            return None
        read = type_of_condition(name)

        def values(given: list[Any]) -> tuple[Any, ...]:
            is_null = may_be_unknown(name)
            return tuple(None if is_null and value == UNKNOWN else read(value) for value in given)

        return Choice(None if any_of is None else values(any_of), values(none_of or []))


class TicketPageQuery(TicketConditions):
    """The conditions, and which page of the tickets is wanted."""

    page: int = Field(default=1, ge=1, le=MAX_PAGE)
    page_size: int = Field(default=20, ge=1, le=100)


def is_list(kind: Any) -> bool:
    """Whether a parameter of this type may be repeated."""
    return get_origin(kind) is list or any(map(is_list, get_args(kind)))


def unknown_parameter(name: str, known: Collection[str]) -> InvalidInputError:
    """What to answer to a parameter that is none; it names the nearest that is one."""
    nearest = get_close_matches(name[:MAX_NAMED], known, n=1)
    if nearest:
        hint = f"; did you mean {nearest[0]}?"
    else:
        hint = f"; there are {', '.join(sorted(known))}." if known else "; there are none."
    return InvalidInputError(f"There is no parameter {name[:MAX_NAMED]!r}{hint}")
