"""One request and its answer: who asks, whether they may, and the headers that every answer has."""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from itertools import count

from starlette.requests import Request
from starlette.responses import Response

from mock_external_api.github.refusals import RefusalError, refusal, secondary_exceeded
from mock_external_api.github.service import Github

VERSIONS = ("2022-11-28", "2026-03-10")
_REQUESTS = count(1)


@dataclass(slots=True)
class Answer:
    """A record or a page of them, as JSON."""

    body: bytes
    changed: int | None = None
    """When the record was last changed, in seconds since 1970, for `Last-Modified`."""
    link: str | None = None
    free: bool = False
    """It does not count on the limit."""


class Exchange:
    """A request to the stand-in."""

    def __init__(self, github: Github, request: Request) -> None:
        self.github, self.request = github, request
        self.settings = github.settings
        self.base = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
        """The address at which the client reaches the API."""
        self.token = _token(request.headers.get("authorization"))
        self.query = dict(request.query_params)
        self.version = request.headers.get("x-github-api-version", VERSIONS[0])

    async def answer(self, handler: Callable[["Exchange"], Answer]) -> Response:
        """Let `handler` answer, unless the request is refused before; log it."""
        headers = self.request.headers
        entry = {
            "path": self.request.scope["path"].removeprefix(self.request.scope.get("root_path", "")),
            "query": self.query,
            "authorized": self.token is not None,
            "if_none_match": headers.get("if-none-match"),
            "user_agent": headers.get("user-agent"),
            "version": headers.get("x-github-api-version"),
            "status": None,
        }
        self.github.log.append(entry)
        try:
            response = self._answer(handler)
        except RefusalError as error:
            response = self._response(error.status, error.body, error.headers)
        entry["status"] = response.status_code
        return response

    def _answer(self, handler: Callable[["Exchange"], Answer]) -> Response:
        github, settings = self.github, self.settings
        if not self.request.headers.get("user-agent"):
            raise refusal(403, "Request forbidden by administrative rules. Please send a User-Agent header.")
        if (status := github.trouble()) is not None:
            if status in (403, 429):
                raise secondary_exceeded(status, settings.secondary_retry_after)
            raise RefusalError(status, {"message": "Server Error"})
        if self.token is not None and self.token not in github.tokens:
            raise refusal(401, "Bad credentials")
        github.limits.admit(self.token, settings)
        if self.version not in VERSIONS:
            github.limits.count(self.token)
            raise refusal(400, f'"{self.version}" is not a supported version.', "/rest/about-the-rest-api/api-versions")
        try:
            answer = handler(self)
        except RefusalError:
            github.limits.count(self.token)
            raise
        tag = self._tag(answer.body)
        unchanged = self._is_unchanged(tag, answer)
        if not answer.free and (not unchanged or self.token is None):
            github.limits.count(self.token)
        headers = {"ETag": tag, "Cache-Control": f"{'public' if self.token is None else 'private'}, max-age=60"}
        headers["Vary"] = "Accept, Authorization, Cookie, X-GitHub-OTP"
        if answer.changed is not None:
            headers["Last-Modified"] = format_datetime(datetime.fromtimestamp(answer.changed, UTC), usegmt=True)
        if answer.link is not None and not unchanged:
            headers["Link"] = answer.link
        return self._response(304, b"", headers) if unchanged else self._response(200, answer.body, headers)

    def _tag(self, body: bytes) -> str:
        """Return the `ETag`, which differs from token to token, as the real one does."""
        extra = f"{self.token}:{next(_REQUESTS) if self.settings.restless_etags else ''}"
        return f'W/"{blake2b(body, digest_size=32, key=extra.encode()[:64]).hexdigest()}"'

    def _is_unchanged(self, tag: str, answer: Answer) -> bool:
        headers = self.request.headers
        if (known := headers.get("if-none-match")) is not None:
            weak = tag.removeprefix("W/")
            return self.settings.always_304 or any(one.strip().removeprefix("W/") == weak for one in known.split(","))
        if answer.changed is None or (since := headers.get("if-modified-since")) is None:
            return False
        try:
            return answer.changed <= parsedate_to_datetime(since).timestamp()
        except ValueError:
            return False

    def _response(self, status: int, body: bytes, headers: dict[str, str]) -> Response:
        limit = self.github.limits.state(self.token, self.settings)
        usual = {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in limit.items()}
        usual |= {
            "X-RateLimit-Resource": "core",
            "X-GitHub-Request-Id": f"5A4D:{next(_REQUESTS):06X}",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": self.version if self.version in VERSIONS else VERSIONS[0],
            "Date": format_datetime(datetime.fromtimestamp(self.github.limits.now(), UTC), usegmt=True),
            "Server": "github.com",
        }
        kind = None if status == 304 else "application/json; charset=utf-8"
        return Response(body, status, usual | headers, media_type=kind)


def route(github: Github, handler: Callable[[Exchange], Answer]) -> Callable[[Request], Awaitable[Response]]:
    """Return a route that lets `handler` answer."""

    async def serve(request: Request) -> Response:
        return await Exchange(github, request).answer(handler)

    return serve


def _token(authorization: str | None) -> str | None:
    """Read `Bearer T`, `token T`, or the password of basic authentication; None without a header."""
    if not authorization:
        return None
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return value.strip()
    try:
        user, _, password = b64decode(value).decode().partition(":")
    except ValueError:
        return ""
    return password or user
