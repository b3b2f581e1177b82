"""What every resolver is given: who asks, and the services that answer."""

from dataclasses import dataclass, field

from strawberry.fastapi import BaseContext
from strawberry.types.info import Info as StrawberryInfo

from services.access import Caller
from services.health import Health
from services.jobs import Jobs
from services.locks import Locks
from services.rate_limiter import RateLimiter
from services.runs import Runs
from services.stats import Stats
from services.tickets import Tickets
from services.worker import Worker


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that decides, built once a process."""

    tickets: Tickets
    stats: Stats
    jobs: Jobs
    runs: Runs
    locks: Locks
    rate_limiter: RateLimiter
    health: Health
    worker: Worker | None
    """The worker of this process, if it has one."""


@dataclass
class Context(BaseContext):
    """One request: REST or GraphQL."""

    services: Services
    caller: Caller
    request_id: str = field(default="-")

    def __post_init__(self) -> None:
        BaseContext.__init__(self)


Info = StrawberryInfo[Context, None]
