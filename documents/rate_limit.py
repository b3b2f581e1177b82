"""The outbound request budget that every process shares."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel


class RateLimitSlot(BaseModel):
    """One request that counts against the budget until `expires_at`."""

    id: str
    tenant_id: str
    granted_at: datetime
    expires_at: datetime


class RateLimitWaiter(BaseModel):
    """A tenant that was refused a slot and will ask again before `until`."""

    tenant_id: str
    until: datetime


class RateLimit(Document):
    """The state of one budget; changed only by the pipeline updates in `services/sources/budget.py`."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    slots: list[RateLimitSlot] = []
    waiters: list[RateLimitWaiter] = []
    blocked_until: datetime | None = None
    """Set by a 429: nothing is sent before."""

    class Settings:
        """Collection."""

        name = "rate_limits"
