"""Trying a connection: whether its credential is taken, and one record can be read. Nothing is stored."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from documents.connection import Connection
from documents.vocabulary import SourceProblem
from services.connections.opening import ReadingTerms, Sources
from services.errors import UpstreamError
from services.kit.retry import Patience
from services.sources.pages import SourcePage, UpstreamCaller
from services.sources.source import Source

CHECK_SECONDS = 10.0
"""How long a check may take, its place in the budget of requests included."""
_ONE_RECORD_ONCE = ReadingTerms(Patience(seconds=0, least_attempts=1), page_size=1, requests_per_minute=0)


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What came of a check, in words of ours."""

    ok: bool
    detail: str
    problem: SourceProblem | None = None


async def try_connection(sources: Sources, connection: Connection) -> CheckOutcome:
    """Ask for one record, once."""
    waits = False

    async def on_wait(until: datetime) -> None:
        nonlocal waits
        waits = True

    caller = UpstreamCaller(connection.tenant_id, on_wait, lambda: None)
    try:
        async with sources.open_once(connection, _ONE_RECORD_ONCE) as source, asyncio.timeout(CHECK_SECONDS):
            page = await source.page(caller, source.begin(None, whole=True))
    except UpstreamError as error:
        return CheckOutcome(False, f"{error.problem.description} ({error})", error.problem)
    except TimeoutError:
        if waits:
            return CheckOutcome(False, "The present minute's requests to it are used up; try again in a minute.")
        detail = f"It did not answer within {CHECK_SECONDS:.0f} s."
        return CheckOutcome(False, detail, SourceProblem.UNREACHABLE)
    return _read(source, page, connection.tenant_id)


def _read(source: Source, page: SourcePage, tenant_id: str) -> CheckOutcome:
    found = source.normalise(page.records[:1], tenant_id)
    if found.rejected:
        return CheckOutcome(False, f"It answers, but its first ticket cannot be read: {found.rejected[0].reason}.")
    if found.foreign:
        return CheckOutcome(True, "It answers; the first ticket that it shows is another tenant's.")
    if found.own:
        return CheckOutcome(True, "It answers and shows tickets.")
    # What is read first of some sources are not the tickets.
    return CheckOutcome(True, "It answers; it has no tickets." if page.next is None else "It answers.")
