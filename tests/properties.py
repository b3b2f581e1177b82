"""Properties that are tried on a real database, where an example takes a tenth of a second and more."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

THOROUGH = bool(os.environ.get("THOROUGH"))
"""Whether there is time for all examples; `make soak` has it."""
_FEW = 3
"""One example in so many is tried otherwise: other ones each time."""


def tried_on(examples: int, *, one_in: int = _FEW) -> Callable[[Any], Any]:
    """Decorates a property: so many examples, or one in so many of them, and no deadline for any."""
    tried = settings(
        max_examples=examples if THOROUGH else examples // one_in,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    return lambda test: pytest.mark.thorough(tried(test))
