"""Writes records as the API shows them. What has not changed is written once."""

from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from zlib import crc32

import orjson

from mock_external_api.clock import iso
from mock_external_api.github.people import GHOST, account, association
from mock_external_api.github.records import Issue, IssueComment, IssueEvent
from mock_external_api.github.repository import Repository
from mock_external_api.github.sample import LABELS
from mock_external_api.github.settings import GithubSettings

_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


@lru_cache(maxsize=200_000)
def stamp(moment: int | None) -> str | None:
    """Write whole seconds since 1970 as `2026-02-05T13:00:00Z`."""
    return None if moment is None else f"{iso(moment * 1000)[:19]}Z"


class Writer:
    """Writes the records of one repository under one name, for an API that clients reach at one address."""

    def __init__(self, repository: Repository, settings: GithubSettings, base: str) -> None:
        self._repository, self._settings, self._base = repository, settings, base
        self.here = f"{base}/repos/{repository.full_name}"
        """The repository's address in the API."""
        self._page = f"https://github.com/{repository.full_name}"
        self._people: dict[str, orjson.Fragment] = {}
        self._issues: dict[int, tuple[int, bytes]] = {}
        self._comments: dict[int, tuple[int, bytes]] = {}

    def issue(self, number: int) -> bytes:
        """Write an issue."""
        issue = self._repository.issues[number]
        known = self._issues.get(number)
        if known is None or known[0] != issue.version:
            known = self._issues[number] = (issue.version, orjson.dumps(self._issue(issue)))
        return known[1]

    def comment(self, comment_id: int) -> bytes:
        """Write a comment."""
        comment = self._repository.comments[comment_id]
        known = self._comments.get(comment_id)
        if known is None or known[0] != comment.version:
            known = self._comments[comment_id] = (comment.version, orjson.dumps(self._comment(comment)))
        return known[1]

    def event(self, event: IssueEvent) -> bytes:
        """Write an event of the repository's list, with the issue as it is now; why it closed, the timeline says."""
        told = self._event(event) | {"issue": orjson.Fragment(self.issue(event.number))}
        told.pop("state_reason", None)
        return orjson.dumps(told)

    def timeline(self, number: int) -> list[bytes]:
        """Write an issue's comments and events, the oldest first."""
        repository = self._repository
        entries: list[tuple[int, int, dict[str, Any]]] = [
            (event.moment, event.id, self._event(event, ghost=True)) for event in repository.events_of.get(number, ())
        ]
        for comment in repository.comments_of.get(number, ()):
            author = self._person(comment.author or GHOST)
            told = self._comment(comment) | {"event": "commented", "user": author, "actor": author}
            entries.append((comment.created, comment.id, told))
        return [orjson.dumps(told) for _, _, told in sorted(entries, key=lambda entry: entry[:2])]

    def _person(self, login: str | None) -> orjson.Fragment | None:
        if login is None:
            return None
        if login not in self._people:
            self._people[login] = orjson.Fragment(orjson.dumps(account(login, self._base)))
        return self._people[login]

    def _issue(self, issue: Issue) -> dict[str, Any]:
        url = f"{self.here}/issues/{issue.number}"
        people = [self._person(login) for login in issue.assignees]
        return {
            "url": url,
            "repository_url": self.here,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": f"{self._page}/{'pull' if issue.pull else 'issues'}/{issue.number}",
            "id": issue.id,
            "node_id": _node("PR" if issue.pull else "I", issue.id),
            "number": issue.number,
            "title": issue.title,
            **self._fallible(issue),
            **self._standing(issue),
            "assignee": people[0] if people else None,
            "assignees": people,
            "milestone": None if issue.milestone is None else self._milestone(issue.milestone),
            "comments": issue.comments,
            "created_at": stamp(issue.created),
            "updated_at": stamp(issue.updated),
            "author_association": association(issue.author),
            **self._only_pulls(issue),
            "reactions": _reactions(url, issue.reactions),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": None,
        }

    def _standing(self, issue: Issue) -> dict[str, Any]:
        return {
            "state": issue.state,
            "state_reason": issue.state_reason,
            "closed_at": stamp(issue.closed),
            "closed_by": self._person(issue.closed_by),
            "locked": issue.locked,
            "active_lock_reason": issue.lock_reason,
        }

    def _fallible(self, issue: Issue) -> dict[str, Any]:
        """Return the fields that the traps spoil."""
        settings = self._settings
        if settings.bare_share > 0 and crc32(b"%d" % issue.id) / 2**32 < settings.bare_share:
            return {"user": None, "labels": None, "body": None}
        labels = issue.labels if settings.label_strings else [self._label(name) for name in issue.labels]
        return {"user": self._person(issue.author), "labels": labels, "body": issue.body}

    def _only_pulls(self, issue: Issue) -> dict[str, Any]:
        """Return what pull requests have, or what only issues have."""
        if issue.pull is None:
            none = {"blocked_by": 0, "total_blocked_by": 0, "blocking": 0, "total_blocking": 0}
            return {
                "type": None,
                "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
                "issue_dependencies_summary": none,
            }
        page = f"{self._page}/pull/{issue.number}"
        links = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
        pull = {"url": f"{self.here}/pulls/{issue.number}", **links, "merged_at": stamp(issue.pull.merged)}
        return {"draft": issue.pull.draft, "pull_request": pull}

    def _comment(self, comment: IssueComment) -> dict[str, Any]:
        url = f"{self.here}/issues/comments/{comment.id}"
        issue = self._repository.issues[comment.number]
        page = f"{self._page}/{'pull' if issue.pull else 'issues'}/{comment.number}"
        return {
            "url": url,
            "html_url": f"{page}#issuecomment-{comment.id}",
            "issue_url": f"{self.here}/issues/{comment.number}",
            "id": comment.id,
            "node_id": _node("IC", comment.id),
            "user": self._person(comment.author),
            "created_at": stamp(comment.created),
            "updated_at": stamp(comment.updated),
            "body": comment.body,
            "author_association": association(comment.author),
            "reactions": _reactions(url, {}),
            "performed_via_github_app": None,
        }

    def _event(self, event: IssueEvent, *, ghost: bool = False) -> dict[str, Any]:
        details = dict(event.details)
        if "label" in details:
            details["label"] = {"name": details["label"], "color": _colour(details["label"])}
        if "milestone" in details:
            details["milestone"] = {"title": details["milestone"]}
        for role in ("assignee", "assigner"):
            if role in details:
                details[role] = self._person(details[role])
        return {
            "id": event.id,
            "node_id": _node("E", event.id),
            "url": f"{self.here}/issues/events/{event.id}",
            "actor": self._person(event.actor or (GHOST if ghost else None)),
            "event": event.kind,
            "commit_id": None,
            "commit_url": None,
            "created_at": stamp(event.moment),
            **details,
            "performed_via_github_app": None,
        }

    def _label(self, name: str) -> dict[str, Any]:
        number = 5_000_000_000 + crc32(name.encode())
        return {
            "id": number,
            "node_id": _node("LA", number),
            "url": f"{self.here}/labels/{quote(name)}",
            "name": name,
            "color": _colour(name),
            "default": name in ("bug", "question"),
            "description": None,
        }

    def _milestone(self, title: str) -> dict[str, Any]:
        number = crc32(title.encode()) % 1000 + 1
        url, made = f"{self.here}/milestones/{number}", stamp(1_767_225_600)
        return {
            "url": url,
            "html_url": f"{self._page}/milestone/{number}",
            "labels_url": f"{url}/labels",
            "id": 9_000_000 + number,
            "node_id": _node("MI", number),
            "number": number,
            "title": title,
            "description": None,
            "creator": self._person("ada-support"),
            "open_issues": 0,
            "closed_issues": 0,
            "state": "open",
            "created_at": made,
            "updated_at": made,
            "due_on": None,
            "closed_at": None,
        }


def _colour(name: str) -> str:
    return LABELS.get(name, "ededed")


def _node(kind: str, number: int) -> str:
    return f"{kind}_kw{urlsafe_b64encode(number.to_bytes(6, 'big')).decode()}"


def _reactions(url: str, given: dict[str, int]) -> dict[str, Any]:
    counts = {name: given.get(name, 0) for name in _REACTIONS}
    return {"url": f"{url}/reactions", "total_count": sum(counts.values()), **counts}
