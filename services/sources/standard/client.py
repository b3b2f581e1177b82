"""The client of the external API: one request at a time, rate-limited, retried where a retry can heal."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from services.errors import UpstreamError
from services.kit.clock import Clock
from services.kit.http_answers import retry_after_seconds
from services.kit.retry import RetryPolicy
from services.sources.budget import OnWait, RateLimiter
from services.sources.standard.envelope import (
    TransientError,
    UpstreamAnswer,
    demand_success,
    described,
    parsed,
    read_page,
    salvaged_page,
)
from services.sources.standard.records import UpstreamPage

REQUEST_SECONDS = 30.0
"""The hard limit of one request, from the first byte sent to the last one read."""
MAX_THROTTLED = 20
"""A request that is answered 429 so often in a row is given up."""
MAX_BODY_BYTES = 64 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UpstreamCaller:
    """On whose behalf a request is made, and who wants to know what becomes of it."""

    tenant_id: str
    on_wait: OnWait
    on_retry: Callable[[], None]


class DeletedTickets(BaseModel):
    """The upstream's list of deleted tickets, of all tenants."""

    deleted_ids: list[str | int]


class ThrottledError(Exception):
    """The answer was 429; carries the seconds to wait."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class ExternalApi:
    """Pages, single tickets and the deleted list."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        limiter: RateLimiter,
        clock: Clock,
        *,
        retries: RetryPolicy | None = None,
    ) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter
        self._clock = clock
        self._retries = retries or RetryPolicy()

    async def fetch_page(self, caller: UpstreamCaller, page: int, page_size: int) -> UpstreamPage:
        """Page `page` (from 1) of the tenant's tickets, as far as upstream honours the tenant.

        Raises:
            UpstreamError: upstream refused, or kept failing.
        """
        query = {
            "page": str(page),
            "page_size": str(page_size),
            "tenant_id": caller.tenant_id,
            "include_deleted": "false",
        }
        path = "/external/support-tickets"
        return await self._fetch(caller, path, query, read_page, last_resort=salvaged_page)

    async def is_gone(self, caller: UpstreamCaller, external_id: str) -> bool:
        """Whether upstream says that it does not have this ticket.

        Raises:
            UpstreamError: upstream refused, or kept failing.
        """
        path = f"/external/support-tickets/{quote(external_id, safe='')}"

        def read(answer: UpstreamAnswer) -> bool:
            if answer.status != 404:
                demand_success(answer)
            return answer.status == 404

        return await self._fetch(caller, path, {}, read)

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        """The ids that upstream names as deleted, of all tenants.

        Raises:
            UpstreamError: upstream refused, or kept failing.
        """
        listed = await self._fetch(
            caller, "/external/deleted-tickets", {}, lambda answer: parsed(DeletedTickets, answer)
        )
        return {str(external_id) for external_id in listed.deleted_ids}

    async def ping(self) -> None:
        """Ask upstream's health route, which costs nothing of the request budget.

        Raises:
            UpstreamError: upstream is not healthy.
        """
        try:
            response = await self._http.get(f"{self._base_url}/health")
        except httpx.HTTPError as error:
            raise UpstreamError(described(error)) from error
        if response.status_code != 200:
            raise UpstreamError(f"status {response.status_code}")

    async def _fetch(
        self,
        caller: UpstreamCaller,
        path: str,
        query: Mapping[str, str],
        read: Callable[[UpstreamAnswer], T],
        *,
        last_resort: Callable[[UpstreamAnswer], T | None] = lambda answer: None,
    ) -> T:
        """Ask until `read` accepts the answer; the last answer may be read by `last_resort` instead."""
        failures = throttled = 0
        while True:
            answer: UpstreamAnswer | None = None
            try:
                answer = await self._send(caller, path, query)
                return read(answer)
            except ThrottledError as error:
                throttled += 1
                if throttled >= MAX_THROTTLED:
                    raise UpstreamError(f"GET {path}: answered 429 {throttled} times in a row") from error
                await self._limiter.pause(error.retry_after)
            except TransientError as error:
                failures += 1
                wait = self._retries.delay(failures, random.random())  # noqa: S311  (jitter is no secret)
                if wait is None:
                    if answer is not None and (salvaged := last_resort(answer)) is not None:
                        return salvaged
                    raise UpstreamError(f"GET {path}: gave up after {failures} attempts; last: {error}") from error
                caller.on_retry()
                await self._clock.sleep(wait)

    async def _send(self, caller: UpstreamCaller, path: str, query: Mapping[str, str]) -> UpstreamAnswer:
        """Send one request within the budget.

        A slot whose request got no answer is left unsettled: upstream may have counted it at any time.
        """
        slot = await self._limiter.acquire(caller.tenant_id, caller.on_wait)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answer = await self._receive(path, query)
        except (httpx.TransportError, TimeoutError) as error:
            raise TransientError(described(error)) from error
        await self._limiter.settle(slot)
        if answer.status == 429:
            raise ThrottledError(retry_after_seconds(answer.headers))
        return answer

    async def _receive(self, path: str, query: Mapping[str, str]) -> UpstreamAnswer:
        async with self._http.stream("GET", self._base_url + path, params=query) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise UpstreamError(f"GET {path}: the answer is larger than {MAX_BODY_BYTES} bytes")
        return UpstreamAnswer(response.status_code, response.headers, bytes(body))
