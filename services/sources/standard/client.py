"""The contract's API as a source: one request at a time, rate-limited, asked again for as long as that may help."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from services.errors import UpstreamError
from services.kit.clock import Clock
from services.kit.retry import Patience
from services.sources.budget import MAX_NAP_SECONDS, RateLimiter
from services.sources.pages import Capabilities, PagePlace, SourcePage, UpstreamCaller
from services.sources.standard.envelope import (
    demand_success,
    is_missing,
    read_deleted,
    read_page,
    salvaged_page,
)
from services.sources.standard.records import PageRecords, sort_records
from services.sources.standard.transport import TransientError, Transport, UpstreamAnswer

TICKETS = "/external/support-tickets"
DELETED = "/external/deleted-tickets"
SMALL_BODY_BYTES = 128 * 1024
"""An uncompressed body below this is read at once (2 ms at most); a larger one in a thread."""
SALVAGED_AFTER = 4
"""A page that was unreadable so often in a row has a record that will stay so."""

T = TypeVar("T")


class ExternalApi:
    """Pages, single tickets and the deleted list. A place in its list is the number of a page."""

    capabilities = Capabilities(list_may_shift=True, names_deleted=True)

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        limiter: RateLimiter,
        clock: Clock,
        *,
        page_size: int,
        patience: Patience,
    ) -> None:
        self._transport = Transport(http, limiter)
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._page_size = page_size
        self._patience = patience

    @property
    def budget(self) -> RateLimiter:
        """The limit that its requests draw on."""
        return self._transport.limiter

    async def page(self, caller: UpstreamCaller, place: PagePlace) -> SourcePage:
        """A page of the tenant's tickets, as far as upstream honours the tenant.

        A page that is not there, past the first one, is the end of a list that was longer before.

        Raises:
            UpstreamError: upstream refused, or kept failing.
        """
        number = int(place)
        query = {
            "page": str(number),
            "page_size": str(self._page_size),
            "tenant_id": caller.tenant_id,
            "include_deleted": "false",
        }

        def read(answer: UpstreamAnswer) -> SourcePage:
            if number > 1 and is_missing(answer):
                return SourcePage((), (), None)
            return read_page(answer, number, self._page_size)

        return await self._fetch(
            caller,
            self._url(TICKETS).copy_merge_params(query),
            read,
            last_resort=lambda answer: salvaged_page(answer, number, self._page_size),
        )

    async def is_gone(self, caller: UpstreamCaller, external_id: str) -> bool:
        """Whether upstream says that it does not have this ticket.

        Raises:
            UpstreamError: upstream refused, or kept failing.
        """

        def read(answer: UpstreamAnswer) -> bool:
            if not is_missing(answer):
                demand_success(answer)
            return is_missing(answer)

        return await self._fetch(caller, self._url(f"{TICKETS}/{quote(external_id, safe='')}"), read)

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        """The ids that upstream names as deleted, of all tenants.

        Raises:
            UpstreamError: upstream refused, or kept failing.
        """
        return await self._fetch(caller, self._url(DELETED), read_deleted)

    def normalise(self, records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
        """Sort a page's records: tickets, others' tickets, and what cannot be one."""
        return sort_records(records, tenant_id, mixes_tenants=mixes_tenants)

    async def ping(self) -> None:
        """Ask upstream's health route, which costs nothing of the request budget.

        Raises:
            UpstreamError: upstream is not healthy.
        """
        status = await self._transport.status(self._url("/health"))
        if status != 200:
            raise UpstreamError(f"status {status}")

    def _url(self, path: str) -> httpx.URL:
        return httpx.URL(self._base_url + path)

    async def _fetch(
        self,
        caller: UpstreamCaller,
        url: httpx.URL,
        read: Callable[[UpstreamAnswer], T],
        *,
        last_resort: Callable[[UpstreamAnswer], T | None] = lambda answer: None,
    ) -> T:
        """Ask until `read` accepts the answer, or patience ends.

        A 200 that `read` has refused `SALVAGED_AFTER` times in a row may be read by `last_resort` instead.
        """
        failures, unreadable, began = 0, 0, 0.0
        while True:
            answer: UpstreamAnswer | None = None
            try:
                answer = await self._transport.get(caller, url)
                return await _computed(read, answer)
            except TransientError as failure:
                failures += 1
                began = self._clock.monotonic() if failures == 1 else began
                unreadable = unreadable + 1 if answer is not None and answer.status == 200 else 0
                if answer is not None and unreadable >= SALVAGED_AFTER:
                    salvaged = await asyncio.to_thread(last_resort, answer)
                    if salvaged is not None:
                        return salvaged
                await self._pause(caller, failure, failures, self._clock.monotonic() - began)

    async def _pause(self, caller: UpstreamCaller, failure: TransientError, failures: int, waited: float) -> None:
        chance = random.random()  # noqa: S311  (jitter is no secret)
        wait = self._patience.pause(failures, chance, waited=waited, asked=failure.asked)
        if wait is None:
            asked = f", which asked for {failure.asked:.0f} s of rest" if failure.asked else ""
            raise UpstreamError(
                f"upstream was given up on after {failures} attempts in {waited:.0f} s; last: {failure}{asked}"
            ) from failure
        if failure.is_throttled:
            await self.budget.pause(wait)  # everybody's, and this caller waits with everybody
            return
        caller.on_retry()
        if wait > MAX_NAP_SECONDS:
            await caller.on_wait(self._clock.now() + timedelta(seconds=wait))
        await self._clock.sleep(wait)


async def _computed(read: Callable[[UpstreamAnswer], T], answer: UpstreamAnswer) -> T:
    """Read an answer, in a thread if that may take long."""
    if len(answer.body) < SMALL_BODY_BYTES and "content-encoding" not in answer.headers:
        return read(answer)
    return await asyncio.to_thread(read, answer)
