"""What tickets name by their ids only, agents and custom statuses: asked for once, kept as long as the source is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.kit.words import word_of
from services.sources.http.asking import Asking
from services.sources.pages import UpstreamCaller
from services.sources.records.fields import status_of
from services.sources.zendesk.exports import read_zendesk_object, whole

NAMES_AT_ONCE = 100
"""Users that Zendesk shows in one answer."""
MAX_NAMES_ASKED = 2_000
"""For one page; whoever is beyond goes by the id."""
MAX_NAMES_KEPT = 20_000
MAX_NAME_CHARACTERS = 200
_WITHHELD = (SourceProblem.FORBIDDEN, SourceProblem.NOT_FOUND, SourceProblem.NOT_IN_PLAN)
"""The credential reads tickets, but not this: ids do as well, today and tomorrow alike."""


@dataclass(frozen=True, slots=True)
class StatusNames:
    """A status of the account's own."""

    category: str
    """The status of the system that it counts as."""
    label: str | None
    """What agents read; None for the one that stands for the whole category."""


@dataclass(slots=True)
class Directory:
    """Asks outside the limit of the exports."""

    asking: Asking
    base_url: str
    _names: dict[int, str | None] = field(default_factory=dict)
    _statuses: dict[int, StatusNames | None] = field(default_factory=dict)

    async def names(self, caller: UpstreamCaller, ids: Iterable[int]) -> Mapping[int, str]:
        """The names of agents; nobody's who is not there any more.

        Raises:
            UpstreamError: Zendesk kept failing, or refused the credential.
        """
        unknown = sorted(set(ids) - self._names.keys())[:MAX_NAMES_ASKED]
        if len(self._names) + len(unknown) > MAX_NAMES_KEPT:
            self._names.clear()
        for start in range(0, len(unknown), NAMES_AT_ONCE):
            asked = unknown[start : start + NAMES_AT_ONCE]
            listed = ",".join(map(str, asked))
            users = await self._listed(caller, f"/api/v2/users/show_many.json?ids={listed}", "users")
            self._names |= dict.fromkeys(asked) | _by_id(users, _name)
        return {number: name for number, name in self._names.items() if name}

    async def statuses(self, caller: UpstreamCaller, ids: Iterable[int]) -> Mapping[int, StatusNames]:
        """The statuses of the account's own; none that is not there any more.

        Raises:
            UpstreamError: Zendesk kept failing, or refused the credential.
        """
        unknown = set(ids) - self._statuses.keys()
        if unknown:
            found = await self._listed(caller, "/api/v2/custom_statuses.json", "custom_statuses")
            self._statuses |= dict.fromkeys(unknown) | _by_id(found, _status)
        return {number: status for number, status in self._statuses.items() if status}

    async def _listed(self, caller: UpstreamCaller, path: str, name: str) -> Sequence[Any]:
        try:
            body = await self.asking.ask(caller, httpx.URL(self.base_url + path), read_zendesk_object)
        except UpstreamError as error:
            if error.problem in _WITHHELD:
                return ()
            raise
        rows = body.get(name)
        return rows if isinstance(rows, list) else ()


def _by_id(rows: Sequence[Any], read: Callable[[dict[str, Any]], Any]) -> dict[int, Any]:
    told = {whole(row.get("id")): read(row) for row in rows[:MAX_NAMES_ASKED] if isinstance(row, dict)}
    return {number: value for number, value in told.items() if number is not None}


def _name(user: Mapping[str, Any]) -> str | None:
    try:
        return (word_of(user.get("name")) or "")[:MAX_NAME_CHARACTERS] or None
    except ValueError:
        return None


def _status(status: Mapping[str, Any]) -> StatusNames | None:
    try:
        category, label = status_of(status.get("status_category")), word_of(status.get("agent_label"))
    except ValueError:
        return None
    return StatusNames(category, None if status.get("default") is True else label) if category else None
