"""The stand-in as an application, and beside it the one that steers it."""

from fastapi import FastAPI, Request, Response

from mock_external_api.clock import SYSTEM_CLOCK, Clock
from mock_external_api.github import routes
from mock_external_api.github.control import create_github_control
from mock_external_api.github.exchange import Answer, Exchange, route
from mock_external_api.github.refusals import not_found
from mock_external_api.github.service import Github
from mock_external_api.github.settings import GithubSettings

_OF_A_REPOSITORY = {
    "": routes.show_repository,
    "/issues": routes.list_issues,
    "/issues/comments": routes.list_comments,
    "/issues/events": routes.list_events,
    "/issues/{number:int}": routes.show_issue,
    "/issues/{number:int}/comments": routes.list_issue_comments,
    "/issues/{number:int}/timeline": routes.list_timeline,
}


def create_github(settings: GithubSettings | None = None, clock: Clock = SYSTEM_CLOCK) -> FastAPI:
    """Build the stand-in: `app.state.desk` is its model, `app.state.github` what serves it (tokens, limits, log,
    traps), `app.state.control` the application that steers both.
    """
    github = Github(settings or GithubSettings(), clock)
    app = FastAPI(title="Stand-in of the GitHub API", openapi_url=None, redirect_slashes=False)
    app.state.github, app.state.desk = github, github.desk
    app.state.control = create_github_control(github)
    for path, handler in _OF_A_REPOSITORY.items():
        for front in ("/repos/{owner}/{repo}", "/repositories/{id:int}"):
            app.add_route(f"{front}{path}", route(github, handler))
    app.add_route("/rate_limit", route(github, routes.show_rate_limit))
    app.add_route("/user", route(github, routes.show_user))

    async def unknown(request: Request, _: Exception) -> Response:
        return await Exchange(github, request).answer(_nowhere)

    app.add_exception_handler(404, unknown)
    app.add_exception_handler(405, unknown)
    return app


def _nowhere(_: Exchange) -> Answer:
    raise not_found()
