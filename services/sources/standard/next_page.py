"""Where a walk over the upstream's pages goes next: pure, and never in circles."""

import math
from dataclasses import dataclass

from services.sources.standard.records import UpstreamPage

SPARE_PAGES = 10
"""How far a walk goes beyond the pages that `total_count` promises before it stops trusting `next_page`."""


@dataclass(frozen=True, slots=True)
class Step:
    """The next page, if any, and what was odd about the present one."""

    next_page: int | None
    irregularity: str | None = None


def page_count(total_count: int | None, page_size: int) -> int | None:
    """How many pages hold `total_count` records; None where upstream did not count."""
    return None if total_count is None or total_count < 0 else math.ceil(total_count / page_size)


def next_step(number: int, page: UpstreamPage, *, page_size: int, repeats_previous: bool) -> Step:
    """Decide what follows page `number`.

    Pages are walked one after the other whatever `next_page` says; a `next_page` that points elsewhere is
    reported, and overruled while `total_count` promises more.
    """
    if not page.tickets:
        return Step(None)
    if repeats_previous:
        return Step(None, f"page {number} repeats page {number - 1}")
    promised = page_count(page.total_count, page_size)
    if page.next_page is not None and promised is not None and number >= promised + SPARE_PAGES:
        return Step(None, f"page {number} is not the last of {promised}")
    if page.next_page == number + 1:
        return Step(number + 1)
    if page.next_page is None:
        if promised is not None and number < promised:
            return Step(number + 1, f"page {number} of {promised} said that it is the last")
        return Step(None)
    onward = number + 1 if promised is None or number < promised else None
    return Step(onward, f"page {number} named page {page.next_page} as the next")
