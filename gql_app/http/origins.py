"""Whose pages may use a service that asks for no credential: with `AUTH_MODE=open`, being on this machine is enough.

Every page that its user visits is asked from this machine, too. A page whose own host name was made to point here
(DNS rebinding) shows in `Host`. One that sends a form or a fetch here shows in `Sec-Fetch-Site`, which browsers set
and no page can, or in `Origin`. Programs send neither, and are let in.
"""

from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gql_app.http.problems import problem
from gql_app.settings import LOOPBACK, Settings
from services.errors import ErrorCode

SAFE_METHODS = frozenset(["GET", "HEAD", "OPTIONS"])
"""What changes nothing; what it answers is kept from other sites' pages by the browser (CORS)."""
OWN_PAGE = ("same-origin", "none")
"""`Sec-Fetch-Site` of our own pages, and of what the user typed."""
MAX_HOST_CHARACTERS = 300
FOREIGN_HOST = "This service is not served under that host name; ALLOWED_HOSTS and HOST decide under which it is."
FOREIGN_PAGE = "Pages of other origins must not change anything here; CORS_ORIGINS lists those that may."


class Refusal(NamedTuple):
    """Why a request is not let in."""

    code: ErrorCode
    detail: str


class OwnPagesOnly:
    """ASGI middleware for `AUTH_MODE=open`: refuses requests, and WebSockets, that another site's page has made."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = frozenset([*settings.allowed_hosts, settings.host.lower()])
        self._takes_any_address = settings.allow_open_on_any_host
        self._origins = frozenset(settings.cors_origins)
        self._serves = lru_cache(maxsize=256)(self._is_served)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or refuse it."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            return await self._app(scope, receive, send)
        return await problem(scope, *refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) > 1 or (not hosts and scope["http_version"] != "1.0"):
            return Refusal(ErrorCode.BAD_REQUEST, "A request has one Host header.")
        host = hosts[0].decode("latin-1").lower() if hosts else ""
        if hosts and not (len(host) < MAX_HOST_CHARACTERS and self._serves(host)):
            return Refusal(ErrorCode.HOST_NOT_ALLOWED, FOREIGN_HOST)
        if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
            return None
        return None if self._is_own_page(Headers(scope=scope), host) else Refusal(ErrorCode.CROSS_SITE, FOREIGN_PAGE)

    def _is_served(self, host: str) -> bool:
        """Whether a `Host` header, in lower case, names us."""
        is_ipv6 = host.startswith("[") and "]" in host
        name = host[1:].partition("]")[0] if is_ipv6 else host.partition(":")[0].removesuffix(".")
        if name in LOOPBACK or name in self._hosts or name.endswith(".localhost"):
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        # An address in `Host` cannot come from a name that was made to point here.
        return address.is_loopback or self._takes_any_address

    def _is_own_page(self, headers: Headers, host: str) -> bool:
        """Whether our own page asks, one of `CORS_ORIGINS`, or no page at all (as Go's `CrossOriginProtection`)."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and ("*" in self._origins or origin in self._origins):
            return True
        if site is not None:
            return site in OWN_PAGE
        return origin is None or origin.partition("://")[2].lower() == host
