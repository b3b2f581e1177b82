"""The routes about circuit breakers."""

import httpx

from resolvers.context import Services
from services.notifications.breaker import CircuitBreaker, RequestResult
from services.notifications.breaker_updates import FAILURES_TO_OPEN


async def opened(circuit: CircuitBreaker) -> None:
    permits = await circuit.admit(FAILURES_TO_OPEN)
    await circuit.report([RequestResult(permit, False) for permit in permits])


async def test_a_closed_circuit(no_worker: httpx.AsyncClient) -> None:
    answer = await no_worker.get("/circuit/notify/status")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "name": "notify",
            "state": "closed",
            "failure_count": 0,
            "window_size": 10,
            "opened_at": None,
            "retry_after": None,
        },
    )


async def test_an_open_circuit_tells_since_when_and_until_when(
    no_worker: httpx.AsyncClient, services: Services
) -> None:
    await opened(services.circuits["notify"])
    status = (await no_worker.get("/circuit/notify/status")).json()
    assert (status["state"], status["failure_count"]) == ("open", 5)
    assert status["opened_at"].endswith("Z")
    assert 0 < status["retry_after"] <= 30


async def test_a_reset_closes_it(no_worker: httpx.AsyncClient, services: Services) -> None:
    await opened(services.circuits["notify"])
    answer = await no_worker.post("/circuit/notify/reset")
    assert (answer.status_code, answer.json()) == (200, {"status": "reset", "name": "notify"})
    assert (await no_worker.get("/circuit/notify/status")).json()["state"] == "closed"


async def test_an_unknown_circuit_is_not_found(no_worker: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/circuit/tea/status"), ("POST", "/circuit/tea/reset")):
        answer = await no_worker.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
