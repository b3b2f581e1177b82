"""Each trap: what the honest API does, and what the trap makes of it; and steering from another process."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from mock_external_api.app import create_app
from mock_external_api.settings import MockSettings
from tests.github_standin import HERE, TOKEN, WALK, GithubClient

LIST = f"{HERE}/issues"


@pytest.mark.parametrize(
    ("link", "start"),
    [
        ("none", "<http://github.test/repositories/"),
        ("missing", None),
        ("relative", "</repositories/"),
        ("foreign", "<https://api.example.net/repositories/"),
    ],
)
async def test_links(link: str, start: str | None) -> None:
    answer = await GithubClient(link=link).get(LIST, params={"per_page": 5})
    header = answer.headers.get("link")
    assert header is None if start is None else header.startswith(start)


async def test_errors_now_and_then() -> None:
    client = GithubClient(error_share=0.3)
    statuses = [(await client.get(LIST)).status_code for _ in range(100)]
    assert set(statuses) == {200, 502, 504}
    client.github.change_settings({"error_share": 0})
    client.github.fail_next(504, 403)
    answers = [await client.get(LIST) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [504, 403, 200]
    assert answers[1].headers["retry-after"] == "60"


async def test_bare_issues() -> None:
    def bare(issue: dict[str, Any]) -> bool:
        return issue["user"] is issue["labels"] is issue["body"] is None

    client = GithubClient(bare_share=0.3)
    issues = await client.pages()
    assert 0 < sum(bare(issue) for issue in issues) < len(issues)
    client.github.change_settings({"bare_share": 0})
    assert not any(bare(issue) for issue in await client.pages())


async def test_labels_as_strings() -> None:
    client = GithubClient(label_strings=True)
    labels = [label for issue in await client.pages() for label in issue["labels"]]
    assert labels
    assert all(isinstance(label, str) for label in labels)


async def test_reset_in_the_past() -> None:
    client = GithubClient(reset_skew_seconds=-7200)
    reset = int((await client.get(LIST)).headers["x-ratelimit-reset"])
    assert reset == client.turned.moment.timestamp() - 3600


async def test_tags_that_change_always() -> None:
    client = GithubClient(restless_etags=True)
    tags = {(await client.get(f"{LIST}/1")).headers["etag"] for _ in range(3)}
    assert len(tags) == 3


async def test_storm_of_304() -> None:
    client = GithubClient(always_304=True)
    client.desk.label(1, "outage", "bug", "billing")
    assert (await client.get(LIST, headers={"If-None-Match": 'W/"old"'})).status_code == 304
    assert (await client.get(LIST)).status_code == 200


async def test_log_tells_what_was_asked() -> None:
    client = GithubClient()
    await client.get(LIST, params=WALK)
    await client.get("/user", headers={"If-None-Match": 'W/"x"', "Authorization": "Bearer wrong"})
    first, second = client.github.log
    assert (first["path"], first["query"], first["authorized"], first["status"]) == (LIST, WALK, True, 200)
    assert (second["if_none_match"], second["status"]) == ('W/"x"', 401)


@pytest.fixture
def mock() -> httpx.AsyncClient:
    app = create_app(MockSettings(ticket_count=5, control=True, rate_limit_per_minute=1, error_rate=1))
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.AsyncClient(transport=transport, base_url="http://mock", headers=headers)


async def _ordered(mock: httpx.AsyncClient, what: str, body: Any) -> Any:
    answer = await mock.post(f"/_control/github/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_mock_serves_it_beside_its_own_routes(mock: httpx.AsyncClient) -> None:
    answer = await mock.get(f"/github{LIST}", params=WALK | {"per_page": "50"})
    assert len(answer.json()) == 50
    assert answer.json()[0]["url"].startswith("http://mock/github/repos/acme/support/issues/")
    assert (await mock.get(answer.links["next"]["url"])).status_code == 200  # no limit, no error of the mock's own
    assert (await mock.get("/_control/state")).json()["requests"]["by_path"] == {}


async def test_steering_from_another_process(mock: httpx.AsyncClient) -> None:
    await _ordered(mock, "settings", {"issue_count": 3})
    order = {"action": "open", "arguments": ["Door is stuck"], "options": {"labels": ["bug"]}}
    made = await _ordered(mock, "act", order)
    comment = await _ordered(mock, "act", {"action": "comment", "arguments": [made["number"], "Which door?"]})
    assert set(comment) == {"id"}
    assert len(await _ordered(mock, "steps", {"count": 20, "seed": 1})) == 20
    truth = (await mock.get("/_control/github/truth")).json()
    assert truth["4"]["comments"][0]["id"] == comment["id"]
    for order in ({"action": "begin"}, {"action": "close", "arguments": [999]}):
        assert (await mock.post("/_control/github/act", json=order)).status_code in (404, 422)
    await _ordered(mock, "tokens", {TOKEN: None, "other": "sso"})
    assert (await mock.get("/github/user")).status_code == 401
    await _ordered(mock, "reset", None)
    await _ordered(mock, "fail", [503])
    statuses = [(await mock.get("/github/user")).status_code for _ in range(2)]
    assert statuses == [503, 200]
    log = (await mock.get("/_control/github/log")).json()
    assert [entry["status"] for entry in log] == statuses


async def test_time_passes_there_when_it_is_told_so(mock: httpx.AsyncClient) -> None:
    moments = []
    for ahead in (-86_400, 86_400):
        await _ordered(mock, "settings", {"ahead_seconds": ahead})
        made = await _ordered(mock, "act", {"action": "open", "arguments": ["Door is stuck"]})
        answer = await mock.get(f"/github{LIST}/{made['number']}")
        dated = parsedate_to_datetime(answer.headers["date"])
        moments.append(datetime.fromisoformat(answer.json()["created_at"]))
        assert timedelta() <= dated - moments[-1] < timedelta(hours=1)
    assert moments[1] - moments[0] >= timedelta(days=2)


async def test_steering_is_shut_unless_the_mock_is_told(mock: httpx.AsyncClient) -> None:
    await mock.post("/_control/settings", json={"control": False})
    assert (await mock.get("/_control/github/truth")).status_code == 404
