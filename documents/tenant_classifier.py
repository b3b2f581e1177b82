"""What a tenant has of its own beside the rules that all share."""

from datetime import datetime

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
    own_words: OwnWordsRevision | None = None
    own_words_before: list[OwnWordsRevision] = []
    """Those before, the last ones first; not read by judges."""

    class Settings:
        """The collection."""

        name = "tenant_classifiers"
