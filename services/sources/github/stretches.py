"""What becomes of the pages of a walk: what each of them shows, and where the walk goes on. Asks nobody."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.sources.github.answers import Listed
from services.sources.github.details import comment_details, event_details
from services.sources.github.paging import ListedEntry, following_second, following_spot, fresh_positions
from services.sources.github.places import GithubCursor, Phase, Spot
from services.sources.github.records import is_pull_request, key_in, number_of, second_in
from services.sources.pages import SourcePage

MARGIN_SECONDS = 60
"""For how long after a change GitHub's lists may still lack it."""
FASTEST_CLOCK = timedelta(hours=1)
"""How much GitHub's clock may be ahead of ours: one that is further ahead is not believed."""


def asked_page(here: Phase, listed: Listed, size: int, now: datetime, *, shows_first: bool) -> SourcePage:
    """Whether there is anything to be read, up to the moment that this fixes."""
    told, cursor = listed.remarks, here.cursor
    if here.is_anew:
        told = (*told, "the place where the last run ended cannot be read: everything is read anew")
    if listed.is_unchanged:
        cursor = cursor.at(unchanged=cursor.unchanged + 1)
        return SourcePage((), (), None, at=listed.at, resume=cursor.text(), remarks=told)
    at = min(listed.at or now, now + FASTEST_CLOCK)
    here = here.at(horizon=max(0, int(at.timestamp()) - MARGIN_SECONDS))
    due = [listed.entries[position] for position in fresh_positions(here, _entries(listed, "number"))]
    is_more = listed.has_next or len(listed.entries) >= (here.spot.size or size)
    if not due or not (is_more or any(not is_pull_request(issue) for issue in due)):
        return SourcePage((), (), None, at=listed.at, resume=_after_nothing(here, listed).text(), remarks=told)
    following = here.at(what="events", since=None, spot=Spot())
    shown = [issue for issue in due if shows_first and not is_pull_request(issue)]
    return SourcePage(shown, _ids(shown), following.text(), at=listed.at, remarks=told)


def events_page(here: Phase, listed: Listed, size: int) -> SourcePage:
    """What happened, the newest first, back to what was read before."""
    keys = [key_in(event, "id") for event in listed.entries]
    dated = [(key, second_in(event, "created_at")) for key, event in zip(keys, listed.entries, strict=True)]
    early = [key for key, second in dated if key is not None and second is not None and second <= here.horizon]
    late = [key for key, second in dated if key is not None and second is not None and second > here.horizon]
    newest = max([here.newest, here.cursor.event, *early])
    unread = min(late if here.unread is None else [here.unread, *late], default=None)
    spot = following_spot(here.spot, listed, keys, size)
    remarks = listed.remarks
    if listed.is_too_deep:
        spot, remarks = None, (*remarks, "GitHub does not list events as old as some that were not read yet")
    if spot is None or any(key is not None and key <= here.cursor.event for key in keys):
        read = newest if unread is None else max(0, min(newest, unread - 1))
        following = here.at(what="comments", newest=read, unread=None, since=here.cursor.said, seen=(), spot=Spot())
    else:
        following = here.at(newest=newest, unread=unread, spot=spot)
    details = event_details(listed.entries, here)
    return SourcePage((), (), following.text(), at=listed.at, details=details, remarks=remarks)


def comments_page(here: Phase, listed: Listed, size: int) -> SourcePage:
    """What was written below issues, by the time of the last change."""
    entries = _entries(listed, "id")
    details = comment_details([listed.entries[position] for position in fresh_positions(here, entries)])
    following, remarks = _following(here, listed, entries, size)
    if following is None:
        since = None if here.whole else here.cursor.since
        following = here.at(what="issues", since=since, seen=(), spot=Spot())
    return SourcePage((), (), following.text(), at=listed.at, details=details, remarks=remarks)


def issues_page(here: Phase, listed: Listed, size: int) -> SourcePage:
    """The issues, by the time of the last change."""
    entries = _entries(listed, "number")
    fresh = [listed.entries[position] for position in fresh_positions(here, entries)]
    shown = [issue for issue in fresh if not is_pull_request(issue)]
    following, remarks = _following(here, listed, entries, size)
    resume: GithubCursor | None = None
    if following is None:
        resume = _read_up_to(here, max(here.horizon + 1, here.cursor.since or 0))
    elif not (here.whole and here.cursor.since is not None):
        resume = _read_up_to(here, following.since)
    return SourcePage(
        shown,
        _ids(shown),
        None if following is None else following.text(),
        at=listed.at,
        resume=None if resume is None else resume.text(),
        remarks=remarks,
    )


def _following(
    here: Phase, listed: Listed, entries: Sequence[ListedEntry], size: int
) -> tuple[Phase | None, tuple[str, ...]]:
    """Where a list by time goes on, and what is odd about it."""
    if listed.is_too_deep:
        remark = "more was changed within one second than GitHub lists: the rest of that second was not read"
        return here.at(since=(here.since or 0) + 1, seen=(), spot=Spot()), (*listed.remarks, remark)
    return following_second(here, listed, entries, size), listed.remarks


def _entries(listed: Listed, key: str) -> list[ListedEntry]:
    return [ListedEntry(key_in(each, key), second_in(each, "updated_at")) for each in listed.entries]


def _ids(issues: Sequence[Any]) -> list[str | None]:
    return [None if (number := number_of(issue)) is None else str(number) for issue in issues]


def _after_nothing(here: Phase, listed: Listed) -> GithubCursor:
    """What was read when nothing up to the horizon was of use."""
    cursor = here.cursor
    if not listed.entries and here.since is not None:  # the same answer will say the same
        return cursor.at(etag=listed.etag, unchanged=0)
    since = max(here.horizon + 1, cursor.since or 0)
    return cursor.at(since=since, etag="", unchanged=0)


def _read_up_to(here: Phase, since: int | None) -> GithubCursor:
    """What was read when the issues up to a second were."""
    said = max(here.horizon + 1, here.cursor.said or 0)
    return GithubCursor(v=1, since=since, said=said, event=here.newest)
