"""What is answered about destinations."""

from datetime import datetime
from typing import Self

from documents.destination import Destination, DestinationFormat
from gql_app.rest.answers.base import Answer
from services.notifications.receivers.answers import Attempt, Verdict
from services.notifications.receivers.changes import SavedDestination


class DestinationAnswer(Answer):
    """A destination, without its secrets."""

    id: str
    """Also the name of its circuit breaker: `GET /circuit/{name}/status`."""
    tenant_id: str
    format: DestinationFormat
    url: str
    """The address, without what lets others use it."""
    is_signed: bool
    digest_above: int | None
    spikes: bool
    """Whether it is told of spikes, too; `specification` knows none, whatever this says."""
    is_paused: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, stored: Destination) -> Self:
        """The answer for a destination."""
        return cls.model_validate({**_shared(stored), "url": stored.shown_url, "is_signed": bool(stored.secrets)})


class SavedAnswer(DestinationAnswer):
    """A destination as it is now."""

    secret: str | None = None
    """The secret that was made, if one was; it is never shown again."""

    @classmethod
    def of_saved(cls, saved: SavedDestination) -> Self:
        """The answer for what was saved."""
        return cls(**DestinationAnswer.of(saved.destination).model_dump(), secret=saved.secret)


class DestinationList(Answer):
    """A tenant's destinations, oldest first; at most 20."""

    destinations: list[DestinationAnswer]


class TestAnswer(Answer):
    """What came of an example that was sent."""

    ok: bool
    """Whether it was taken."""
    status: int | None
    """The HTTP status of the answer, if there was one."""
    detail: str | None
    """What was received, or why nothing was; null if it was taken."""

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """The answer for an attempt."""
        return cls(ok=attempt.verdict is Verdict.DELIVERED, status=attempt.status, detail=attempt.detail)


def _shared(stored: Destination) -> dict[str, object]:
    names = ("id", "tenant_id", "format", "digest_above", "spikes", "is_paused", "created_at", "updated_at")
    return {name: getattr(stored, name) for name in names}
