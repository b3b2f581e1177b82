"""What a tenant has of its own beside the rules that all share."""

from datetime import datetime
from typing import Any

from beanie import Document
from pydantic import BaseModel


class OwnWordsRevision(BaseModel):
    """A tenant's own words as somebody has saved them; the phrases are as they were written."""

    revision: int = 0
    """The classifier's, with which they came; 0: nobody has saved any."""
    high: list[str] = []
    """Words that make a ticket urgent."""
    harmless: list[str] = []
    """Words that say nothing: the signals inside them do not count."""
    changed_at: datetime | None = None
    changed_by: str | None = None
    """The subject of the credential of whoever saved them."""


class LabelLearning(BaseModel):
    """How what was learned about a label did on corrections that it was not trained with."""

    label: str
    """`urgency`, `sentiment` or `requires_action`."""
    tried: int
    """Corrections that say something of it."""
    rules_right: int
    learned_right: int | None
    """Null where it was not tried: there are too few corrections, or the rules are right too often."""
    is_on: bool
    """Whether it decides: it was right more often than the rules, by more than chance explains."""


class Learning(BaseModel):
    """What came of the last time that a tenant's corrections were learned from."""

    corrected: int
    """`TenantClassifier.corrected` at that time."""
    trained_at: datetime
    corrections: int
    """Those that were learned from."""
    unreadable: int
    """Those that could not be, since the text that they are about is gone, or has become another one."""
    uncorrected: int
    """Other tickets that were looked at."""
    uncorrected_changed: int
    """Those of them that what was learned decides otherwise than the rules."""
    labels: list[LabelLearning]


class TenantClassifier(Document):
    """One row for each tenant that has any."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """The tenant."""
    revision: int = 0
    """Grows with each change of anything here that decides about tickets."""
    changed_at: datetime | None = None
    corrected: int = 0
    """Grows with each correction, and with each one that is taken back."""
    corrected_at: datetime | None = None
    erased: int | None = None
    """Grows whenever somebody is erased whose words may have been learned from."""
    own_words: OwnWordsRevision | None = None
    own_words_before: list[OwnWordsRevision] = []
    """Those before, the last ones first; not read by judges."""
    learning: Learning | None = None
    layers: dict[str, Any] = {}
    """What was learned and is switched on, as `services/classification/learned.py` writes it."""

    class Settings:
        """The collection."""

        name = "tenant_classifiers"
