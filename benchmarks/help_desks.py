"""First runs over real help desks, beside the contract's API with as many tickets; and runs that find nothing new."""

import asyncio
import base64
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage, open_mock
from documents.database import connect
from documents.ticket import Ticket
from documents.vocabulary import SourceKind
from gql_app.settings import Settings
from gql_app.wiring import build_services
from resolvers.context import Services
from services.connections.changes import NewConnection
from services.kit.background import shut_down

TENANT = "bench"
TICKETS = {SourceKind.ZENDESK: 50_000, SourceKind.GITHUB: 10_000}
QUICK_TICKETS = 2_000
REPOSITORY = "acme/support"
ACCESS: Final[Mapping[SourceKind, tuple[str, dict[str, str], dict[str, str]]]] = {
    SourceKind.ZENDESK: ("/zendesk", {"email": "admin@acme.example"}, {"api_token": "zendesk-api-token"}),
    SourceKind.GITHUB: ("/github", {"repository": REPOSITORY}, {"token": "github_pat_standin"}),
}
"""Where the mock serves the stand-in, and what lets us in."""
REQUESTS: Final[Mapping[SourceKind, str]] = {
    SourceKind.ZENDESK: "/zendesk/_control/requests",
    SourceKind.GITHUB: "/_control/github/log",
}
"""Where it tells what it was asked for."""

METHOD = f"""First runs into an empty database with all indexes, from stand-ins in a process of their own and without
limits: {TICKETS[SourceKind.ZENDESK]:,} tickets of Zendesk, {TICKETS[SourceKind.GITHUB]:,} issues of GitHub (pull
requests among them, which are not stored), and beside each the contract's API with as many tickets. What a help desk
tells of the past is read, kept and worked in, too: a ticket of either has several rows of history, one of the
contract's API has one. *Computing* is the processor time of the service and of MongoDB together, which other work on
the machine disturbs less than the clock. One run each. A run with nothing new follows."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run took."""

    tickets: int
    seconds: float
    service: float
    """Processor seconds."""
    mongod: float
    """Likewise."""

    @property
    def rate(self) -> float:
        """Tickets a second."""
        return self.tickets / self.seconds

    @property
    def computing(self) -> float:
        """Tickets for each second of a processor."""
        return self.tickets / (self.service + self.mongod)

    def told(self) -> str:
        """For the report."""
        return (
            f"{self.tickets:,} in {self.seconds:.1f} s: {self.rate:,.0f} tickets/s; {self.computing:,.0f} for each "
            f"second of computing (service {self.service:.1f} s, MongoDB {self.mongod:.1f} s)"
        )


async def measure(stage: Stage) -> Chapter:
    """Measure one source after the other."""
    return Chapter("Help desks", METHOD, [found for kind in TICKETS for found in await _of_source(stage, kind)])


async def _of_source(stage: Stage, kind: SourceKind) -> list[Finding]:
    number = QUICK_TICKETS if stage.quick else TICKETS[kind]
    desks = {
        "zendesk": {"ticket_count": number, "requests_per_minute": 0, "incremental_per_minute": 0},
        "github": {"issue_count": number, "primary_limit": 0},
    }
    usual = {"rate_limit_per_minute": 0, "tenants": {TENANT: 1}, "deleted_share": 0, "control": True}
    with open_mock(ticket_count=number, **usual, **desks) as url:
        async with _at_work(stage, "contract", url) as services:
            contract = await _run(stage, services)
        async with _at_work(stage, kind.value, url) as services:
            path, settings, secrets = ACCESS[kind]
            settings = {"base_url": url + path, "requests_per_minute": "0", **settings}
            await services.connections.create(NewConnection(TENANT, kind, settings, secrets))
            await _warm_up(url, kind)
            first = await _run(stage, services)
            idle = [await _idle(stage, services, url, kind) for _ in range(stage.rounds(5))]
    name = kind.value.capitalize().replace("Github", "GitHub")
    return [
        Finding(f"{name}, first run", first.told()),
        Finding(f"the contract's API beside {name}", contract.told()),
        Finding(
            f"{name} of the contract's API",
            f"{first.rate / contract.rate:.0%} by the clock, {first.computing / contract.computing:.0%} by computing",
            "the same pace",
            min(first.rate / contract.rate, first.computing / contract.computing) >= 1,
        ),
        Finding(
            f"{name}, nothing new",
            f"requests: {statistics.median(asked for asked, _ in idle):.0f}, "
            f"{statistics.median(seconds for _, seconds in idle):.2f} s",
        ),
    ]


@asynccontextmanager
async def _at_work(stage: Stage, name: str, url: str) -> AsyncIterator[Services]:
    """The service with its workers, on an empty database."""
    key = base64.urlsafe_b64encode(bytes(32)).decode()
    settings = Settings(_env_file=None, rate_limit_per_minute=0, secrets_key=key)
    database = await connect(stage.mongo_url, f"bench_{name}")
    async with httpx.AsyncClient(timeout=30) as http:
        services = build_services(settings, database, http, url)
        if services.worker is None or services.rollup_keeper is None or services.search_keeper is None:
            raise AssertionError("the settings ask for a worker")
        workers = (services.worker, services.rollup_keeper, services.search_keeper)
        working = asyncio.gather(*(worker.work() for worker in workers))
        try:
            yield services
        finally:
            shut_down(workers)
            await working
            await services.sources.close()
    stored = await database.collection(Ticket).count_documents({})
    database.close()
    with stage.client() as client:
        client.drop_database(f"bench_{name}")
    if not stored:
        raise AssertionError("nothing was stored")


async def _run(stage: Stage, services: Services) -> Reading:
    """One run of the tenant's connections, or of the contract's API."""
    assert services.worker is not None  # noqa: S101 - `_at_work` has seen to it
    connections = [each.id for each in await services.connections.of_tenant(TENANT)]
    wall, service, mongod = time.perf_counter(), time.process_time(), stage.mongod_seconds()
    job = await services.jobs.start(TENANT, connections=connections)
    services.worker.wake()
    ended = await services.jobs.wait(job.id)
    seconds = time.perf_counter() - wall
    if ended.error or ended.irregularities:
        raise AssertionError(f"the run went wrong: {ended.error} {ended.irregularities}")
    return Reading(ended.new_ingested, seconds, time.process_time() - service, stage.mongod_seconds() - mongod)


async def _idle(stage: Stage, services: Services, url: str, kind: SourceKind) -> tuple[int, float]:
    """How many requests a run with nothing new makes, and how long it takes."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        before = len((await http.get(REQUESTS[kind])).json())
        reading = await _run(stage, services)
        after = len((await http.get(REQUESTS[kind])).json())
    if reading.tickets:
        raise AssertionError("there was something new")
    return after - before, reading.seconds


async def _warm_up(url: str, kind: SourceKind) -> None:
    """Let the stand-in make its tickets, which it does when it is asked first."""
    path, settings, secrets = ACCESS[kind]
    async with httpx.AsyncClient(base_url=url + path, timeout=300) as http:
        if kind is SourceKind.ZENDESK:
            access: dict[str, Any] = {"auth": (f"{settings['email']}/token", secrets["api_token"])}
            answer = await http.get("/api/v2/users/me.json", **access)
        else:
            access = {"headers": {"Authorization": f"Bearer {secrets['token']}"}}
            answer = await http.get(f"/repos/{REPOSITORY}/issues?per_page=1", **access)
        answer.raise_for_status()
