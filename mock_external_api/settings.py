"""Everything about the mock that can be turned, by environment (`MOCK_...`) or at run time (`/_control`)."""

import random
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Share = Annotated[float, Field(ge=0, le=1)]


class RetryAfterStyle(StrEnum):
    """How a 429 tells the client when to come back."""

    SECONDS = "seconds"
    HTTP_DATE = "http_date"
    MISSING = "missing"
    GARBAGE = "garbage"


class NotifyMode(StrEnum):
    """How `POST /notify` behaves."""

    FLAKY = "flaky"
    """Fails the first attempt of some tickets, so that people see retries succeed."""
    REFERENCE = "reference"
    """Fails the first attempts of each ticket and has outages, like the real one."""
    HEALTHY = "healthy"
    """Accepts everything at the first attempt."""
    HANG = "hang"
    """Never answers; ends when the client goes away."""
    HTML = "html"
    """Answers 200 with a web page, as a captive portal or a broken proxy does."""
    CLOSE = "close"
    """Drops the connection without an answer."""
    REDIRECT = "redirect"
    """Answers 307 to `/notify/elsewhere`, which a careful client does not follow."""
    CLIENT_ERROR = "client_error"
    """Answers 400, which a retry cannot mend."""
    HUGE = "huge"
    """Answers 200 with a body of 50 MB."""


class MockSettings(BaseSettings):
    """The mock's settings; the environment variable of `seed` is `MOCK_SEED`, and so on."""

    model_config = SettingsConfigDict(env_prefix="MOCK_", frozen=True, extra="forbid", use_attribute_docstrings=True)

    seed: int = 20260205
    """The same seed and reference time give the same tickets."""
    now: AwareDatetime | None = None
    """The reference time, the newest ticket's age limit; unset: the moment the program starts."""
    ticket_count: NonNegativeInt = 10_000
    """How many tickets there are, deleted ones included."""
    tenants: dict[str, Annotated[float, Field(gt=0)]] = {
        "tenant_a": 40,
        "tenant_b": 30,
        "tenant_c": 20,
        "tenant_d": 10,
    }
    """Tenant names and their relative shares of the tickets."""
    deleted_share: Share = 0.05
    """Tickets that are deleted: not listed, but named by the list of deleted ones."""
    drifting_updated_at_share: Share = 0.10
    """Tickets whose `updated_at` is drawn anew on every request."""
    malformed_share: Share = 0.0
    """Tickets that are served malformed, in the ways listed in `malformed.py`."""
    huge_message_chars: NonNegativeInt = 1_000_000
    """Least length of the message in the `huge_message` kind of malformed ticket."""

    honour_tenant_id: bool = True
    """False: `tenant_id` is ignored and every page mixes the tenants, like the reference upstream."""
    page_size_cap: PositiveInt | None = None
    """Tickets on a page at most, whatever size is asked for."""
    churn: Share = 0.0
    """Chance that a ticket is added, edited or deleted before a list request, and again that one more is."""
    rate_limit_per_minute: NonNegativeInt = 60
    """Requests per rolling 60 s over all `/external/*` paths; 0: no limit."""
    retry_after_style: RetryAfterStyle = RetryAfterStyle.SECONDS
    """How a 429 says when to come back."""
    latency_ms: NonNegativeFloat = 0
    """Time that the two list calls take before they answer."""
    error_rate: Share = 0.0
    """Chance of a 5xx on any `/external/*` request."""

    notify_mode: NotifyMode = NotifyMode.FLAKY
    """How `/notify` behaves. `flaky`: some first attempts fail, so that people see retries succeed. `reference`: the
    first attempts of each ticket fail, and there are outages, as with the real one."""
    notify_flaky_share: Share = 0.05
    """Of which tickets the first attempt fails, in the mode `flaky`."""
    notify_failures_per_ticket: NonNegativeInt = 2
    """How many attempts of a ticket fail, in the mode `reference`."""
    notify_outage_after: NonNegativeInt = 10
    """Failures in a row that start an outage; 0: never."""
    notify_outage_seconds: NonNegativeFloat = 30
    """How long an outage lasts."""
    notify_outage_tells_when: bool = True
    """Whether what is refused in an outage has a `Retry-After`; what the real one does is not known."""
    notify_latency_min: NonNegativeFloat = 0.1
    """Shortest time in seconds that `/notify` takes."""
    notify_latency_max: NonNegativeFloat = 0.5
    """Longest time in seconds that `/notify` takes."""

    control: bool = False
    """Opens `/_control`; while it is off, those paths are 404."""
    zendesk: dict[str, Any] = {}
    """What is set of the stand-in of Zendesk at `/zendesk`; see `mock_external_api/zendesk/settings.py`."""
    github: dict[str, Any] = {}
    """Likewise of that of GitHub at `/github`; see `mock_external_api/github/settings.py`."""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if not self.tenants:
            raise ValueError("tenants must name at least one tenant")
        if self.notify_latency_min > self.notify_latency_max:
            raise ValueError("notify_latency_min is above notify_latency_max")
        return self

    def generator(self, purpose: str) -> random.Random:
        """Return the pseudo-random generator for one purpose, the same for the same seed."""
        return random.Random(f"{self.seed}:{purpose}")  # noqa: S311 - repeatable sample data, no secret


DATA_SETTINGS = frozenset({"seed", "now", "ticket_count", "tenants", "deleted_share"})
"""Settings that say which tickets exist: changing one makes a new set of tickets."""
