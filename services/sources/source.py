"""The seam between a run and the help desk it reads from.

A run knows pages, places and tickets; it knows neither HTTP nor page numbers. A source is anything that has these
methods; each has a package of its own beside this module.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from services.sources.pages import Capabilities, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import PageRecords


class Source(Protocol):
    """One help desk's tickets.

    Every method but `normalise` may wait for long, tells the caller so, and raises `UpstreamError` when the source
    refuses or was given up on.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def begin(self, cursor: PagePlace | None, *, whole: bool) -> PagePlace:
        """Where a walk begins for whoever has read up to `cursor`: over the `whole` list, or what changed since."""

    async def page(self, caller: UpstreamCaller, place: PagePlace) -> SourcePage:
        """The page that begins at `place`, which is `BEGINNING` or was named by a page."""

    async def is_gone(self, caller: UpstreamCaller, external_id: str) -> bool:
        """Whether the source says that it does not have this ticket."""

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        """The ids that it names as deleted, perhaps those of other tenants too."""

    def normalise(self, records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
        """Sort a page's records: what a ticket is made of, or why it cannot be one. Computes, and asks nobody.

        `mixes_tenants`: the list has shown other tenants' records, so that one which names no tenant may be anybody's.
        """
