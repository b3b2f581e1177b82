"""Issues as tickets: which of their fields become which of a ticket's."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from services.kit.words import word_of
from services.sources.records.fields import moment_of
from services.sources.records.records import PageRecords, sort_records

CHANNEL = "github"
"""The `source` of every ticket: GitHub does not tell in which way an issue was written."""
GHOST = "ghost"
"""Who stands for all accounts that are gone; so it is nobody in particular."""
PRIORITIES: Final[Mapping[str, Collection[str]]] = {
    "urgent": ("urgent", "critical", "blocker", "highest", "p0"),
    "high": ("high", "important", "p1"),
    "normal": ("normal", "medium", "moderate", "p2"),
    "low": ("low", "lowest", "minor", "trivial", "p3", "p4"),
}
"""What labels call each priority, the most pressing first. Of several labels the most pressing counts."""
PRIORITY_PREFIXES: Final = ("priority", "prio", "p", "severity", "urgency")
"""What stands before such a word, or behind it: `priority: high`, `prio/high`, `high priority`."""
CLEAR_PRIORITIES: Final = ("urgent", "critical", "blocker", "p0", "p1", "p2", "p3", "p4")
"""Those words that say so much without a prefix, too."""
_RANKS: Final = {word: rank for rank, words in enumerate(PRIORITIES.values()) for word in words}
_BETWEEN: Final = str.maketrans(dict.fromkeys(":/-_=|()[]", " "))


def sort_issues(records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
    """Sort issues: tickets, and what cannot be one."""
    return sort_records([_ticket(record, tenant_id) for record in records], tenant_id, mixes_tenants=mixes_tenants)


def number_of(issue: object) -> int | None:
    """The number by which an issue is known in its repository."""
    return key_in(issue, "number")


def key_in(record: object, name: str) -> int | None:
    """A number by which something is known; None where there is none."""
    value = record.get(name) if isinstance(record, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def second_in(record: object, name: str) -> int | None:
    """A moment as whole seconds since 1970; None where there is none."""
    try:
        return int(moment_of(record.get(name)).timestamp()) if isinstance(record, dict) else None
    except ValueError:
        return None


def is_pull_request(issue: object) -> bool:
    """Whether it is one of the pull requests, which GitHub lists among the issues."""
    return isinstance(issue, dict) and issue.get("pull_request") is not None


def login_of(account: object) -> str | None:
    """Who it is; None for nobody, and for the one who stands for all that are gone."""
    login = account.get("login") if isinstance(account, dict) else None
    return login if isinstance(login, str) and login and login != GHOST else None


def labels_of(issue: Mapping[str, Any]) -> set[str]:
    """The names of its labels, which are objects or texts."""
    labels = issue.get("labels")
    return {name for name in map(label_name, labels if isinstance(labels, list) else ()) if name is not None}


def label_name(label: object) -> str | None:
    """The name of one label."""
    try:
        return word_of(label.get("name") if isinstance(label, dict) else label)
    except ValueError:
        return None


def assignees_of(issue: Mapping[str, Any]) -> list[str]:
    """Who works on it, in GitHub's order."""
    people = issue.get("assignees")
    people = people if isinstance(people, list) and people else [issue.get("assignee")]
    return [login for login in map(login_of, people) if login is not None]


def sorted_tags(labels: Iterable[str]) -> list[str] | None:
    """Labels as a ticket's tags: in the order of the alphabet, as GitHub promises none."""
    return sorted(labels) or None


def priority_in(labels: Iterable[str]) -> str | None:
    """The most pressing priority that a label names; None where none does."""
    ranks = [rank for rank in map(_rank, labels) if rank is not None]
    return list(PRIORITIES)[min(ranks)] if ranks else None


def _rank(label: str) -> int | None:
    words = label.lower().translate(_BETWEEN).split()
    if len(words) == 1 and words[0] in CLEAR_PRIORITIES:
        return _RANKS[words[0]]
    if len(words) == 2 and not set(words).isdisjoint(PRIORITY_PREFIXES):
        return next((_RANKS[word] for word in reversed(words) if word in _RANKS), None)
    return None


def _ticket(issue: Any, tenant_id: str) -> Any:
    if not isinstance(issue, dict):
        return issue
    labels, assignees = labels_of(issue), assignees_of(issue)
    ticket = {
        "id": issue.get("number"),
        "tenant_id": tenant_id,
        "source": CHANNEL,
        "customer_id": login_of(issue.get("user")),
        "subject": issue.get("title"),
        "message": issue.get("body"),
        "status": issue.get("state"),
        "created_at": issue.get("created_at"),
        "updated_at": issue.get("updated_at"),
        "priority": priority_in(labels),
        "tags": sorted_tags(labels),
        "assignee": assignees[0] if assignees else None,
    }
    return ticket | {name: value for name, value in _further(issue, assignees).items() if value is not None}


def _further(issue: Mapping[str, Any], assignees: Sequence[str]) -> dict[str, Any]:
    """What people want to see beside the fields of a ticket; why an issue was closed is among it."""
    return {
        "url": issue.get("html_url"),
        "state_reason": issue.get("state_reason"),
        "author_association": issue.get("author_association"),
        "milestone": _named(issue.get("milestone"), "title"),
        "issue_type": _named(issue.get("type"), "name"),
        "assignees": list(assignees) if len(assignees) > 1 else None,
    }


def _named(thing: object, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else None
