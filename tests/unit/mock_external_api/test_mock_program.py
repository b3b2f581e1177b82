"""The program as a process of its own, for what only a real socket shows."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tests.waiting import PATIENCE_SECONDS, eventually

ROOT = Path(__file__).parents[3]
LIST = "/external/support-tickets"
TICKETS, TOKEN = "/zendesk/api/v2/incremental/tickets/cursor.json", ("admin@acme.example/token", "zendesk-api-token")
NOTIFICATION = {"ticket_id": "t", "tenant_id": "a", "urgency": "high", "reason": "r"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"MOCK_CONTROL": "true", "MOCK_TICKET_COUNT": "300", "MOCK_NOTIFY_LATENCY_MIN": "0"}
    environment["MOCK_ZENDESK"] = '{"date_skew_seconds": 86400, "ticket_count": 5}'
    command = [sys.executable, "-m", "mock_external_api", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as client:
            eventually(lambda: _is_up(client))
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def _is_up(client: httpx.Client) -> bool:
    try:
        client.get("/health")
    except httpx.ConnectError:
        return False
    return True


def test_serves_with_settings_from_the_environment(client: httpx.Client) -> None:
    assert client.get(LIST, params={"include_deleted": True}).json()["total_count"] == 300


def test_every_answer_has_one_date_which_a_stand_in_may_have_wrong(client: httpx.Client) -> None:
    (own,) = client.get("/health").headers.get_list("date")
    page = client.get(TICKETS, params={"start_time": 0}, auth=TOKEN)
    (skewed,) = page.headers.get_list("date")
    assert len(page.json()["tickets"]) == 5
    assert (parsedate_to_datetime(skewed) - parsedate_to_datetime(own)).days == 1


def test_scripted_close_reaches_the_client_as_a_dropped_connection(client: httpx.Client) -> None:
    client.post("/_control/script", json={"close": True})
    with pytest.raises(httpx.TransportError):
        client.get(LIST)
    assert client.get(LIST).status_code == 200


def test_scripted_truncate_and_close_breaks_off_half_way(client: httpx.Client) -> None:
    client.post("/_control/script", json={"close": True, "truncate": True})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        client.get(LIST)


def test_notify_close_mode_drops_the_connection(client: httpx.Client) -> None:
    client.post("/_control/settings", json={"notify_mode": "close"})
    with pytest.raises(httpx.TransportError):
        client.post("/notify", json=NOTIFICATION)


def test_notify_hang_mode_lasts_until_the_client_gives_up(client: httpx.Client) -> None:
    client.post("/_control/settings", json={"notify_mode": "hang"})
    with pytest.raises(httpx.ReadTimeout):
        client.post("/notify", json=NOTIFICATION, timeout=httpx.Timeout(PATIENCE_SECONDS, read=0.2))
    assert client.get("/health").status_code == 200
