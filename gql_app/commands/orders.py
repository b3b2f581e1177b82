"""What the command line was asked for, as data, so that its words can be read without loading what does the work."""

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """A command that needs nothing but its arguments."""

    work: str
    """The function that does it, as `module:function`. It is given the arguments and returns the exit code."""
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServiceOrder(Order):
    """A command that needs MongoDB. Its function is a coroutine's and is given `Means`, too."""

    needs_source: bool = False
    """Whether it needs the external API, too."""
    has_worker: bool = False
    """Whether it runs jobs, whatever `RUN_WORKER` says."""
    listens: bool = False
    """Whether it serves: it is given a `listener`, too."""
    log_name: str | None = None
    """On a terminal its log goes to a file of this name, since bars are shown there."""
    heeds_stop: bool = False
    """Whether it comes to its own end when `stop` is set; others are cancelled by the same signals."""


def load(work: str) -> Any:
    """The function that an order names, with all that it needs."""
    # What modules make stays: of 230,000 objects, 700 are garbage. Looking for it takes a seventh of the time, and half
    # as long again whenever all are looked at later.
    gc.disable()
    try:
        return resolve_name(work)
    finally:
        gc.freeze()
        gc.enable()
