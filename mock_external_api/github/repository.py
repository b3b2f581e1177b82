"""One repository: its issues, comments and events, kept in the orders in which they are listed."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable

from mock_external_api.github.records import Gone, Issue, IssueComment, IssueEvent

Key = tuple[int, int]
"""A place in an order: what is sorted by, and the issue's number or the comment's id."""


class Repository:
    """The issues of one repository."""

    def __init__(self, number: int, owner: str, name: str) -> None:
        self.id = number
        self.owner, self.name = owner, name
        self.issues: dict[int, Issue] = {}
        self.gone: dict[int, Gone] = {}
        self.comments: dict[int, IssueComment] = {}
        self.comments_of: defaultdict[int, list[IssueComment]] = defaultdict(list)
        self.events: list[IssueEvent] = []
        """The oldest first."""
        self.events_of: defaultdict[int, list[IssueEvent]] = defaultdict(list)
        self.by_updated: list[Key] = []
        self.comments_by_updated: list[Key] = []
        self.last_number = 0
        self.has_issues = True
        self.blocked_since: int | None = None
        """Since when it has been taken down for legal reasons."""
        self.version = 0

    @property
    def full_name(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner}/{self.name}"

    def add(self, issue: Issue) -> None:
        """Put an issue in; its number must be new."""
        self.issues[issue.number] = issue
        self.last_number = max(self.last_number, issue.number)
        insort(self.by_updated, (issue.updated, issue.number))
        self.version += 1

    def add_comment(self, comment: IssueComment) -> None:
        """Put a comment in; the issue's own count of comments is not touched."""
        self.comments[comment.id] = comment
        self.comments_of[comment.number].append(comment)
        insort(self.comments_by_updated, (comment.updated, comment.id))

    def add_event(self, event: IssueEvent) -> None:
        """Put an event in; the newest comes last."""
        self.events.append(event)
        self.events_of[event.number].append(event)

    def touch(self, issue: Issue, moment: int) -> None:
        """Set `updated_at`, which moves the issue in the list."""
        _move(self.by_updated, (issue.updated, issue.number), (moment, issue.number))
        issue.updated = moment

    def touch_comment(self, comment: IssueComment, moment: int) -> None:
        """Set a comment's `updated_at`."""
        _move(self.comments_by_updated, (comment.updated, comment.id), (moment, comment.id))
        comment.updated = moment

    def remove(self, number: int, gone: Gone) -> list[IssueComment]:
        """Take an issue out with its comments and events, which leaves no trace but `gone`; returns the comments."""
        issue = self.issues.pop(number)
        del self.by_updated[bisect_left(self.by_updated, (issue.updated, number))]
        comments = list(self.comments_of.pop(number, []))
        for comment in comments:
            self._forget(comment)
        self.events_of.pop(number, None)
        self.events = [event for event in self.events if event.number != number]
        self.gone[number] = gone
        self.version += 1
        return comments

    def remove_comment(self, comment: IssueComment) -> None:
        """Take a comment out."""
        self.comments_of[comment.number].remove(comment)
        self._forget(comment)

    def ordered(self, sort: str, keep: Callable[[Issue], bool] | None, since: int | None) -> list[Key]:
        """Return the places of the issues in ascending order: those to `keep` that were updated `since`, inclusive."""
        keys = self.by_updated if since is None else self.by_updated[bisect_left(self.by_updated, (since, 0)) :]
        if keep is not None:
            keys = [key for key in keys if keep(self.issues[key[1]])]
        match sort:
            case "created":
                return sorted((self.issues[number].created, number) for _, number in keys)
            case "comments":
                return sorted((self.issues[number].comments, number) for _, number in keys)
            case _:
                return keys

    def ordered_comments(self, sort: str, since: int | None) -> list[Key]:
        """Return the places of the comments in ascending order."""
        keys = self.comments_by_updated
        if since is not None:
            keys = keys[bisect_left(keys, (since, 0)) :]
        return sorted((self.comments[number].created, number) for _, number in keys) if sort == "created" else keys

    def _forget(self, comment: IssueComment) -> None:
        del self.comments[comment.id]
        del self.comments_by_updated[bisect_left(self.comments_by_updated, (comment.updated, comment.id))]


def _move(keys: list[Key], old: Key, new: Key) -> None:
    del keys[bisect_left(keys, old)]
    insort(keys, new)
