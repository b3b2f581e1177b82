"""Scripted answers: a test says in advance what the next list requests get instead of, or on top of, the truth."""

import gzip
import json
from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt

from mock_external_api.answers import JSON, dump_json
from mock_external_api.faults import DroppedResponse


class ScriptedAnswer(BaseModel):
    """One scripted answer. Without `body`, and without an error `status`, the normal answer is the base."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: PositiveInt | None = None
    """Answers only requests for this page."""
    times: PositiveInt = 1
    """Number of requests that it answers."""
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    headers: dict[str, str] = {}
    body: str | None = None
    """Text that is sent as it is."""
    repeat: PositiveInt = 1
    """How often `body` is sent, one after the other."""
    gzip: int = Field(default=0, ge=0, le=3)
    """How often the answer is compressed; each time is declared."""
    patch: dict[str, Any] | None = None
    """Fields of the normal answer to replace, for example `{"next_page": 1, "total_count": 5}`."""
    delay_ms: NonNegativeFloat = 0
    truncate: bool = False
    """Cut the body in half. With `close` the full length is announced and the connection breaks half-way."""
    close: bool = False
    """Close the connection; without `truncate` before the first byte."""

    def answer(self, normal: bytes) -> Response:
        """Make the answer; `normal` is the body of the answer that the request would have got."""
        body = self._body(normal)
        half = body[: len(body) // 2]
        if self.close:
            return DroppedResponse(self._response(body), half) if self.truncate else DroppedResponse()
        return self._response(half if self.truncate else body)

    def _body(self, normal: bytes) -> bytes:
        if self.body is not None:
            return self.body.encode() * self.repeat
        if self.status is not None and self.status >= 400:
            return b'{"detail":"A scripted failure."}'
        return dump_json({**json.loads(normal), **self.patch}) if self.patch else normal

    def _response(self, body: bytes) -> Response:
        headers = {name.lower(): value for name, value in self.headers.items()}
        media_type = None if "content-type" in headers else JSON
        for _ in range(self.gzip):
            body = gzip.compress(body)
        if self.gzip:
            headers["content-encoding"] = ", ".join(["gzip"] * self.gzip)
        return Response(body, self.status or 200, headers, media_type)


class Script:
    """Scripted answers in the order in which they were given."""

    def __init__(self) -> None:
        self._waiting: list[ScriptedAnswer] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def append(self, answer: ScriptedAnswer) -> None:
        """Queue an answer, `times` times."""
        self._waiting.extend([answer] * answer.times)

    def clear(self) -> None:
        """Forget all that is queued."""
        self._waiting.clear()

    def take(self, page: int) -> ScriptedAnswer | None:
        """Remove and return the first answer that is for `page` or for any page."""
        for index, answer in enumerate(self._waiting):
            if answer.page in (None, page):
                return self._waiting.pop(index)
        return None
