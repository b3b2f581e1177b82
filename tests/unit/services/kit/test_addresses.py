"""Where tenants may have us send to."""

import asyncio
import ipaddress
import socket
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.addresses import AddressRefusedError, AddressRules, CheckedTransport, is_public
from tests.fakes import ScriptedTransport

STRICT, LENIENT, HERE = AddressRules(), AddressRules(allow_private=True), AddressRules(allow_loopback=True)
PRIVATE = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.9"),
    *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "64:ff9b:1::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::"),
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_nobodys_on_the_internet_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_somebodys_is(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_is_no_more_public_for_being_carried_by_another(address: ipaddress.IPv4Address) -> None:
    carriers = [0xFFFF << 32, int(ipaddress.ip_address("64:ff9b::"))]
    for carrier in carriers:
        assert is_public(ipaddress.IPv6Address(carrier | int(address))) == is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "https://", "https:///x", "//example.com/x", "ftp://example.com/", "javascript:alert(1)"),
        *("http://example.com/", "http://127.0.0.1/", "http://localhost/", "https://localhost/", "https://127.0.0.1/"),
        *("https://user:secret@example.com/", "https://example.com/#part", "https://[::1]/", "https://10.0.0.1:8443/"),
        *("https://exa mple.com/", "https://example.com/\n", "https://example.com:99999/", "https://" + "x" * 2_000),
        *("https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data"),
    ],
)
def test_what_may_not_be_sent_to_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(AddressRefusedError) as refused:
        STRICT.parse(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/a?b=c", "https://example.com:8443", "https://1.1.1.1/", "https://b\u00fccher.example/"]
)
def test_an_address_on_the_internet_is_fine(url: str) -> None:
    assert STRICT.parse(url).scheme == "https"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:1/", "https://10.0.0.1/"])
def test_private_addresses_can_be_allowed_and_need_no_tls_on_loopback(url: str) -> None:
    assert LENIENT.parse(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:1/", "https://localhost/"]
)
def test_this_machine_can_be_allowed_alone(url: str) -> None:
    assert HERE.parse(url)


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://10.0.0.1/", "http://example.com/", "https://[fd00::1]/"])
def test_with_this_machine_nothing_else_is_allowed(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        HERE.parse(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://example.com/", "ftp://127.0.0.1/"])
def test_elsewhere_tls_is_demanded_all_the_same(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        LENIENT.parse(url)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name lead to these addresses; to none: it is unknown."""

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("1.1.1.1", "127.0.0.1"), ("169.254.169.254",)])
async def test_a_name_that_leads_to_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    resolving(monkeypatch, *addresses)
    with pytest.raises(AddressRefusedError):
        await STRICT.check("https://example.com/")


async def test_only_an_address_that_says_so_leads_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "127.0.0.1")
    with pytest.raises(AddressRefusedError):
        await HERE.check("https://example.com/")
    assert (await HERE.check("http://localhost:1/")).host == "localhost"


async def test_where_nobody_listens_the_next_address_of_the_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "::1", "127.0.0.1")
    inner = ScriptedTransport(httpx.ConnectError("refused"), httpx.Response(200))
    async with httpx.AsyncClient(transport=CheckedTransport(HERE, inner)) as client:
        assert (await client.get("http://localhost:8080/")).status_code == 200
    assert [each.headers["host"] for each in inner.requests] == ["localhost:8080"] * 2


async def test_a_name_that_is_unknown_now_may_be_known_later(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch)
    assert (await STRICT.check("https://example.com/")).host == "example.com"


async def test_what_is_connected_to_is_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "1.1.1.1")
    inner = ScriptedTransport(httpx.Response(200))
    async with httpx.AsyncClient(transport=CheckedTransport(STRICT, inner)) as client:
        await client.post("https://example.com:8443/hook?a=b", content=b"{}")
    [request] = inner.requests
    assert str(request.url) == "https://1.1.1.1:8443/hook?a=b"
    assert (request.headers["host"], request.extensions["sni_hostname"]) == ("example.com:8443", "example.com")


@pytest.mark.parametrize("later", [["127.0.0.1"], []], ids=["rebound", "forgotten"])
async def test_a_name_is_looked_at_before_every_request(monkeypatch: pytest.MonkeyPatch, later: list[str]) -> None:
    inner = ScriptedTransport(httpx.Response(200))
    async with httpx.AsyncClient(transport=CheckedTransport(STRICT, inner)) as client:
        resolving(monkeypatch, "1.1.1.1")
        await client.post("https://example.com/")
        resolving(monkeypatch, *later)
        with pytest.raises(httpx.ConnectError):
            await client.post("https://example.com/")
    assert len(inner.requests) == 1
