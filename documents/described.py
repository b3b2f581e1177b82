"""Closed sets of values that tell what each of them means: said once, for readers of the code and for clients."""

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
