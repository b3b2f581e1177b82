"""What all that computes figures of tickets has in common."""

from documents.database import Database, Row
from documents.ticket import Ticket
from services.coordination.sharing import Questions
from services.kit.clock import Clock
from services.lists.cursors import time_limited

FIGURE_MILLISECONDS = 5_000
"""How long MongoDB may take for figures, unless theirs is another limit."""


class AnswersQuestions:
    """Computes figures of one database's tickets; what many ask for at once is computed once for all of them."""

    def __init__(self, database: Database, clock: Clock, questions: Questions) -> None:
        """`questions`: those of the process, the same for all figures, which share its places."""
        self._questions = questions
        self._clock = clock
        self._tickets = database.at_one_moment(Ticket)
        self._has_rollups = database.transactional

    async def _run(self, pipeline: list[Row], *, index: str | None = None) -> list[Row]:
        """What a pipeline on the tickets finds.

        `index`: the one that covers its beginning, where the planner has been seen to choose another.
        """
        hint = {} if index is None else {"hint": index}
        async with time_limited():
            found = self._tickets.aggregate(pipeline, maxTimeMS=FIGURE_MILLISECONDS, **hint)
            rows: list[Row] = await found.to_list(None)
        return rows
