"""What the stand-in of GitHub's API answers: pages, tokens, limits, refusals."""

import base64

import pytest

from mock_external_api.github.settings import Access
from tests.github_standin import HERE, TOKEN, WALK, GithubClient

LIST = f"{HERE}/issues"


class TestPages:
    async def test_issue_list_has_cursors(self) -> None:
        client = GithubClient()
        first = await client.get(LIST, params=WALK | {"per_page": "10"})
        assert set(first.links) == {"next"}
        second = await client.get(first.links["next"]["url"])
        assert set(second.links) == {"next", "prev"}
        assert (await client.get(second.links["prev"]["url"])).json() == first.json()
        third = await client.get(second.links["next"]["url"])
        assert (len(third.json()), set(third.links)) == (10, {"prev"})

    @pytest.mark.parametrize("direction", ["asc", "desc"])
    @pytest.mark.parametrize("sort", ["created", "updated", "comments"])
    @pytest.mark.parametrize("numbered", [False, True])
    async def test_walk_has_everything_once_in_order(self, sort: str, direction: str, *, numbered: bool) -> None:
        client = GithubClient(numbered_links=numbered)
        issues = await client.pages(LIST, state="all", sort=sort, direction=direction, per_page=7)
        field = {"created": "created_at", "updated": "updated_at"}.get(sort, sort)
        values = [(issue[field], issue["number"]) for issue in issues]
        assert values == sorted(values, reverse=direction == "desc")
        assert len({issue["number"] for issue in issues}) == 30

    async def test_other_lists_have_numbered_pages(self) -> None:
        client = GithubClient()
        path, params = f"{HERE}/issues/comments", {"per_page": "2"}
        count = len(client.desk.home.comments)
        last = str(-(-count // 2))
        answer = await client.get(path, params=params | {"page": "2"})
        pages = {relation: link["url"].rpartition("=")[2] for relation, link in answer.links.items()}
        assert pages == {"prev": "1", "next": "3", "last": last, "first": "1"}
        beyond = await client.get(path, params=params | {"page": "999"})
        pages = {relation: link["url"].rpartition("=")[2] for relation, link in beyond.links.items()}
        assert (beyond.json(), pages) == ([], {"prev": last, "last": last, "first": "1"})

    async def test_links_name_the_repository_by_its_id_and_keep_the_parameters(self) -> None:
        answer = await GithubClient().get(LIST, params=WALK | {"per_page": "5", "since": "2020-01-01T00:00:00Z"})
        url = answer.links["next"]["url"]
        assert url.startswith("http://github.test/repositories/700000001/issues?state=all&sort=updated&direction=asc")
        assert "since=2020-01-01T00%3A00%3A00Z" in url

    async def test_since_is_inclusive(self) -> None:
        client = GithubClient()
        moments = sorted(issue["updated_at"] for issue in await client.pages())
        later = await client.pages(**WALK, since=moments[12])
        assert sorted(issue["updated_at"] for issue in later) == moments[12:]

    async def test_page_is_of_30_unless_told_and_of_100_at_most(self) -> None:
        client = GithubClient(issue_count=150)
        sizes = [len((await client.get(LIST, params={"state": "all"} | more)).json()) for more in SIZES]
        assert sizes == [30, 30, 30, 100]

    async def test_filters(self) -> None:
        client = GithubClient(issue_count=0)
        number = client.desk.open("Slow export", author="hana-sky", labels=["bug", "outage"]).number
        client.desk.assign(number, "jonas-helps")
        client.desk.close(client.desk.open("Thanks").number)
        asked: tuple[dict[str, str], ...] = (
            *({}, {"state": "closed"}, {"labels": "bug,outage"}, {"labels": "billing"}, {"creator": "hana-sky"}),
            *({"assignee": "*", "state": "all"}, {"assignee": "none", "state": "all"}),
        )
        found = [[issue["number"] for issue in (await client.get(LIST, params=params)).json()] for params in asked]
        assert found == [[1], [2], [1], [], [1], [1], [2]]

    async def test_page_numbers_reach_only_so_deep(self) -> None:
        client = GithubClient(page_number_depth=20, events_depth=20)
        assert (await client.get(LIST, params={"page": 2, "per_page": 10})).status_code == 200
        refused = await client.get(LIST, params={"page": 3, "per_page": 10})
        assert (refused.status_code, "cursor based" in refused.json()["message"]) == (422, True)
        assert len(await client.pages(**WALK | {"per_page": "7"})) == 30
        events = f"{HERE}/issues/events"
        assert len(await client.pages(events, per_page=10)) == 20
        assert (await client.get(events, params={"page": 3, "per_page": 10})).status_code == 422

    async def test_update_moves_an_issue_behind_a_reader_who_counts_pages_but_not_behind_cursors(self) -> None:
        for numbered, missed in ((True, 1), (False, 0)):
            client = GithubClient(numbered_links=numbered)
            first = await client.get(LIST, params=WALK | {"per_page": "10"})
            client.desk.label(first.json()[0]["number"], "outage", "billing")
            rest = await client.following(await client.get(first.links["next"]["url"]))
            numbers = {issue["number"] for issue in first.json() + rest}
            assert 30 - len(numbers) == missed


SIZES: tuple[dict[str, str], ...] = ({}, {"per_page": "0"}, {"per_page": "many"}, {"per_page": "1000"})


class TestConditional:
    async def test_unchanged_is_304_and_free_with_a_token(self) -> None:
        client = GithubClient()
        first = await client.get(f"{LIST}/3")
        assert first.headers["etag"].startswith('W/"')
        again = await client.get(f"{LIST}/3", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["x-ratelimit-used"]) == (304, b"", "1")
        dated = await client.get(f"{LIST}/3", headers={"If-Modified-Since": first.headers["last-modified"]})
        assert (dated.status_code, dated.headers["x-ratelimit-used"]) == (304, "1")
        client.turned.advance(5)
        client.desk.label(3, "outage", "billing")
        changed = await client.get(f"{LIST}/3", headers={"If-None-Match": first.headers["etag"]})
        assert (changed.status_code, changed.headers["x-ratelimit-used"]) == (200, "2")

    async def test_without_a_token_304_counts(self) -> None:
        client = GithubClient(token=None)
        tag = (await client.get(LIST)).headers["etag"]
        again = await client.get(LIST, headers={"If-None-Match": tag})
        assert (again.status_code, again.headers["x-ratelimit-used"]) == (304, "2")

    async def test_tag_differs_from_token_to_token(self) -> None:
        client = GithubClient(tokens={TOKEN: "full", "other": "full"})
        shown = [{"Authorization": f"Bearer {token}"} for token in (TOKEN, "other")]
        tags = [(await client.get(LIST, headers=headers)).headers["etag"] for headers in shown]
        assert tags[0] != tags[1]


class TestTokens:
    @pytest.mark.parametrize("scheme", ["Bearer", "token", "Basic"])
    async def test_ways_of_showing_a_token(self, scheme: str) -> None:
        shown = base64.b64encode(f"ada:{TOKEN}".encode()).decode() if scheme == "Basic" else TOKEN
        client = GithubClient(token=None)
        answer = await client.get("/user", headers={"Authorization": f"{scheme} {shown}"})
        assert answer.json()["login"] == "ada-support"

    async def test_unknown_and_revoked_tokens_are_401(self) -> None:
        client = GithubClient()
        assert (await client.get(LIST)).status_code == 200
        client.github.revoke(TOKEN)
        answer = await client.get(LIST)
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")

    @pytest.mark.parametrize(
        ("access", "status", "header"),
        [
            (Access.NO_ISSUES, 403, "x-accepted-github-permissions"),
            (Access.SSO, 403, "x-github-sso"),
            (Access.BLIND, 404, None),
        ],
    )
    async def test_what_a_token_may_not_do(self, access: Access, status: int, header: str | None) -> None:
        client = GithubClient()
        client.github.set_access(TOKEN, access)
        answer = await client.get(LIST)
        assert answer.status_code == status
        assert header is None or header in answer.headers
        assert (await client.get("/user")).status_code == 200

    async def test_without_a_token_only_what_is_public(self) -> None:
        assert (await GithubClient(token=None).get(LIST)).status_code == 200
        assert (await GithubClient(token=None, private=True).get(LIST)).status_code == 404
        assert (await GithubClient(token=None).get("/user")).status_code == 401


class TestLimits:
    @pytest.mark.parametrize(("token", "limit"), [(TOKEN, 5000), (None, 60)])
    async def test_primary_limit_is_by_the_hour(self, token: str | None, limit: int) -> None:
        client = GithubClient(token=token, primary_status=429)
        answers = [await client.get("/nowhere") for _ in range(3)]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == [str(limit - n) for n in (1, 2, 3)]
        assert (await client.get("/rate_limit")).json()["rate"]["used"] == 3
        client.github.change_settings({"primary_limit": 3, "anonymous_limit": 3})
        refused = await client.get(LIST)
        reset = int(refused.headers["x-ratelimit-reset"])
        assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (429, "0")
        assert reset == client.turned.moment.timestamp() + 3600
        client.turned.advance(3600)
        assert (await client.get(LIST)).status_code == 200

    async def test_no_limit(self) -> None:
        client = GithubClient(primary_limit=0)
        assert int((await client.get(LIST)).headers["x-ratelimit-remaining"]) > 10**8

    @pytest.mark.parametrize("retry_after", [60, None])
    async def test_secondary_limit_is_by_the_minute(self, retry_after: int | None) -> None:
        client = GithubClient(secondary_per_minute=2, secondary_retry_after=retry_after)
        answers = [await client.get(LIST) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 403]
        refused = answers[2]
        assert "secondary rate limit" in refused.json()["message"]
        assert refused.headers.get("retry-after") == (str(retry_after) if retry_after else None)
        assert refused.headers["x-ratelimit-remaining"] != "0"
        client.turned.advance(60)
        assert (await client.get(LIST)).status_code == 200


class TestRefusals:
    async def test_renamed_repository_leads_on(self) -> None:
        client = GithubClient()
        before = await client.pages()
        client.desk.rename_repository("help-desk")
        answer = await client.get(LIST, params=WALK)
        assert answer.status_code == 301
        assert answer.json()["url"] == answer.headers["location"]
        after = await client.get(answer.headers["location"])
        assert [issue["number"] for issue in after.json()] == [issue["number"] for issue in before]
        assert after.json()[0]["repository_url"].endswith("/acme/help-desk")
        client.github.change_settings({"redirect_status": 307})
        assert (await client.get(LIST)).status_code == 307

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            *(("/repos/acme/unknown/issues", 404), (f"{LIST}/9999", 404), (f"{LIST}/", 404), ("/nothing", 404)),
            *((f"{LIST}?state=both", 422), (f"{LIST}?since=lately", 422), (f"{LIST}?sort=title", 422)),
            ("/repos/Acme/SUPPORT", 200),
        ],
    )
    async def test_statuses(self, path: str, status: int) -> None:
        answer = await GithubClient().get(path)
        assert (answer.status_code, answer.json().get("status", "200")) == (status, str(status))

    async def test_issues_disabled_and_repository_taken_down(self) -> None:
        client = GithubClient()
        client.desk.enable_issues(on=False)
        answer = await client.get(LIST)
        assert (answer.status_code, answer.json()["message"]) == (410, "Issues are disabled for this repo")
        assert (await client.get(HERE)).json()["has_issues"] is False
        client.desk.block()
        answer = await client.get(HERE)
        assert (answer.status_code, answer.json()["block"]["reason"]) == (451, "dmca")

    async def test_a_client_names_itself_and_a_version_that_exists(self) -> None:
        client = GithubClient()
        assert (await client.get(LIST, headers={"User-Agent": ""})).status_code == 403
        assert (await client.get(LIST, headers={"X-GitHub-Api-Version": "2001-01-01"})).status_code == 400
        answer = await client.get(LIST, headers={"X-GitHub-Api-Version": "2026-03-10"})
        assert answer.headers["x-github-api-version-selected"] == "2026-03-10"
