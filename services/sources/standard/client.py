"""The contract's API as a source: one request at a time, rate-limited, asked again for as long as that may help."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from services.errors import UpstreamError
from services.kit.clock import Clock
from services.kit.retry import Patience
from services.sources.budget import RateLimiter
from services.sources.http.answers import demand_success, is_missing
from services.sources.http.asking import Asking
from services.sources.http.transport import NO_HEADERS, Transport, UpstreamAnswer
from services.sources.pages import BEGINNING, Capabilities, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import PageRecords, sort_records
from services.sources.standard.envelope import read_deleted, read_page, salvaged_page

TICKETS = "/external/support-tickets"
DELETED = "/external/deleted-tickets"


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
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        """`headers` are sent with every request."""
        self._asking = Asking(Transport(http, limiter, headers), clock, patience)
        self._base_url = base_url.rstrip("/")
        self._page_size = page_size

    def begin(self, cursor: PagePlace | None, *, whole: bool) -> PagePlace:
        """The first page: the list tells nothing of what has changed."""
        return BEGINNING

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

        return await self._asking.ask(
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

        return await self._asking.ask(caller, self._url(f"{TICKETS}/{quote(external_id, safe='')}"), read)

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        """The ids that upstream names as deleted, of all tenants.

        Raises:
            UpstreamError: upstream refused, or kept failing.
        """
        return await self._asking.ask(caller, self._url(DELETED), read_deleted)

    def normalise(self, records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
        """Sort a page's records: tickets, others' tickets, and what cannot be one."""
        return sort_records(records, tenant_id, mixes_tenants=mixes_tenants)

    async def ping(self) -> None:
        """Ask upstream's health route, which costs nothing of the request budget.

        Raises:
            UpstreamError: upstream is not healthy.
        """
        status = await self._asking.status(self._url("/health"))
        if status != 200:
            raise UpstreamError(f"status {status}")

    def _url(self, path: str) -> httpx.URL:
        return httpx.URL(self._base_url + path)
