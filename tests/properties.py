"""How many examples a property is tried on: all of them where there is time, which `make soak` has."""

import os
import random
from collections.abc import Iterable
from typing import TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

THOROUGH = bool(os.environ.get("THOROUGH"))
"""Whether there is time for all examples; `make soak` has it."""
_FEW = 3
"""One example in so many is tried otherwise: other ones each time."""
_USUAL_EXAMPLES = 100
"""Of a property that says nothing else, in a thorough run."""
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
"""The same in all processes of a run, which have to agree on its tests."""
T = TypeVar("T")


def tried_on(examples: int, *, one_in: int = _FEW) -> settings:
    """Decorates a property: so many examples, or one in so many of them."""
    return settings(
        max_examples=examples if THOROUGH else examples // one_in,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def some_of(values: Iterable[T], *, one_in: int = _FEW, of: str = "") -> list[T]:
    """What a test is parametrized with: all of it, or one in so many, at least one, another choice each time.

    `of`: who is tried with them; others are tried with others.
    """
    every = list(values)
    if THOROUGH:
        return every
    dice = random.Random(f"{_RUN} {len(every)} {of}")
    chosen = set(dice.sample(range(len(every)), max(1, round(len(every) / one_in))))
    return [value for number, value in enumerate(every) if number in chosen]


def usually() -> None:
    """Try properties that say nothing else on so many examples, too, and on none of them in a given time."""
    settings.register_profile(
        "any machine",
        max_examples=_USUAL_EXAMPLES if THOROUGH else _USUAL_EXAMPLES // _FEW,
        # How long an example takes says something about the machine, not about the code.
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("any machine")


def mark_properties(items: list[pytest.Item]) -> None:
    """All properties are tried anew, thoroughly, by `make soak`."""
    for item in items:
        if is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker("thorough")
