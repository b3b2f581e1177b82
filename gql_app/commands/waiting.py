"""Tells a person at a terminal what takes so long."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from rich.console import Console
from rich.text import Text

TOLD_AFTER_SECONDS = 0.7


@contextmanager
def waiting(for_what: str, console: Console | None = None) -> Iterator[None]:
    """Show a spinner while the block takes longer than a moment, on standard error unless a console is named.

    Nothing is shown where that is no terminal.
    What is printed inside has to go elsewhere, or come afterwards.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    status = console.status(Text(for_what))
    timer = Timer(TOLD_AFTER_SECONDS, status.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
