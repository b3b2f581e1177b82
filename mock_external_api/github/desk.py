"""The model behind the stand-in."""

from typing import Any

from mock_external_api.github.changes import ARCHIVE_ID, IssueChanges, UnknownIssueError
from mock_external_api.github.people import GHOST
from mock_external_api.github.records import Gone, Issue, IssueComment, IssueEvent, truth_of
from mock_external_api.github.repository import Repository


class Desk(IssueChanges):
    """The model: issues that people open, discuss and close, and what becomes of the repository itself."""

    def named(self, full_name: str) -> Repository | None:
        """Return the repository that has this `owner/name` now, in any case."""
        here = (self.home, self.archive)
        return next((one for one in here if one.full_name.lower() == full_name.lower()), None)

    def delete(self, number: int) -> None:
        """Delete an issue: 410 at its number, and no trace of it anywhere else."""
        issue = self.issue(number)
        if issue.pull:
            raise UnknownIssueError(f"{number} is a pull request, which cannot be deleted")
        self.home.remove(number, Gone(issue, self.now()))

    def transfer(self, number: int, *, hidden: bool = False, actor: str = "ada-support") -> Issue | None:
        """Move an issue to `archive` (301), or to a `hidden` repository (404), of which nothing is returned."""
        issue, now = self.issue(number), self.now()
        if issue.pull:
            raise UnknownIssueError(f"{number} is a pull request, which cannot be transferred")
        if hidden:
            self.home.remove(number, Gone(issue, now, hidden=True))
            return None
        there = self.archive.last_number + 1
        comments = self.home.remove(number, Gone(issue, now, moved_to=(ARCHIVE_ID, there)))
        moved = Issue(there, self.next_id(), issue.title, issue.body, issue.author, issue.created, now)
        for name in ("labels", "assignees", "state", "state_reason", "closed", "closed_by", "comments"):
            setattr(moved, name, getattr(issue, name))
        self.archive.add(moved)
        for comment in comments:
            again = (comment.author, comment.body, comment.created, comment.updated)
            self.archive.add_comment(IssueComment(self.next_id(), there, *again))
        self.archive.add_event(IssueEvent(self.next_id(), there, "transferred", actor, now, {}))
        return moved

    def delete_account(self, login: str) -> None:
        """Let an account go: what it wrote is `ghost`'s from now on (or nobody's), and no `updated_at` moves."""
        heir = None if self.settings.ghost_is_null else GHOST
        for comment in [one for one in self.home.comments.values() if one.author == login]:
            comment.author, comment.version = heir, comment.version + 1
        for event in [one for one in self.home.events if one.actor == login]:
            event.actor = heir
        for issue in self.home.issues.values():
            if issue.author == login:
                self._set(issue, quietly=True, author=heir)
            if login in issue.assignees:
                self._set(issue, quietly=True, assignees=tuple(one for one in issue.assignees if one != login))

    def rename_repository(self, name: str) -> None:
        """Give the repository another name; the old one leads on to it."""
        self.former_names[self.home.full_name.lower()] = self.home
        self.home.name = name
        self.former_names.pop(self.home.full_name.lower(), None)

    def enable_issues(self, *, on: bool) -> None:
        """Switch the repository's issues on or off."""
        self.home.has_issues = on

    def block(self, *, on: bool = True) -> None:
        """Take the repository down for legal reasons, or put it back."""
        self.home.blocked_since = self.now() if on else None

    def truth(self) -> dict[int, dict[str, Any]]:
        """Return everything there is to know of every issue, also of those that are gone; see `truth_of`."""
        home = self.home
        alive = {number: truth_of(one, home.comments_of.get(number, ()), None) for number, one in home.issues.items()}
        gone = {number: truth_of(one.issue, (), one) for number, one in home.gone.items()}
        return dict(sorted((alive | gone).items()))
