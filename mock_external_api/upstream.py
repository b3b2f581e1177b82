"""Everything the running mock knows, in one object that the routes share."""

from typing import Annotated, Any

from fastapi import Depends, Request

from mock_external_api.clock import SYSTEM_CLOCK, Clock, iso
from mock_external_api.data import make_tickets
from mock_external_api.limiter import RateLimiter
from mock_external_api.notify_rules import NotifyRules
from mock_external_api.outage import Outage
from mock_external_api.script import Script
from mock_external_api.settings import DATA_SETTINGS, MockSettings
from mock_external_api.store import TicketStore
from mock_external_api.traffic import Traffic
from mock_external_api.writer import TicketWriter


class Upstream:
    """The mock's state: settings, tickets, limiter, script, rules of `/notify` and the log."""

    store: TicketStore

    def __init__(self, settings: MockSettings, clock: Clock = SYSTEM_CLOCK) -> None:
        self.clock = clock
        self._first_settings = settings
        self._started_at = clock.now()
        self.reset()

    def reset(self) -> None:
        """Go back to the state at the start: the first settings, the same tickets, empty logs and counters."""
        self.settings = settings = self._first_settings
        self.traffic = Traffic(self.clock)
        self.limiter = RateLimiter(settings.rate_limit_per_minute, self.clock.monotonic)
        self.notify_rules = NotifyRules(self.clock.monotonic)
        self.script = Script()
        self.outage = Outage(self.clock)
        self.rng = settings.generator("requests")
        self._make_store()

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Change settings at run time; one that says which tickets exist makes them anew.

        Raises pydantic's `ValidationError` when a name is unknown or a value does not fit; nothing is changed then.
        """
        before, self.settings = self.settings, MockSettings.model_validate({**self.settings.model_dump(), **changes})
        self.limiter.limit = self.settings.rate_limit_per_minute
        if any(getattr(before, name) != getattr(self.settings, name) for name in DATA_SETTINGS):
            self._make_store()
        else:
            self.store.writer = self._make_writer()

    def churn(self) -> None:
        """Let tickets come, change and go, as the settings say."""
        while self.rng.random() < self.settings.churn:
            ticket = self.store.any_live(self.rng)
            if ticket is None:
                return
            match self.rng.choice(("add", "edit", "delete")):
                case "add":
                    now = iso(self.clock.now_ms())
                    name = f"tkt-new-{self.rng.getrandbits(48):012x}"
                    self.store.add({**ticket.record, "id": name, "created_at": now, "updated_at": now}, None)
                case "edit":
                    self.store.edit([ticket], {"status": self.rng.choice(("open", "pending", "closed"))})
                case _:
                    self.store.set_deleted([ticket], deleted=True)

    def _make_store(self) -> None:
        tickets = make_tickets(self.settings, self.settings.now or self._started_at)
        self.store = TicketStore(tickets, self._make_writer(), self.clock)

    def _make_writer(self) -> TicketWriter:
        return TicketWriter(self.settings, self.clock, self.rng)


def _of_request(request: Request) -> Upstream:
    upstream = request.app.state.upstream
    assert isinstance(upstream, Upstream)  # noqa: S101 - narrows the type that app.state has lost
    return upstream


UpstreamOfApp = Annotated[Upstream, Depends(_of_request)]
"""Route parameter: the application's `Upstream`."""
