"""Which addresses tenants may have us send to, and a transport that connects to the address that was checked."""

import asyncio
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext

import httpx

from services.errors import ErrorCode, InvalidInputError

MAX_URL_CHARACTERS = 2_000
MAX_PORT = 65_535
LOOKUP_SECONDS = 5.0
MAX_ADDRESSES = 4
LOOPBACK_NAMES = frozenset(["localhost"])

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared by carriers; a cloud's metadata is in it
        "168.63.129.16/32",  # a cloud's host
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata is in it
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b:1::/48",  # local translation
    )
)
_CARRIES_IPV4 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefusedError(InvalidInputError):
    """An address that is malformed, or that nothing may be sent to."""

    code = ErrorCode.ADDRESS_REFUSED


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Where that may lie which tenants name: their destinations and help desks."""

    allow_private: bool = False
    """Also on this machine and on private networks, and on this machine without TLS."""
    allow_loopback: bool = False
    """Also on this machine where the address itself says so (`127.0.0.1`, `localhost`), without TLS."""

    def parse(self, url: str) -> httpx.URL:
        """A well-formed address that may be sent to, as far as its text tells.

        Raises:
            AddressRefusedError: it may not, or it is malformed; the text does not repeat it.
        """
        if not 0 < len(url) <= MAX_URL_CHARACTERS or not url.isprintable() or " " in url:
            raise AddressRefusedError(f"An address is a URL of at most {MAX_URL_CHARACTERS:,} characters.")
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise AddressRefusedError("The address is no URL.") from error
        if not 0 < (parsed.port or 443) <= MAX_PORT:
            raise AddressRefusedError("The address has a port that does not exist.")
        if not parsed.host or parsed.userinfo or parsed.fragment:
            raise AddressRefusedError("An address has a host, and neither user, password nor fragment.")
        if parsed.scheme != "https" and not (parsed.scheme == "http" and self._is_our_loopback(parsed.host)):
            raise AddressRefusedError("An address begins with https://.")
        literal = _literal(parsed.host)
        if (literal is not None or parsed.host in LOOPBACK_NAMES) and not self._may_be_private(parsed.host):
            self._demand_public([literal] if literal is not None else [])
        return parsed

    async def check(self, url: str) -> httpx.URL:
        """The same, and where its name leads to at this moment. A name that is unknown now may be known later.

        Raises:
            AddressRefusedError: as of `parse`; or its name leads to an address that may not be sent to.
        """
        parsed = self.parse(url)
        with suppress(OSError, TimeoutError):
            await self.resolve(parsed.host, parsed.port or 443)
        return parsed

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses to connect to, the best first; at most 4.

        Raises:
            AddressRefusedError: one of the addresses of the name may not be sent to.
            OSError: the name is unknown.
            TimeoutError: it was not looked up within 5 s.
        """
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        if not self._may_be_private(host):
            self._demand_public(addresses)
        return list(dict.fromkeys(map(str, addresses)))[:MAX_ADDRESSES]

    def _may_be_private(self, host: str) -> bool:
        return self.allow_private or self._is_our_loopback(host)

    def _is_our_loopback(self, host: str) -> bool:
        return (self.allow_private or self.allow_loopback) and _names_loopback(host)

    @staticmethod
    def _demand_public(addresses: list[Address]) -> None:
        if not addresses or not all(map(is_public, addresses)):
            raise AddressRefusedError("The address is not on the public internet.")


@cache
def known_authorities() -> SSLContext:
    """Whose certificates are believed; to read them takes longer than a request."""
    return httpx.create_ssl_context()


def checked_client(rules: AddressRules, timeout: httpx.Timeout | float) -> httpx.AsyncClient:
    """A client for one host that somebody else names, see `CheckedTransport`; `timeout`: in seconds.

    It follows no redirects, and sends nothing through a proxy that the environment names.
    """
    transport = CheckedTransport(rules, httpx.AsyncHTTPTransport(verify=known_authorities(), trust_env=False))
    return httpx.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)


class CheckedTransport(httpx.AsyncBaseTransport):
    """Looks the host up, refuses what `rules` refuse, and connects to the very address that was looked at.

    For one host only: connections are pooled by address, and another host at the same address is another party.
    """

    def __init__(self, rules: AddressRules, inner: httpx.AsyncBaseTransport) -> None:
        self._rules = rules
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; certificates are checked for the host's name as ever.

        Raises:
            httpx.ConnectError: the host is unknown, its address is refused, or nobody listens there.
        """
        url = request.url
        try:
            addresses = await self._rules.resolve(url.host, url.port or 443)
        except AddressRefusedError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        except (OSError, TimeoutError) as error:
            raise httpx.ConnectError("The host's name could not be looked up.", request=request) from error
        if _literal(url.host) is None:
            request.extensions = {**request.extensions, "sni_hostname": url.host}
        for address in addresses[:-1]:  # `localhost` is two, and a server on this machine may listen on one of them
            request.url = url.copy_with(host=address)
            with suppress(httpx.ConnectError):
                return await self._inner.handle_async_request(request)
        request.url = url.copy_with(host=addresses[-1])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()


def is_public(address: Address) -> bool:
    """Whether an address is somebody's on the public internet, also looking into those that carry another one."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _CARRIES_IPV4:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(carried)
    if any(address.version == network.version and address in network for network in _NEVER_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _literal(host: str) -> Address | None:
    """The address that a host is written as, if it is; odd spellings (`127.1`) are left to the lookup."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _names_loopback(host: str) -> bool:
    literal = _literal(host)
    return host in LOOPBACK_NAMES if literal is None else literal.is_loopback
