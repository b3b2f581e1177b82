"""Reading a change stream: what is there, at once."""

from typing import Any, cast

from documents.driver import ChangeStream, Row


async def changes_there(stream: ChangeStream, *, at_most: int) -> list[Row]:
    """The next changes, as soon as no more follow; none if there are none for a moment.

    In one call of the driver: to hand over each change by itself takes many times as long as to read it.
    """
    calls = cast("Any", stream)

    def work() -> list[Row]:
        changes: list[Row] = []
        while len(changes) < at_most and (change := calls._try_next()) is not None:
            changes.append(change)
        return changes

    return cast("list[Row]", await calls._framework.run_on_executor(calls.get_io_loop(), work))
