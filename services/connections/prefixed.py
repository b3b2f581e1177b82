"""A source whose tickets' ids begin with the connection's prefix, so that those of two accounts never meet."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.sources.pages import Capabilities, Detail, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import PageRecords
from services.sources.source import Source


class PrefixedSource:
    """Another source, with ids as they are stored wherever ids are told or asked for."""

    def __init__(self, inner: Source, prefix: str) -> None:
        """`prefix`: without the colon, and not empty."""
        self._inner = inner
        self._front = f"{prefix}:"

    @property
    def capabilities(self) -> Capabilities:
        """Those of the source."""
        return self._inner.capabilities

    def begin(self, cursor: PagePlace | None, *, whole: bool) -> PagePlace:
        """As the source begins."""
        return self._inner.begin(cursor, whole=whole)

    async def page(self, caller: UpstreamCaller, place: PagePlace) -> SourcePage:
        """The source's page; its records are as they came, `normalise` reads them."""
        page = await self._inner.page(caller, place)
        # In a thread: a page may tell of some thousand things, and this process has requests to answer.
        details = await asyncio.to_thread(self._prefixed, page.details) if page.details else ()
        return replace(page, ids=[self._stored(each) for each in page.ids], details=details)

    async def is_gone(self, caller: UpstreamCaller, external_id: str) -> bool:
        """Whether the source says that it does not have this ticket; never of one that is not its own."""
        if not external_id.startswith(self._front):
            return False
        return await self._inner.is_gone(caller, external_id.removeprefix(self._front))

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        """The ids that it names as deleted."""
        return {self._front + each for each in await self._inner.deleted_ids(caller)}

    def normalise(self, records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
        """The page's records, sorted as the source does."""
        found = self._inner.normalise(records, tenant_id, mixes_tenants=mixes_tenants)
        own = [ticket.model_copy(update={"id": self._front + ticket.id}) for ticket in found.own.values()]
        rejected = [
            replace(each, external_id=self._stored(each.external_id), identity=self._front + each.identity)
            for each in found.rejected
        ]
        gone = {self._front + external_id: when for external_id, when in found.gone.items()}
        return replace(found, own={ticket.id: ticket for ticket in own}, gone=gone, rejected=rejected)

    def _prefixed(self, details: Sequence[Detail]) -> list[Detail]:
        return [replace(each, ticket_id=self._front + each.ticket_id) for each in details]

    def _stored(self, external_id: str | None) -> str | None:
        return None if external_id is None else self._front + external_id
