"""How an issue changes: what people do to it, one method each."""

from collections.abc import Sequence
from typing import Any

from mock_external_api.clock import Clock
from mock_external_api.github.records import Change, Issue, IssueComment, IssueEvent, Pull
from mock_external_api.github.repository import Repository
from mock_external_api.github.sample import fill
from mock_external_api.github.settings import GithubSettings

HOME_ID, ARCHIVE_ID = 700_000_001, 700_000_002


class UnknownIssueError(LookupError):
    """There is no such issue, or no longer."""


class IssueChanges:
    """Issues that people open, discuss and close. Every change happens at the clock's present second."""

    def __init__(self, settings: GithubSettings, clock: Clock) -> None:
        self._clock = clock
        self.begin(settings)

    def begin(self, settings: GithubSettings) -> None:
        """Begin anew. The issues are made at the first use."""
        self.settings = settings
        self._home: Repository | None = None
        self.archive = Repository(ARCHIVE_ID, settings.owner, "archive")
        """Where issues are transferred to."""
        self.former_names: dict[str, Repository] = {}
        """Repositories by the names that they had, in lower case."""
        self._last_id = 3_000_000_000

    @property
    def home(self) -> Repository:
        """The repository that the methods below change."""
        if self._home is None:
            settings = self.settings
            moment = int(settings.now.timestamp()) if settings.now else self.now()
            self._home = Repository(HOME_ID, settings.owner, settings.repository)
            fill(self._home, settings, moment, self.next_id)
        return self._home

    def now(self) -> int:
        """Return the present second since 1970."""
        return int(self._clock.now().timestamp()) + self.settings.ahead_seconds

    def next_id(self) -> int:
        """Return an id that nothing has yet."""
        self._last_id += 1
        return self._last_id

    def issue(self, number: int) -> Issue:
        """Return an issue; raises `UnknownIssueError`."""
        try:
            return self.home.issues[number]
        except KeyError as error:
            raise UnknownIssueError(f"no issue {number}") from error

    def open(
        self, title: str, body: str | None = None, author: str = "alex-north", labels: Sequence[str] = ()
    ) -> Issue:
        """Open an issue."""
        return self._open(title, body, author, labels, None)

    def open_pull(self, title: str, author: str = "ada-support", *, draft: bool = False) -> Issue:
        """Open a pull request."""
        return self._open(title, None, author, (), Pull(draft))

    def many_in_one_second(self, count: int) -> list[Issue]:
        """Open so many issues in the present second."""
        return [self.open(f"Bulk report {number + 1}", "Came in with an import.") for number in range(count)]

    def edit(self, number: int, *, title: str | None = None, body: str | None = None, actor: str | None = None) -> None:
        """Change the title, which makes an event, or the text, which makes none."""
        issue = self.issue(number)
        if title is not None and title != issue.title:
            at = self._event(issue, "renamed", actor or issue.author, rename={"from": issue.title, "to": title})
            self._set(issue, at=at, title=title)
        if body is not None:
            self._set(issue, body=body)

    def label(self, number: int, *names: str, actor: str = "ada-support") -> None:
        """Add labels."""
        issue = self.issue(number)
        for name in [name for name in dict.fromkeys(names) if name not in issue.labels]:
            at = self._event(issue, "labeled", actor, label=name)
            self._set(issue, at=at, labels=(*issue.labels, name))

    def unlabel(self, number: int, name: str, actor: str = "ada-support") -> None:
        """Take a label away."""
        issue = self.issue(number)
        if name in issue.labels:
            at = self._event(issue, "unlabeled", actor, label=name)
            self._set(issue, at=at, labels=tuple(label for label in issue.labels if label != name))

    def assign(self, number: int, login: str, actor: str = "ada-support") -> None:
        """Assign a member."""
        issue = self.issue(number)
        if login not in issue.assignees:
            at = self._event(issue, "assigned", login, assignee=login, assigner=actor)
            self._set(issue, at=at, assignees=(*issue.assignees, login))

    def unassign(self, number: int, login: str, actor: str = "ada-support") -> None:
        """Take a member off it."""
        issue = self.issue(number)
        if login in issue.assignees:
            at = self._event(issue, "unassigned", login, assignee=login, assigner=actor)
            self._set(issue, at=at, assignees=tuple(one for one in issue.assignees if one != login))

    def set_milestone(self, number: int, title: str | None, actor: str = "ada-support") -> None:
        """Put it under a milestone, or under none."""
        issue = self.issue(number)
        if title != issue.milestone:
            kind = "milestoned" if title else "demilestoned"
            at = self._event(issue, kind, actor, milestone=title or issue.milestone)
            self._set(issue, at=at, milestone=title)

    def close(self, number: int, reason: str = "completed", actor: str = "ada-support") -> None:
        """Close it as `completed`, `not_planned` or `duplicate`; a pull request has no reason."""
        issue = self.issue(number)
        if issue.state == "open":
            known = None if issue.pull else reason
            at = self._event(issue, "closed", actor, state_reason=known)
            self._set(issue, at=at, state="closed", state_reason=known, closed=at, closed_by=actor)

    def reopen(self, number: int, actor: str = "ada-support") -> None:
        """Open it again."""
        issue = self.issue(number)
        if issue.state == "closed" and not (issue.pull and issue.pull.merged):
            known = None if issue.pull else "reopened"
            at = self._event(issue, "reopened", actor, state_reason=known)
            self._set(issue, at=at, state="open", state_reason=known, closed=None, closed_by=None)

    def merge(self, number: int, actor: str = "ada-support") -> None:
        """Merge a pull request, which closes it."""
        issue = self.issue(number)
        if issue.pull and issue.state == "open":
            issue.pull.merged = self._event(issue, "merged", actor)
            self.close(number, actor=actor)

    def lock(self, number: int, reason: str | None = None, actor: str = "ada-support") -> None:
        """Lock the conversation: `off-topic`, `too heated`, `resolved`, `spam` or for no reason."""
        issue = self.issue(number)
        at = self._event(issue, "locked", actor, lock_reason=reason)
        self._set(issue, at=at, locked=True, lock_reason=reason)

    def unlock(self, number: int, actor: str = "ada-support") -> None:
        """Unlock the conversation."""
        issue = self.issue(number)
        at = self._event(issue, "unlocked", actor, lock_reason=None)
        self._set(issue, at=at, locked=False, lock_reason=None)

    def pin(self, number: int, actor: str = "ada-support") -> None:
        """Pin it to the top of the web page: an event alone."""
        issue = self.issue(number)
        self._event(issue, "pinned", actor)
        self._touch(issue, "pin")

    def react(self, number: int, reaction: str = "+1") -> None:
        """Add a reaction to the issue: `+1`, `-1`, `laugh`, `confused`, `heart`, `hooray`, `eyes` or `rocket`."""
        issue = self.issue(number)
        issue.reactions[reaction] = issue.reactions.get(reaction, 0) + 1
        self._touch(issue, "react")

    def comment(self, number: int, body: str, author: str = "alex-north") -> IssueComment:
        """Comment, as a customer or as a member."""
        issue, now = self.issue(number), self.now()
        made = IssueComment(self.next_id(), number, author, body, now, now)
        self.home.add_comment(made)
        self._set(issue, at=now, comments=issue.comments + 1)
        return made

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Change a comment's text and its own `updated_at`."""
        comment = self.home.comments[comment_id]
        comment.body = body
        comment.version += 1
        now = self.now()
        self.home.touch_comment(comment, now)
        self._touch(self.issue(comment.number), "edit_comment", at=now)

    def delete_comment(self, comment_id: int, actor: str = "ada-support") -> None:
        """Delete a comment; what remains is an event."""
        comment = self.home.comments[comment_id]
        self.home.remove_comment(comment)
        issue = self.issue(comment.number)
        at = self._event(issue, "comment_deleted", actor)
        self._set(issue, at=at, comments=issue.comments - 1)

    def _open(self, title: str, body: str | None, author: str, labels: Sequence[str], pull: Pull | None) -> Issue:
        now = self.now()
        issue = Issue(self.home.last_number + 1, self.next_id(), title, body, author, now, now, pull=pull)
        self.home.add(issue)
        self.label(issue.number, *labels, actor=author)
        return issue

    def _set(self, issue: Issue, *, at: int | None = None, quietly: bool = False, **fields: Any) -> None:
        """`at`: the second of the event that tells of it; None: the present one."""
        now = self.now() if at is None else at
        for name, value in fields.items():
            old = getattr(issue, name)
            if old != value:
                issue.history.append(Change(now, name, old, value, quietly))
                setattr(issue, name, value)
        self._touch(issue, None, at=now, quietly=quietly)

    def _touch(self, issue: Issue, change: str | None, *, at: int | None = None, quietly: bool = False) -> None:
        if not quietly and change not in self.settings.quiet:
            self.home.touch(issue, max(self.now() if at is None else at, issue.updated))
        issue.version += 1
        self.home.version += 1

    def _event(self, issue: Issue, kind: str, actor: str | None, **details: Any) -> int:
        """Make an event of the present second, which is returned."""
        now = self.now()
        self.home.add_event(IssueEvent(self.next_id(), issue.number, kind, actor, now, details))
        return now
