"""What upstream answered, and what to make of it: success, a failure that may heal, or one that cannot."""

from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel

from services.errors import UpstreamError
from services.sources.standard.records import UpstreamPage
from services.sources.standard.salvage import MAX_PAGE_LEVELS, read_json, salvage

EXCERPT_CHARACTERS = 200
RETRIABLE_STATUSES = frozenset([408, 425, 500, 502, 503, 504])

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """A whole answer."""

    status: int
    headers: httpx.Headers
    body: bytes

    def excerpt(self) -> str:
        """What was received, in one short line."""
        text = " ".join(self.body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace").split())
        return f"status {self.status}, {len(self.body)} bytes: {text[:EXCERPT_CHARACTERS]!r}"


class TransientError(Exception):
    """This attempt failed, the next one may not."""


def demand_success(answer: UpstreamAnswer) -> None:
    """Let only a 200 pass.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    if answer.status in RETRIABLE_STATUSES:
        raise TransientError(answer.excerpt())
    if answer.status != 200:
        raise UpstreamError(f"upstream refused: {answer.excerpt()}")


def read_page(answer: UpstreamAnswer) -> UpstreamPage:
    """The page; its records are not looked at."""
    return parsed(UpstreamPage, answer)


def salvaged_page(answer: UpstreamAnswer) -> UpstreamPage | None:
    """What can be read of a page that stays unreadable as a whole: one bad record must not stop a run."""
    if answer.status != 200:
        return None
    try:
        return UpstreamPage.model_validate(salvage(answer.body))
    except ValueError:
        return None


def parsed(model: type[M], answer: UpstreamAnswer) -> M:
    """The body as `model`. A body that is cut short or is not what it should be may be whole the next time."""
    demand_success(answer)
    try:
        return model.model_validate(read_json(answer.body, levels=MAX_PAGE_LEVELS))
    except ValueError as error:
        raise TransientError(f"not the expected JSON ({described(error)}): {answer.excerpt()}") from error


def described(error: BaseException) -> str:
    """A failure in one short line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:EXCERPT_CHARACTERS]}".rstrip(": ")
