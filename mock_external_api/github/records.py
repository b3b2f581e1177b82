"""What the stand-in keeps: issues, comments, events, and what has become of each issue. Times are whole seconds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Change:
    """One change of one field of an issue."""

    moment: int
    field: str
    old: Any
    new: Any
    quiet: bool = False
    """It left `updated_at` as it was: who lists what was updated does not see it."""


@dataclass(slots=True, eq=False)
class IssueComment:
    """A comment on an issue or pull request."""

    id: int
    number: int
    author: str | None
    body: str
    created: int
    updated: int
    version: int = 0


@dataclass(slots=True, eq=False)
class IssueEvent:
    """Something that happened to an issue, other than a comment or a change of its text."""

    id: int
    number: int
    kind: str
    actor: str | None
    moment: int
    details: dict[str, Any]


@dataclass(slots=True, eq=False)
class Pull:
    """What a pull request has beyond an issue."""

    draft: bool = False
    merged: int | None = None


@dataclass(slots=True, eq=False)
class Issue:
    """An issue or pull request."""

    number: int
    id: int
    title: str
    body: str | None
    author: str | None
    created: int
    updated: int
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str | None = None
    state: str = "open"
    state_reason: str | None = None
    closed: int | None = None
    closed_by: str | None = None
    locked: bool = False
    lock_reason: str | None = None
    comments: int = 0
    pull: Pull | None = None
    reactions: dict[str, int] = field(default_factory=dict)
    version: int = 0
    """Counts what changes how it is shown."""
    history: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gone:
    """What remains of an issue that is no longer in the repository."""

    issue: Issue
    moment: int
    moved_to: tuple[int, int] | None = None
    """Repository id and number after a transfer; None: deleted."""
    hidden: bool = False
    """It went to a repository that the client may not read: 404."""


TRUTH_FIELDS = (
    *("title", "body", "author", "state", "state_reason", "labels", "assignees", "milestone"),
    *("locked", "lock_reason", "comments", "created", "updated", "closed", "closed_by"),
)


def truth_of(issue: Issue, comments: Iterable[IssueComment], gone: Gone | None) -> dict[str, Any]:
    """Return all that can be known of an issue, as JSON: its fields now, its history, its comments, how it went."""
    return {
        "is_pull_request": issue.pull is not None,
        "merged": None if issue.pull is None else issue.pull.merged,
        "fields": {name: _listed(getattr(issue, name)) for name in TRUTH_FIELDS},
        "history": [
            {"moment": c.moment, "field": c.field, "old": _listed(c.old), "new": _listed(c.new), "quiet": c.quiet}
            for c in issue.history
        ],
        "comments": [
            {"id": c.id, "author": c.author, "body": c.body, "created": c.created, "updated": c.updated}
            for c in comments
        ],
        "gone": None if gone is None else {"moment": gone.moment, "moved_to": gone.moved_to},
    }


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
