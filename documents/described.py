"""Values and fields that tell what they mean: said once, for readers of the code and for clients."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class DescribedEnum(StrEnum):
    """An enum whose members are declared as `NAME = "value", "What it means."`."""

    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        """A member that is its value, as of any `StrEnum`; without a description where one is looked up by value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


@dataclass(frozen=True, slots=True)
class Shown:
    """A field that clients see; fields without it are our bookkeeping."""

    description: str


class FromSource(Shown):
    """It comes from upstream: a change of it there is an update of the ticket."""


class Classified(Shown):
    """It comes from the classification rules; its changes are kept in the history."""


class LongText(FromSource):
    """It may be so long that the history tells of its changes alone, and not of what it was first and last."""
