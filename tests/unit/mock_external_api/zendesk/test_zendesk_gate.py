import base64
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from mock_external_api.app import create_app
from mock_external_api.settings import MockSettings
from tests.unit.mock_external_api.conftest import HandClock
from tests.unit.mock_external_api.zendesk.conftest import EVENTS, TICKETS, TOKEN, StartDesk

ME = "/api/v2/users/me.json"
BEARER = {"Authorization": "Bearer zendesk-oauth-token"}


class TestCredentials:
    async def test_both_kinds_are_accepted(self, start_desk: StartDesk) -> None:
        client = start_desk()
        assert (await client.get(ME)).status_code == 200
        client.auth = None
        assert (await client.get(ME, headers=BEARER)).status_code == 200

    @pytest.mark.parametrize(
        "authorization",
        [
            None,
            "Bearer wrong",
            "Bearer",
            "Basic !",
            "Digest x",
            "Basic " + base64.b64encode(b"admin@acme.example:zendesk-api-token").decode(),
        ],
    )
    async def test_others_are_not(self, start_desk: StartDesk, authorization: str | None) -> None:
        client = start_desk()
        client.auth = None
        answer = await client.get(ME, headers={"Authorization": authorization} if authorization else {})
        assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})

    async def test_they_can_be_revoked(self, start_desk: StartDesk) -> None:
        client = start_desk()
        client.desk.change_settings(revoked=True)
        assert (await client.get(ME)).status_code == 401

    async def test_a_plan_or_role_may_not_allow_a_path(self, start_desk: StartDesk) -> None:
        client = start_desk(forbidden_paths=("/api/v2/incremental",))
        answer = await client.get(TICKETS, params={"start_time": 0})
        assert (answer.status_code, answer.json()["error"]["title"]) == (403, "Forbidden")
        assert (await client.get(ME)).status_code == 200

    async def test_an_oauth_token_may_lack_a_scope(self, start_desk: StartDesk) -> None:
        client = start_desk(oauth_scopes=frozenset())
        assert (await client.get(ME)).status_code == 200
        client.auth = None
        answer = await client.get(ME, headers=BEARER)
        assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")

    async def test_a_help_desk_may_not_exist(self, start_desk: StartDesk) -> None:
        client = start_desk()
        assert (await client.get(ME, headers={"Host": "acme.zendesk.com"})).status_code == 200
        answer = await client.get(ME, headers={"Host": "acmee.zendesk.com"})
        assert (answer.status_code, answer.json()["error"]["title"]) == (404, "No help desk at acmee.zendesk.com")
        client.desk.change_settings(exists=False)
        assert (await client.get(ME)).status_code == 404


class TestLimits:
    async def test_ten_exports_a_minute(self, start_desk: StartDesk) -> None:
        client = start_desk(incremental_per_minute=10)
        for path in [TICKETS, EVENTS] * 5:
            assert (await client.get(path, params={"start_time": 0})).status_code == 200
        client.time.advance(20)
        refused = await client.get(TICKETS, params={"start_time": 0})
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
        assert (await client.get(ME)).status_code == 200
        client.time.advance(40)
        assert (await client.get(TICKETS, params={"start_time": 0})).status_code == 200

    async def test_the_plan_limits_everything(self, start_desk: StartDesk) -> None:
        client = start_desk(requests_per_minute=3)
        remaining = [(await client.get(ME)).headers["X-Rate-Limit-Remaining"] for _ in range(3)]
        assert remaining == ["2", "1", "0"]
        refused = await client.get(ME)
        assert (refused.status_code, refused.headers["ratelimit-limit"]) == (429, "3")
        assert refused.headers["X-Rate-Limit"] == "3"
        assert 0 < int(refused.headers["ratelimit-reset"]) <= 60

    async def test_retry_after_may_be_a_date_or_missing(self, start_desk: StartDesk) -> None:
        client = start_desk(requests_per_minute=1, retry_after_style="http_date")
        await client.get(ME)
        refused = await client.get(ME)
        gap = parsedate_to_datetime(refused.headers["Retry-After"]) - parsedate_to_datetime(refused.headers["Date"])
        assert gap.total_seconds() == 60
        client.desk.change_settings(retry_after_style="missing")
        assert "Retry-After" not in (await client.get(ME)).headers


class TestTroubles:
    async def test_the_date_may_be_off(self, start_desk: StartDesk) -> None:
        client = start_desk(date_skew_seconds=-600)
        shown = parsedate_to_datetime((await client.get(ME)).headers["Date"])
        assert (client.time.moment - shown).total_seconds() == 600

    async def test_some_requests_fail(self, start_desk: StartDesk) -> None:
        client = start_desk(error_rate=0.5)
        assert {(await client.get(ME)).status_code for _ in range(50)} == {200, 500, 503}

    async def test_requests_are_logged_without_their_secrets(self, start_desk: StartDesk) -> None:
        client = start_desk()
        await client.get(TICKETS, params={"start_time": 7})
        (entry,) = client.desk.requests
        assert (entry["path"], entry["query"], entry["auth"], entry["status"]) == (
            TICKETS,
            "start_time=7",
            "basic",
            200,
        )
        assert base64.b64encode(":".join(TOKEN).encode()).decode() not in str(entry)


class TestMounted:
    async def _client(self, hand_clock: HandClock, **settings: Any) -> httpx.AsyncClient:
        app = create_app(MockSettings(rate_limit_per_minute=1, ticket_count=9, **settings), hand_clock.clock)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mock", auth=TOKEN)

    async def test_the_mock_serves_it_apart_from_its_own_limits_and_logs(self, hand_clock: HandClock) -> None:
        async with await self._client(hand_clock, control=True, zendesk={"ticket_count": 3}) as client:
            page = (await client.get(f"/zendesk{TICKETS}?start_time=0&per_page=2")).json()
            rest = (await client.get(page["after_url"])).json()
            assert len(page["tickets"] + rest["tickets"]) == 3
            state = (await client.get("/_control/state")).json()
            assert state["requests"]["by_path"] == {}
            assert len((await client.get("/zendesk/_control/requests")).json()) == 2

    async def test_its_control_is_shut_unless_the_mocks_is_open(self, hand_clock: HandClock) -> None:
        async with await self._client(hand_clock) as client:
            assert (await client.get("/zendesk/_control/truth")).status_code == 404
