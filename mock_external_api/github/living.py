"""Random days in a repository's life."""

import random
from collections.abc import Callable

from mock_external_api.github.desk import Desk
from mock_external_api.github.people import CUSTOMERS, MEMBERS
from mock_external_api.github.records import Issue
from mock_external_api.github.sample import LABELS, MILESTONES, REPLIES
from mock_external_api.texts.compose import compose, draw_topics
from mock_external_api.texts.issues import as_comment, as_issue

_REASONS = ("completed", "completed", "not_planned", "duplicate")


def random_step(desk: Desk, dice: random.Random) -> str:
    """Make one realistic change at the desk's present second, and return what it was.

    A change that does not fit the issue it falls on (closing a closed one) falls on another, or opens a new issue.
    """
    names = tuple(_STEPS)
    for name in dice.choices(names, weights=[_STEPS[each][0] for each in names], k=20):
        issues = [issue for issue in _some(desk, dice) if _STEPS[name][1](issue)]
        if issues:
            _STEPS[name][2](desk, dice.choice(issues), dice)
            return name
    _open(desk, None, dice)
    return "open"


def _some(desk: Desk, dice: random.Random) -> list[Issue]:
    numbers = desk.home.by_updated
    return [desk.home.issues[dice.choice(numbers)[1]] for _ in range(5)] if numbers else []


def _texts(dice: random.Random) -> tuple[str, str]:
    (topic,) = draw_topics(dice, 1)
    return as_issue(dice, topic, *compose(dice, topic, "web"))


def _open(desk: Desk, _: Issue | None, dice: random.Random) -> None:
    title, body = _texts(dice)
    desk.open(title, body or None, dice.choice(CUSTOMERS), dice.sample(tuple(LABELS), dice.choice((0, 1))))


def _edit(desk: Desk, issue: Issue, dice: random.Random) -> None:
    title, body = _texts(dice)
    if dice.random() < 0.5:
        desk.edit(issue.number, title=title)
    else:
        desk.edit(issue.number, body=body)


def _comment(desk: Desk, issue: Issue, dice: random.Random) -> None:
    desk.comment(issue.number, as_comment(dice, dice.choice(REPLIES), issue.body), _author(issue, dice))


def _edit_comment(desk: Desk, issue: Issue, dice: random.Random) -> None:
    comment = dice.choice(desk.home.comments_of[issue.number])
    if dice.random() < 0.7:
        desk.edit_comment(comment.id, f"{dice.choice(REPLIES)} (edited)")
    else:
        desk.delete_comment(comment.id)


def _author(issue: Issue, dice: random.Random) -> str:
    return issue.author if issue.author and dice.random() < 0.5 else dice.choice(MEMBERS)


_Step = Callable[[Desk, Issue, random.Random], object]
_STEPS: dict[str, tuple[int, Callable[[Issue], bool], _Step]] = {
    "open": (15, lambda _: True, _open),
    "open_pull": (4, lambda _: True, lambda d, _, r: d.open_pull("Correct the export", r.choice(MEMBERS))),
    "comment": (25, lambda _: True, _comment),
    "edit": (6, lambda _: True, _edit),
    "edit_comment": (4, lambda i: i.comments > 0, _edit_comment),
    "label": (10, lambda _: True, lambda d, i, r: d.label(i.number, r.choice(tuple(LABELS)))),
    "unlabel": (5, lambda i: bool(i.labels), lambda d, i, r: d.unlabel(i.number, r.choice(i.labels))),
    "assign": (6, lambda _: True, lambda d, i, r: d.assign(i.number, r.choice(MEMBERS))),
    "unassign": (3, lambda i: bool(i.assignees), lambda d, i, r: d.unassign(i.number, r.choice(i.assignees))),
    "set_milestone": (2, lambda _: True, lambda d, i, r: d.set_milestone(i.number, r.choice((None, *MILESTONES)))),
    "close": (12, lambda i: i.state == "open", lambda d, i, r: d.close(i.number, r.choice(_REASONS))),
    "merge": (3, lambda i: i.pull is not None and i.state == "open", lambda d, i, _: d.merge(i.number)),
    "reopen": (
        5,
        lambda i: i.state == "closed" and not (i.pull and i.pull.merged),
        lambda d, i, _: d.reopen(i.number),
    ),
    "lock": (1, lambda i: not i.locked, lambda d, i, _: d.lock(i.number, "resolved")),
    "unlock": (1, lambda i: i.locked, lambda d, i, _: d.unlock(i.number)),
    "react": (3, lambda _: True, lambda d, i, _: d.react(i.number)),
    "delete": (2, lambda i: i.pull is None, lambda d, i, _: d.delete(i.number)),
    "transfer": (1, lambda i: i.pull is None, lambda d, i, r: d.transfer(i.number, hidden=r.random() < 0.3)),
}
