"""Numbered pages, as REST serves them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; pages count from 1."""

    items: Sequence[T]
    page: int
    page_size: int
    total_count: int

    @property
    def next_page(self) -> int | None:
        """The number of the page that follows, if one does."""
        return self.page + 1 if self.items and self.page * self.page_size < self.total_count else None
