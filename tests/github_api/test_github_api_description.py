"""The stand-in of GitHub, held against GitHub's own description of its API and read with GitHub's own client.

They need npm and what it fetches (`make test` installs it), and are skipped without.
"""

import asyncio
import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_external_api.github.living import random_step
from mock_external_api.github.settings import Access
from tests.github_standin import HERE, TOKEN, GithubClient, on_a_socket, seen, true_now
from tests.waiting import PATIENCE_SECONDS

FOLDER = Path(__file__).parent
ONE = "/repos/{owner}/{repo}"
DESCRIPTION = FOLDER / "node_modules/@octokit/openapi/generated/api.github.com.json"


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    """What the scripts need; fetched here where `make` has not done it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not installed")
    if not DESCRIPTION.exists():
        for command in (("ci", "--ignore-scripts", "--no-audit", "--no-fund"), ("run", "slim")):
            if subprocess.run([npm, *command], cwd=FOLDER, capture_output=True, check=False).returncode:
                pytest.skip("npm cannot fetch the packages")


async def run(*command: str, given: bytes = b"") -> Any:
    """Run a script that has to succeed; what it prints, as JSON."""
    process = await asyncio.create_subprocess_exec(
        "node", *command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        output, errors = await process.communicate(given)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


class Recorder:
    """Keeps the answers of stand-ins, each with the operation that the description has for it."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []

    async def ask(self, client: GithubClient, operation: str, url: str, **headers: str) -> httpx.Response:
        answer = await client.get(url, headers=headers)
        self.answers.append(
            {
                "operation": operation,
                "status": answer.status_code,
                "headers": dict(answer.headers),
                "body": answer.json() if answer.content else None,
            }
        )
        return answer

    async def everything(self, client: GithubClient) -> None:
        """Ask for all there is, page by page, and for each issue that is or was."""
        await self.ask(client, ONE, HERE)
        await self.ask(client, "/user", "/user")
        await self.ask(client, "/rate_limit", "/rate_limit")
        lists = ("/issues?state=all&per_page=10&sort=updated", "/issues/comments?per_page=10", "/issues/events")
        for path in lists:
            operation, url = f"{ONE}{path.partition('?')[0]}", f"{HERE}{path}"
            while url:
                answer = await self.ask(client, operation, url)
                url = answer.links.get("next", {}).get("url")
        for number in client.desk.truth():
            for rest in ("", "/comments", "/timeline"):
                await self.ask(client, f"{ONE}/issues/{{issue_number}}{rest}", f"{HERE}/issues/{number}{rest}")

    async def refusals(self) -> None:
        """Ask for what is refused, in every way."""
        client = GithubClient()
        issues, one = f"{ONE}/issues", f"{ONE}/issues/{{issue_number}}"
        for path in ("/issues?state=both", "/issues?since=x", "/issues?page=2000", "/issues/comments?sort=comments"):
            await self.ask(client, f"{ONE}{path.partition('?')[0]}", f"{HERE}{path}")
        await self.ask(client, f"{ONE}/issues/events", f"{HERE}/issues/events?page=2000&per_page=100")
        await self.ask(client, one, f"{HERE}/issues/9999")
        tag = (await self.ask(client, one, f"{HERE}/issues/1")).headers["etag"]
        await self.ask(client, one, f"{HERE}/issues/1", **{"If-None-Match": tag})
        await self.ask(client, "/user", "/user", Authorization="Bearer wrong")
        for access in (Access.SSO, Access.NO_ISSUES, Access.BLIND):
            client.github.set_access(TOKEN, access)
            await self.ask(client, ONE, HERE)
            await self.ask(client, issues, f"{HERE}/issues")
        client.github.set_access(TOKEN, Access.FULL)
        client.github.fail_next(502, 403)
        await self.ask(client, issues, f"{HERE}/issues")
        await self.ask(client, issues, f"{HERE}/issues")
        client.github.change_settings({"primary_limit": 1})
        await self.ask(client, issues, f"{HERE}/issues")
        client.github.change_settings({"primary_limit": 0})
        client.desk.rename_repository("help-desk")
        await self.ask(client, issues, f"{HERE}/issues")
        client.desk.enable_issues(on=False)
        await self.ask(client, issues, "/repos/acme/help-desk/issues")
        client.desk.block()
        await self.ask(client, ONE, "/repos/acme/help-desk")


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "/user must be object": lambda issue: issue.update(user="ada"),
    "'labels_url'": lambda issue: issue.pop("labels_url"),
    '/updated_at must match format "date-time"': lambda issue: issue.update(updated_at="yesterday"),
    ".titel is unknown": lambda issue: issue.update(titel="x"),
}
"""What is done to an issue, by what is then said of it."""


async def test_every_answer_fits_the_description_and_what_does_not_is_found() -> None:
    recorder, spoiler = Recorder(), Recorder()
    for seed, settings in enumerate(({}, {"numbered_links": True}, {"ghost_is_null": True}, {"label_strings": True})):
        client, dice = GithubClient(**settings), random.Random(seed)
        for _ in range(80):
            client.turned.advance(dice.choice((0, 1, 600)))
            random_step(client.desk, dice)
        client.desk.delete_account(client.desk.issue(client.desk.home.by_updated[0][1]).author or "")
        await recorder.everything(client)
    await recorder.refusals()
    for spoil in SPOILT.values():
        await spoiler.ask(GithubClient(), f"{ONE}/issues/{{issue_number}}", f"{HERE}/issues/1")
        spoil(spoiler.answers[-1]["body"])
    told, of_spoilt = await run("check.mjs", given=json.dumps([recorder.answers, spoiler.answers]).encode())
    assert told["problems"] == []
    statuses = {int(name.rpartition(" ")[2]) for name in told["seen"]}
    assert statuses == {200, 301, 304, 401, 403, 404, 410, 422, 451, 502}
    assert [words for words in SPOILT if not any(words in one for one in of_spoilt["problems"])] == [], of_spoilt


async def test_their_client_reads_exactly_what_is_true() -> None:
    client, dice = GithubClient(issue_count=250), random.Random(4)
    for _ in range(100):
        client.turned.advance(dice.choice((0, 1, 600)))
        random_step(client.desk, dice)
    desk = client.desk
    deleted, transferred = [n for n, issue in desk.home.issues.items() if issue.pull is None and issue.comments][:2]
    desk.delete(deleted)
    moved = desk.transfer(transferred)
    assert moved is not None
    desk.rename_repository("help-desk")
    client.github.change_settings({"secondary_retry_after": 1})
    client.github.fail_next(502, 403)
    async with on_a_socket(client.app) as address:
        told = await run("walk.mjs", address, TOKEN, "acme", "support", str(deleted), str(transferred))
    assert (told["login"], told["repository"]) == ("ada-support", "acme/help-desk")
    assert {issue["number"]: seen(issue) for issue in told["issues"]} == true_now(desk)
    assert len(told["issues"]) == len(desk.home.issues)
    assert sorted(one["id"] for one in told["comments"]) == sorted(desk.home.comments)
    assert told["events"] == [event.id for event in reversed(desk.home.events)]
    assert told["deleted"] == [410]
    assert told["transferred"] == [200, f"/repositories/{desk.archive.id}/issues/{moved.number}"]
    assert told["limits"] == [["secondary", 1]]
