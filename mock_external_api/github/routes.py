"""What each address answers."""

import re
from collections.abc import Callable, Iterable

import orjson

from mock_external_api.clock import parse_iso_ms
from mock_external_api.github.exchange import Answer, Exchange
from mock_external_api.github.paging import PageRequest, cut_by_cursor, cut_by_number, link_header
from mock_external_api.github.records import Issue
from mock_external_api.github.refusals import (
    blocked,
    invalid,
    moved,
    no_permission,
    not_found,
    refusal,
    sso_required,
    too_deep,
)
from mock_external_api.github.repository import Repository
from mock_external_api.github.settings import Access
from mock_external_api.github.showing import write_account, write_repository
from mock_external_api.github.writing import stamp

_CHOICES = {
    "state": ("open", "closed", "all"),
    "sort": ("created", "updated", "comments"),
    "direction": ("asc", "desc"),
}


def list_issues(exchange: Exchange) -> Answer:
    """`/issues`: issues and pull requests; without parameters the open ones, the newest first."""
    repository, query = _issues_of(exchange), exchange.query
    wrong = [name for name, choices in _CHOICES.items() if query.get(name, choices[0]) not in choices]
    since = _since(query.get("since"), wrong)
    if wrong:
        raise invalid(*wrong)
    request, settings = PageRequest.of(query), exchange.settings
    if request.by_number and request.page * request.per_page > settings.page_number_depth:
        raise too_deep(cursors=True)
    keys = repository.ordered(query.get("sort", "created"), _filter(exchange.query), since)
    descending = query.get("direction", "desc") == "desc"
    if settings.numbered_links:
        shown, links = cut_by_number(keys[::-1] if descending else keys, request)
    else:
        page = cut_by_cursor(keys, request, descending=descending)
        shown, links = page.keys, page.links
    writer = exchange.github.writer(repository, exchange.base)
    return _page(exchange, repository, (writer.issue(number) for _, number in shown), links)


def list_comments(exchange: Exchange) -> Answer:
    """`/issues/comments`: of the whole repository; without `sort` in the order of their making."""
    repository, query = _issues_of(exchange), exchange.query
    wrong = [name for name in ("sort", "direction") if query.get(name, _CHOICES[name][0]) not in _CHOICES[name][:2]]
    since = _since(query.get("since"), wrong)
    if wrong:
        raise invalid(*wrong)
    keys = repository.ordered_comments(query.get("sort", "created"), since)
    if "sort" in query and query.get("direction", "desc") == "desc":
        keys = keys[::-1]
    shown, links = cut_by_number(keys, PageRequest.of(query))
    writer = exchange.github.writer(repository, exchange.base)
    return _page(exchange, repository, (writer.comment(number) for _, number in shown), links)


def list_events(exchange: Exchange) -> Answer:
    """`/issues/events`: of the whole repository, the newest first."""
    repository = _issues_of(exchange)
    request = PageRequest.of(exchange.query)
    if request.page * request.per_page > exchange.settings.events_depth:
        raise too_deep(cursors=False)
    deepest = repository.events[-exchange.settings.events_depth :]
    shown, links = cut_by_number(deepest[::-1], request)
    writer = exchange.github.writer(repository, exchange.base)
    return _page(exchange, repository, (writer.event(event) for event in shown), links)


def show_issue(exchange: Exchange) -> Answer:
    """`/issues/{number}`."""
    repository, issue = _issue_of(exchange)
    writer = exchange.github.writer(repository, exchange.base)
    return Answer(writer.issue(issue.number), changed=issue.updated)


def list_issue_comments(exchange: Exchange) -> Answer:
    """`/issues/{number}/comments`: the oldest first."""
    repository, issue = _issue_of(exchange)
    wrong: list[str] = []
    since = _since(exchange.query.get("since"), wrong) or 0
    if wrong:
        raise invalid(*wrong)
    comments = [one for one in repository.comments_of.get(issue.number, ()) if one.updated >= since]
    shown, links = cut_by_number(comments, PageRequest.of(exchange.query))
    writer = exchange.github.writer(repository, exchange.base)
    return _page(exchange, repository, (writer.comment(comment.id) for comment in shown), links)


def list_timeline(exchange: Exchange) -> Answer:
    """`/issues/{number}/timeline`: comments and events, the oldest first."""
    repository, issue = _issue_of(exchange)
    entries = exchange.github.writer(repository, exchange.base).timeline(issue.number)
    shown, links = cut_by_number(entries, PageRequest.of(exchange.query))
    return _page(exchange, repository, shown, links)


def show_repository(exchange: Exchange) -> Answer:
    """`/repos/{owner}/{repo}`."""
    repository = _repository_of(exchange)
    return Answer(orjson.dumps(write_repository(repository, exchange.base, private=exchange.settings.private)))


def show_rate_limit(exchange: Exchange) -> Answer:
    """`/rate_limit`, which does not count itself."""
    core = exchange.github.limits.state(exchange.token, exchange.settings)
    search = core | {"limit": 30, "remaining": 30, "used": 0}
    return Answer(orjson.dumps({"resources": {"core": core, "search": search}, "rate": core}), free=True)


def show_user(exchange: Exchange) -> Answer:
    """`/user`: whose token it is."""
    if exchange.token is None:
        raise refusal(401, "Requires authentication", "/rest/users/users#get-the-authenticated-user")
    return Answer(write_account("ada-support", exchange.base))


def _repository_of(exchange: Exchange) -> Repository:
    """Find the repository that the path names, as far as the caller may know of it."""
    desk, settings, names = exchange.github.desk, exchange.settings, exchange.request.path_params
    access = exchange.github.tokens.get(exchange.token) if exchange.token is not None else None
    if access is Access.BLIND or (access is None and settings.private):
        raise not_found()
    if "id" in names:
        found = next((one for one in (desk.home, desk.archive) if one.id == names["id"]), None)
    else:
        name = f"{names['owner']}/{names['repo']}".lower()
        found = desk.named(name)
        if found is None and (renamed := desk.former_names.get(name)) is not None:
            raise moved(settings.redirect_status, _same_at(exchange, renamed))
    if found is None:
        raise not_found()
    if access is Access.SSO:
        raise sso_required(found.owner)
    if found.blocked_since is not None:
        raise blocked(stamp(found.blocked_since) or "")
    return found


def _issues_of(exchange: Exchange) -> Repository:
    repository = _repository_of(exchange)
    if exchange.token is not None and exchange.github.tokens[exchange.token] is Access.NO_ISSUES:
        raise no_permission()
    if not repository.has_issues:
        raise refusal(410, "Issues are disabled for this repo", "/rest/issues/issues")
    return repository


def _issue_of(exchange: Exchange) -> tuple[Repository, Issue]:
    repository = _issues_of(exchange)
    number = exchange.request.path_params["number"]
    if (issue := repository.issues.get(number)) is not None:
        return repository, issue
    gone = repository.gone.get(number)
    if gone is None or gone.hidden:
        raise not_found()
    if gone.moved_to is None:
        raise refusal(410, "This issue was deleted", "/rest/issues/issues#get-an-issue")
    there, its_number = gone.moved_to
    rest = exchange.request.url.path.rpartition(f"/issues/{number}")[2]
    raise moved(301, f"{exchange.base}/repositories/{there}/issues/{its_number}{rest}")


def _same_at(exchange: Exchange, repository: Repository) -> str:
    """Return the address of the same thing by the repository's id, which no renaming changes."""
    query = exchange.request.url.query
    return f"{exchange.base}{_path(exchange, repository)}{'?' if query else ''}{query}"


def _path(exchange: Exchange, repository: Repository) -> str:
    rest = re.sub(r"^.*?/(?:repos/[^/]+/[^/]+|repositories/\d+)", "", exchange.request.url.path, count=1)
    return f"/repositories/{repository.id}{rest}"


def _page(
    exchange: Exchange, repository: Repository, written: Iterable[bytes], links: dict[str, dict[str, str]]
) -> Answer:
    settings = exchange.settings
    path = _path(exchange, repository)
    link = link_header(exchange.base, path, exchange.query, links, settings.link, settings.foreign_base)
    return Answer(b"[" + b",".join(written) + b"]", link=link)


def _since(text: str | None, wrong: list[str]) -> int | None:
    """Read `since` as whole seconds, rounded up: what was updated in that very second is shown."""
    if text is None:
        return None
    milliseconds = parse_iso_ms(text)
    if milliseconds is None:
        wrong.append("since")
        return None
    return -(-milliseconds // 1000)


def _filter(query: dict[str, str]) -> Callable[[Issue], bool] | None:
    """Return which issues are asked for, None for all."""
    state = query.get("state", "open")
    labels = {name for name in query.get("labels", "").split(",") if name}
    creator, assignee = query.get("creator"), query.get("assignee", "")
    if state == "all" and not labels and creator is None and not assignee:
        return None

    def keep(issue: Issue) -> bool:
        return (
            state in ("all", issue.state)
            and labels <= set(issue.labels)
            and creator in (None, issue.author)
            and (not assignee or assignee in issue.assignees or assignee == ("*" if issue.assignees else "none"))
        )

    return keep
