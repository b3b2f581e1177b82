"""Conditions on a field by its values: some, or all but some. What figures count as `unknown` is a value, too."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from bson import Regex

from documents.ticket import KEYWORD_SEPARATOR, StatusCategory
from documents.ticket_indexes import HAS_ASSIGNEE
from services.errors import InvalidInputError
from services.rollups.rows import UNKNOWN
from services.statuses import in_categories, spellings_of

MAX_CHOICES = 100
MAX_VALUE_CHARACTERS = 1_000
_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
T = TypeVar("T")
Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """Values of a field. None, or the text `unknown`, is the value of tickets without a known one."""

    any_of: tuple[T | None, ...] | None = None
    """One of them has to be the ticket's; None: any value will do."""
    none_of: tuple[T | None, ...] = ()
    """None of them may be the ticket's."""
    all_of: tuple[T, ...] = ()
    """Of a field with several values: each has to be among them."""
    as_counted: bool = False
    """The values are spelled as a figure has them: what a filter would take for the same, figures count by itself."""

    def check(self, argument: str) -> None:
        """See that it can be asked for; `argument` is what it is a choice of.

        Raises:
            InvalidInputError: there are too many values, or one is too long or holds text that cannot be stored.
        """
        values = (*(self.any_of or ()), *self.none_of, *self.all_of)
        if len(values) > MAX_CHOICES:
            raise InvalidInputError(f"takes at most {MAX_CHOICES} values.", argument=argument)
        for value in values:
            if isinstance(value, str) and len(value) > MAX_VALUE_CHARACTERS:
                raise InvalidInputError(f"a value has at most {MAX_VALUE_CHARACTERS:,} characters.", argument=argument)
            if isinstance(value, str) and not _is_storable(value):
                raise InvalidInputError("holds text that cannot be stored.", argument=argument)


def only(*values: T | None) -> Choice[T]:
    """One of these, and no other."""
    return Choice(values)


def only_counted(value: T | None) -> Choice[T]:
    """What a figure counts under this value, and nothing else."""
    return Choice((value,), as_counted=True)


def including(choice: Choice[T] | None, value: T) -> Choice[T]:
    """The choice, of a field with several values, among which has to be this one, too."""
    return only(value) if choice is None else replace(choice, all_of=(*choice.all_of, value))


def excluding(choice: Choice[T] | None, value: T) -> Choice[T]:
    """The choice without this value."""
    return Choice(none_of=(value,)) if choice is None else replace(choice, none_of=(*choice.none_of, value))


ToCondition = Callable[[Choice[Any]], Condition]
"""From a choice to the condition on the stored field."""


def by_text(choice: Choice[str]) -> Condition:
    """Of a field with any text."""
    return _listed(choice, _or_none(lambda text: [text, *_as_number(text)]))


def by_status(choice: Choice[str]) -> Condition:
    """Of a status, or of what is written like one: other programs may write it with capitals."""
    if choice.as_counted:
        return by_text(choice)
    return _listed(choice, _or_none(lambda text: [*spellings_of(text), *_as_number(text)]))


def by_customer(choice: Choice[str]) -> Condition:
    """Of a customer. Figures about customers count only those that are texts, of which `unknown` is one like others."""
    return _listed(choice, lambda text: [text]) if choice.as_counted else by_text(choice)


def by_assignee(choice: Choice[str]) -> Condition:
    """Of an assignee; many tickets have none."""
    return {**by_text(choice), **(HAS_ASSIGNEE if demands_known(choice) else {})}


def by_tag(choice: Choice[str]) -> Condition:
    """Of tags, which are texts that are not empty; `unknown` is one like any other."""
    return _listed(choice, lambda tag: [tag] if tag else [])


def demands_known(choice: Choice[str]) -> bool:
    """Whether no ticket without a value matches, so that the index of those that have one is of use."""
    values = (*(choice.any_of or ()), *choice.all_of)
    return bool(values) and UNKNOWN not in values and None not in values


def by_keyword(choice: Choice[str]) -> Condition:
    """Of the keywords that statistics count, which are stored as one text."""
    edge = re.escape(KEYWORD_SEPARATOR)
    return _listed(choice, _or_none(lambda text: [Regex(rf"(?:^|{edge}){re.escape(text)}(?:{edge}|$)")]))


def by_enum(known: Collection[StrEnum]) -> ToCondition:
    """Of a field of which all values are known: every other one is `unknown`."""

    def condition(choice: Choice[StrEnum]) -> Condition:
        chosen = chosen_of({*known, None}, choice)
        if None in chosen:
            return {"$nin": sorted(value for value in known if value not in chosen)}
        return {"$in": sorted(value for value in known if value in chosen)}

    return condition


def by_category(choice: Choice[StatusCategory]) -> Condition:
    """Of a status, by what it means."""
    return in_categories(chosen_of(set(StatusCategory), choice))


def chosen_of(known: Iterable[T], choice: Choice[Any] | None) -> set[T]:
    """Which of the values can be a ticket's."""
    any_of, none_of = (choice.any_of, choice.none_of) if choice else (None, ())
    return {value for value in known if (any_of is None or value in any_of) and value not in none_of}


def _listed(choice: Choice[str], spellings: Callable[[Any], list[Any]]) -> Condition:
    def stored(values: tuple[str | None, ...]) -> list[Any]:
        return [spelling for value in values for spelling in spellings(value)]

    condition: dict[str, Any] = {} if choice.any_of is None else {"$in": stored(choice.any_of)}
    condition |= {"$all": stored(choice.all_of)} if choice.all_of else {}
    return condition | ({"$nin": stored(choice.none_of)} if choice.none_of else {})


def _or_none(spellings: Callable[[str], list[Any]]) -> Callable[[str | None], list[Any]]:
    """The spellings of values of which one is `unknown`."""
    return lambda value: [UNKNOWN, None] if value is None or value == UNKNOWN else spellings(value)


def _as_number(text: str) -> list[int]:
    """What other programs may have stored in place of a text; figures count it under its text."""
    return [int(text)] if _WHOLE_NUMBER.fullmatch(text) else []


def _is_storable(text: str) -> bool:
    """JSON can smuggle in halves of characters, which no UTF-8 has; and NUL, which we never store."""
    return not any("\ud800" <= character <= "\udfff" or character == "\x00" for character in text)
