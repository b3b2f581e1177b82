"""Whether an issue is gone: what GitHub says of it, believed only while the repository itself answers."""

import re
from dataclasses import dataclass

import httpx

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.kit.clock import Clock
from services.sources.github.answers import demand_readable, read_object
from services.sources.http.answers import is_missing, not_expected
from services.sources.http.asking import Asking
from services.sources.http.transport import TransientError, UpstreamAnswer
from services.sources.pages import UpstreamCaller
from services.sources.records.json_text import UnreadableBodyError

BELIEVED_SECONDS = 60.0
"""For how long a repository that has answered counts as there."""
_BY_NUMBER = re.compile(r"/repositories/([0-9]{1,18})/issues/[0-9]+$")
_BY_NAME = re.compile(r"/repos/([^/]+/[^/]+)/issues/[0-9]+$")


@dataclass(frozen=True, slots=True)
class _Repository:
    """What a repository says of itself."""

    number: str
    names: frozenset[str]
    """`owner/name` as we ask for it, and as it is called now; in lower case."""
    answered: float
    """When, by the monotonic clock."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What was answered to the question for an issue."""

    is_there: bool
    led_to: str
    """The path of another address to which the question was led; empty: it was not."""


class Standing:
    """Asks for single issues of a repository."""

    def __init__(self, asking: Asking, clock: Clock, here: str, name: str) -> None:
        """`here`: the repository's address; `name`: `owner/name`."""
        self._asking = asking
        self._clock = clock
        self._here = here
        self._name = name.lower()
        self._repository: _Repository | None = None

    async def is_gone(self, caller: UpstreamCaller, number: int) -> bool:
        """Whether the repository no longer has this issue: it is deleted, or in another repository now.

        Raises:
            UpstreamError: GitHub refused, or kept failing, or the repository itself is not there.
        """
        url = httpx.URL(f"{self._here}/issues/{number}")

        def read(answer: UpstreamAnswer) -> _Found:
            led_to = "" if answer.url == url else answer.url.path
            if is_missing(answer) or (led_to and answer.status in (401, 403, 451) and not _heals(answer)):
                return _Found(False, led_to)
            if read_object(answer).get("number") is None:
                raise not_expected(UnreadableBodyError("it is no issue"), answer)
            return _Found(True, led_to)

        found = await self._asking.ask(caller, url, read)
        if found.is_there and not found.led_to:
            return False
        repository = await self._demand_repository(caller)
        return not found.is_there or _is_elsewhere(found.led_to, repository)

    async def _demand_repository(self, caller: UpstreamCaller) -> _Repository:
        """The repository, which answers and has issues."""
        known = self._repository
        if known is not None and self._clock.monotonic() - known.answered < BELIEVED_SECONDS:
            return known
        told = await self._asking.ask(caller, httpx.URL(self._here), read_object)
        if told.get("has_issues") is False:
            raise UpstreamError("the repository's issues are switched off", SourceProblem.SWITCHED_OFF)
        names = frozenset([self._name, str(told.get("full_name")).lower()])
        self._repository = _Repository(str(told.get("id")), names, self._clock.monotonic())
        return self._repository


def _is_elsewhere(path: str, repository: _Repository) -> bool:
    """Whether an address is that of another repository's issue. One that cannot be told is not."""
    if by_number := _BY_NUMBER.search(path):
        return by_number.group(1) != repository.number
    by_name = _BY_NAME.search(path)
    return by_name is not None and by_name.group(1).lower() not in repository.names


def _heals(answer: UpstreamAnswer) -> bool:
    """Whether a refusal is only for being asked too often."""
    try:
        demand_readable(answer)
    except TransientError:
        return True
    except UpstreamError:
        pass
    return False
