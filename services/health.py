"""Whether what the service depends on can be reached."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

import structlog

from documents.failures import DatabaseError
from services.errors import UpstreamError

PROBE_SECONDS = 2.0

Probe = Callable[[], Awaitable[None]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HealthReport:
    """One verdict for each dependency."""

    dependencies: dict[str, bool]

    @property
    def is_healthy(self) -> bool:
        """Whether all of them are."""
        return all(self.dependencies.values())


class Health:
    """Probes every dependency at once, each within its own time limit."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = dict(probes)

    async def check(self, only: Collection[str] | None = None) -> HealthReport:
        """Probe all dependencies, or `only` some; never raises and takes 2 s at the longest."""
        names = [name for name in self._probes if only is None or name in only]
        verdicts = await asyncio.gather(*(self._is_healthy(name, self._probes[name]) for name in names))
        return HealthReport(dict(zip(names, verdicts, strict=True)))

    async def _is_healthy(self, name: str, probe: Probe) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await probe()
        except (DatabaseError, UpstreamError, TimeoutError) as error:
            log.warning("probe_failed", dependency=name, error=f"{type(error).__name__}: {error}"[:200])
            return False
        return True
