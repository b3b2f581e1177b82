"""What events and comments tell of issues: details for tickets.

An event names one label or one account, not what there was before and after. That follows from what the issue is at
present, backwards through its events, as long as none of them is missing: on the first page of the list, whose events
are the newest, and as long as the events agree with the issue (a label that is renamed or deleted makes no event).
Further back labels and accounts are left out of the details; what changed between two runs is found by comparing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from documents.ticket_history import FieldChange
from services.sources.github.places import Phase
from services.sources.github.records import (
    assignees_of,
    is_pull_request,
    key_in,
    label_name,
    labels_of,
    login_of,
    number_of,
    priority_in,
    second_in,
    sorted_tags,
)
from services.sources.pages import Detail
from services.sources.records.fields import LONGEST_MESSAGE, LONGEST_SUBJECT, text_of

_STATUSES = {"closed": ("open", "closed"), "reopened": ("closed", "open")}


@dataclass(slots=True)
class _Standing:
    """What an issue was after one of its events, as far as it is known; None: it is not."""

    labels: set[str] | None = None
    assignees: list[str] | None = None


@dataclass(slots=True)
class _Backwards:
    """Events of issues, from the newest on."""

    is_known: bool
    """Whether these are the newest that there are."""
    standings: dict[int, _Standing] = field(default_factory=dict)

    def changes(self, number: int, event: Mapping[str, Any]) -> dict[str, FieldChange]:
        """What an event changed. Asked for one event after the other."""
        issue = event["issue"]
        standing = self.standings.get(number)
        if standing is None:
            standing = self.standings[number] = _present(issue) if self.is_known else _Standing()
        match event.get("event"):
            case "closed" | "reopened" as kind:
                old, new = _STATUSES[kind]
                return {"status": FieldChange(old=old, new=new)}
            case "renamed":
                return _renamed(event.get("rename"))
            case "labeled" | "unlabeled" as kind:
                return _labels(standing, label_name(event.get("label")), is_added=kind == "labeled")
            case "assigned" | "unassigned" as kind:
                return _assignees(standing, login_of(event.get("assignee")), is_added=kind == "assigned")
        return {}


def event_details(events: Sequence[Any], here: Phase) -> list[Detail]:
    """What a page of events, the newest first, tells of issues: what was not read before, up to the horizon."""
    backwards = _Backwards(is_known=here.spot.page == 1 and not here.spot.after)
    return list(_details(events, here, backwards))


def comment_details(comments: Sequence[Any]) -> list[Detail]:
    """What was written below issues, by whomever; what nobody in particular wrote is left out."""
    details = []
    for comment in comments:
        number, serial, second = _issue_number(comment), key_in(comment, "id"), second_in(comment, "created_at")
        author = login_of(comment.get("user")) if isinstance(comment, dict) else None
        if number is None or serial is None or second is None or author is None:
            continue
        said = text_of(comment.get("body"), LONGEST_MESSAGE)
        if said:
            at = datetime.fromtimestamp(second, UTC)
            details.append(Detail(str(number), "comment", serial, at, said=said, author=author))
    return details


def _details(events: Sequence[Any], here: Phase, backwards: _Backwards) -> Iterator[Detail]:
    for event in events:
        serial, second = key_in(event, "id"), second_in(event, "created_at")
        number = number_of(event.get("issue")) if isinstance(event, dict) else None
        if serial is None or second is None or number is None or is_pull_request(event["issue"]):
            continue
        changes = backwards.changes(number, event)
        if changes and serial > here.cursor.event and second <= here.horizon:
            yield Detail(str(number), "event", serial, datetime.fromtimestamp(second, UTC), changes)


def _present(issue: Mapping[str, Any]) -> _Standing:
    labels = labels_of(issue) if isinstance(issue.get("labels"), list) else None
    return _Standing(labels, assignees_of(issue))


def _renamed(rename: object) -> dict[str, FieldChange]:
    if not isinstance(rename, dict) or not isinstance(rename.get("to"), str):
        return {}
    old, new = (text_of(rename.get(name), LONGEST_SUBJECT) for name in ("from", "to"))
    return {"subject": FieldChange(old=old, new=new)}


def _labels(standing: _Standing, name: str | None, *, is_added: bool) -> dict[str, FieldChange]:
    """What a label that came or went changed; the standing goes back before that."""
    after = standing.labels
    if after is None or name is None or (name in after) is not is_added:
        standing.labels = None
        return {}
    before = standing.labels = after ^ {name}
    pairs = {"tags": (sorted_tags(before), sorted_tags(after)), "priority": (priority_in(before), priority_in(after))}
    return {field: FieldChange(old=old, new=new) for field, (old, new) in pairs.items() if old != new}


def _assignees(standing: _Standing, login: str | None, *, is_added: bool) -> dict[str, FieldChange]:
    """The same for an account; of several the first is the ticket's assignee."""
    after = standing.assignees
    if after is None or login is None or (login in after) is not is_added:
        standing.assignees = None
        return {}
    if not is_added and after:  # it may have been the first, or not
        standing.assignees = None
        return {}
    before = standing.assignees = [each for each in after if each != login] if is_added else [login]
    old, new = (people[0] if people else None for people in (before, after))
    return {} if old == new else {"assignee": FieldChange(old=old, new=new)}


def _issue_number(comment: object) -> int | None:
    """Of the issue that a comment stands below; None for one below a pull request."""
    url, page = (comment.get(name) if isinstance(comment, dict) else None for name in ("issue_url", "html_url"))
    number = url.rpartition("/")[2] if isinstance(url, str) else ""
    if isinstance(page, str) and page.partition("#")[0].endswith(f"/pull/{number}"):
        return None
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
