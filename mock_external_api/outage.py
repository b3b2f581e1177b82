"""A time in which every `/external/*` request fails, as when the provider is down or being deployed."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat

from mock_external_api.clock import Clock

AS_DATE = "date"


class OutageRequest(BaseModel):
    """An outage that begins now."""

    model_config = ConfigDict(extra="forbid")

    seconds: NonNegativeFloat
    status: Annotated[int, Field(ge=400, le=599)] = 503
    retry_after: str | None = None
    """The text of `Retry-After`; `date`: the moment of the end as an HTTP date; null: no such header."""


class Outage:
    """The present outage, if there is one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._order: OutageRequest | None = None

    def begin(self, order: OutageRequest) -> None:
        """Fail from now on, in place of an earlier outage."""
        self._order, self._until = order, self._clock.monotonic() + order.seconds

    def answer(self) -> tuple[int, dict[str, str]] | None:
        """Return the status and the headers of a request that comes now; None: there is no outage."""
        left = self._until - self._clock.monotonic()
        if self._order is None or left <= 0:
            return None
        retry_after = self._order.retry_after
        if retry_after == AS_DATE:  # whole seconds, so that it does not end before the outage
            retry_after = format_datetime(self._clock.now() + timedelta(seconds=left + 1), usegmt=True)
        return self._order.status, {} if retry_after is None else {"Retry-After": retry_after}
