"""What the REST routes answer about learning from corrections. Times are UTC."""

from datetime import datetime
from typing import Self

from gql_app.rest.answers.base import Answer
from services.judging.learnings import LearningState


class LabelLearningAnswer(Answer):
    """How what was learned about a label did on corrections that it was not trained with."""

    label: str
    tried: int
    """Corrections that say something of it."""
    rules_right: int
    learned_right: int | None
    """Null where it was not tried: there are too few corrections, or the rules are right too often."""
    is_on: bool
    """Whether it decides."""


class LastLearning(Answer):
    """What came of the last time."""

    trained_at: datetime
    corrections: int
    """Those that were learned from."""
    unreadable: int
    """Those that could not be, since the text that they are about is gone, or has become another one."""
    uncorrected: int
    """Other tickets that were looked at."""
    uncorrected_changed: int
    """Those of them that what was learned decides otherwise than the rules."""
    labels: list[LabelLearningAnswer]


class LearningAnswer(Answer):
    """How learning from a tenant's corrections stands."""

    tenant_id: str
    corrections: int
    """That are kept to be learned from."""
    is_up_to_date: bool
    """Whether all of them were looked at."""
    last: LastLearning | None
    """Null: nothing was learned yet."""

    @classmethod
    def of(cls, state: LearningState) -> Self:
        """The answer for what the services tell."""
        return cls.model_validate(state)
