"""The mock external API as an application."""

from collections.abc import Callable
from functools import cache

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_external_api import control, external, notify
from mock_external_api.clock import SYSTEM_CLOCK, Clock
from mock_external_api.dated import Dated
from mock_external_api.gate import Gate
from mock_external_api.github.app import create_github
from mock_external_api.github.settings import GithubSettings
from mock_external_api.settings import MockSettings
from mock_external_api.upstream import Upstream
from mock_external_api.zendesk.app import create_zendesk
from mock_external_api.zendesk.settings import ZendeskSettings


def create_app(settings: MockSettings, clock: Clock = SYSTEM_CLOCK) -> FastAPI:
    """Build the mock with its own tickets, limiter and logs; `clock` lets tests set the time."""
    upstream = Upstream(settings, clock)
    app = FastAPI(title="Mock external API", description=__doc__)
    app.state.upstream = upstream
    app.add_middleware(Gate, upstream=upstream, passed=("/zendesk/", "/github/"))
    app.add_middleware(Dated, clock=clock)
    for module in (external, notify, control):
        app.router.routes += module.router.routes  # to include a router works its routes out once more
    zendesk = ZendeskSettings.model_validate({"control": settings.control, **settings.zendesk})
    app.mount("/zendesk", create_zendesk(zendesk, clock))
    of_github = GithubSettings.model_validate(settings.github)
    github = cache(lambda: create_github(of_github, clock))
    app.mount("/_control/github", _Later(lambda: github().state.control))
    app.mount("/github", _Later(github))
    return app


class _Later:
    """An application that is built when it is first asked: it takes as long as all the others."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it answer."""
        await self._build()(scope, receive, send)
