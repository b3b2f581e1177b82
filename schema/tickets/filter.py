"""The filter of lists of tickets, as clients write it."""

from typing import Any, TypeVar

import strawberry

from services.tickets.choices import Choice
from services.tickets.filter import CHOICES, OTHERS, TicketFilter, may_be_unknown, type_of_condition

T = TypeVar("T")


def _with_conditions(declared: type[T]) -> type[T]:
    """Declare fields for each condition on tickets: three for one by values."""

    def declare(name: str, kind: Any, description: str) -> None:
        declared.__annotations__[name] = kind | None
        setattr(declared, name, strawberry.field(default=None, description=description))

    for name, traits in CHOICES.items():
        kind = type_of_condition(name)
        values = list[kind | None] if may_be_unknown(name) else list[kind]  # type: ignore[valid-type]
        unknown = "; null is an unknown one" if may_be_unknown(name) else ""
        declare(name, kind, f"This {traits.what}.")
        declare(f"{name}_in", values, f"One of these: {traits.what}{unknown}.")
        declare(f"{name}_not_in", values, f"None of these: {traits.what}{unknown}.")
    for name, told in OTHERS.items():
        declare(name, type_of_condition(name), told.description)
    return declared


@strawberry.input(
    name="TicketFilter",
    description="Conditions on tickets; all that are given have to hold. The text `unknown` stands for tickets without "
    "a value, as in statistics.",
)
@_with_conditions
class TicketFilterInput:
    """The filter of a list of tickets."""

    def to_filter(self) -> TicketFilter:
        """The filter that services understand."""
        others = {name: getattr(self, name) for name in OTHERS}
        return TicketFilter(**others | {name: self._choice(name) for name in CHOICES})

    def _choice(self, name: str) -> Choice[Any] | None:
        one, several = getattr(self, name), getattr(self, f"{name}_in")
        excluded = tuple(getattr(self, f"{name}_not_in") or ())
        if one is None and several is None:
            return Choice(none_of=excluded) if excluded else None
        if one is None:
            return Choice(tuple(several), excluded)
        return Choice((one,) if several is None or one in several else (), excluded)
