"""Makes the issues that are there at the start, with their comments, events and history."""

import random
from collections.abc import Callable
from typing import Any

from mock_external_api.github.people import CUSTOMERS, MEMBERS
from mock_external_api.github.records import Change, Issue, IssueComment, IssueEvent, Pull
from mock_external_api.github.repository import Repository
from mock_external_api.github.settings import GithubSettings
from mock_external_api.texts.compose import compose, draw_topics
from mock_external_api.texts.issues import as_comment, as_issue

LABELS = {
    "bug": "d73a4a",
    "billing": "fbca04",
    "question": "d876e3",
    "outage": "b60205",
    "feature request": "a2eeef",
    "waiting for customer": "c5def5",
    "priority: high": "e11d21",
    "priority: low": "0e8a16",
}
"""The repository's labels and their colours."""
MILESTONES = ("Spring clean-up", "Quarterly review")
REPLIES = (
    "Thanks for the report, I am looking into it.",
    "Could you send the invoice number and the time it happened?",
    "This is still the same for us today.",
    "It works again since this morning, thank you.",
    "I have passed this on to the colleagues who run the exports.",
    "We have now waited for two days. When can we expect an answer?",
    "The fix goes out with tonight's release.",
    "Same here, with three of our branches.",
)
_SPREAD_SECONDS = 60 * 86_400


def fill(repository: Repository, settings: GithubSettings, now: int, next_id: Callable[[], int]) -> None:
    """Put `issue_count` issues into an empty repository, made in the 60 days up to `now`."""
    dice = random.Random(f"{settings.seed}:github")  # noqa: S311 - repeatable sample data, no secret
    count = settings.issue_count
    created = sorted(now - dice.randrange(60, _SPREAD_SECONDS) for _ in range(count))
    topics = draw_topics(dice, count)
    comments: list[tuple[int, int, str, str]] = []
    events: list[tuple[int, int, str, str, dict[str, Any]]] = []
    for number, moment in enumerate(created, start=1):
        title, body = as_issue(dice, topics[number - 1], *compose(dice, topics[number - 1], "web"))
        issue = Issue(number, next_id(), title, body or None, dice.choice(CUSTOMERS), moment, moment)
        if dice.random() < settings.pull_request_share:
            issue.pull, issue.author = Pull(draft=dice.random() < 0.2), dice.choice(MEMBERS)
        _live(dice, issue, now, comments, events)
        if number <= settings.same_second:
            issue.updated = now
        repository.issues[number] = issue
    repository.last_number = count
    repository.by_updated = sorted((issue.updated, number) for number, issue in repository.issues.items())
    for moment, number, author, text in sorted(comments):
        repository.add_comment(IssueComment(next_id(), number, author, text, moment, moment))
    for moment, number, kind, actor, details in sorted(events, key=lambda event: event[:2]):
        repository.add_event(IssueEvent(next_id(), number, kind, actor, moment, details))


def _live(
    dice: random.Random,
    issue: Issue,
    now: int,
    comments: list[tuple[int, int, str, str]],
    events: list[tuple[int, int, str, str, dict[str, Any]]],
) -> None:
    """Let an issue be labelled, assigned, answered and closed, at moments in order."""
    moment = issue.created

    def later() -> int:
        nonlocal moment
        moment = min(now, moment + int(dice.expovariate(1 / 50_000)))
        issue.updated = moment
        return moment

    def change(**fields: Any) -> None:
        for name, value in fields.items():
            issue.history.append(Change(moment, name, getattr(issue, name), value))
            setattr(issue, name, value)

    for name in dice.sample(tuple(LABELS), dice.choice((0, 1, 1, 2))):
        events.append((later(), issue.number, "labeled", dice.choice(MEMBERS), {"label": name}))
        change(labels=(*issue.labels, name))
    if dice.random() < 0.5:
        member = dice.choice(MEMBERS)
        events.append((later(), issue.number, "assigned", member, {"assignee": member, "assigner": member}))
        change(assignees=(member,))
    for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
        author = dice.choice((issue.author or "", dice.choice(MEMBERS)))
        comments.append((later(), issue.number, author, as_comment(dice, dice.choice(REPLIES), issue.body)))
        change(comments=issue.comments + 1)
    if dice.random() < 0.6:
        member = dice.choice(MEMBERS)
        reason = None if issue.pull else dice.choice(("completed", "completed", "not_planned", "duplicate"))
        if issue.pull and dice.random() < 0.8:
            issue.pull.merged = later()
            events.append((moment, issue.number, "merged", member, {}))
        events.append((later(), issue.number, "closed", member, {"state_reason": reason}))
        change(state="closed", state_reason=reason, closed=moment, closed_by=member)
