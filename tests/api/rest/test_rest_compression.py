"""Answers in gzip."""

import gzip

import pytest

from tests.api.rest.conftest import Ingested


@pytest.mark.parametrize(
    "path",
    ["/tickets?tenant_id=tenant_a", "/tickets/export?tenant_id=tenant_a", "/metrics", "/openapi.json", "/graphql"],
)
async def test_what_clients_read_is_the_same_and_shorter(ingested: Ingested, path: str) -> None:
    query = {} if path != "/graphql" else {"query": '{ tickets(tenantId: "tenant_a") { nodes { id subject } } }'}
    asked = [
        ingested.client.build_request("GET", path, params=query or None, headers={"accept-encoding": encoding})
        for encoding in ("gzip", "identity")
    ]
    packed, plain = [await ingested.client.send(request, stream=True) for request in asked]
    raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    read, whole = gzip.decompress(raw), await plain.aread()
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert "Accept-Encoding" in packed.headers["vary"]
    assert "Accept-Encoding" in plain.headers["vary"]
    assert len(raw) < len(whole) / 2
    if path != "/metrics":  # which count these very requests
        assert read == whole


async def test_a_short_answer_is_sent_as_it_is(ingested: Ingested) -> None:
    answer = await ingested.client.get("/health/live", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
