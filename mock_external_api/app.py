"""The mock external API as an application."""

from fastapi import FastAPI

from mock_external_api import control, external, notify
from mock_external_api.clock import SYSTEM_CLOCK, Clock
from mock_external_api.gate import Gate
from mock_external_api.github.app import create_github
from mock_external_api.settings import MockSettings
from mock_external_api.upstream import Upstream

STAND_INS = {
    "github": create_github,
}
"""Stand-ins of help desks by their names; each is served at `/NAME`, what steers it at `/_control/NAME`."""


def create_app(settings: MockSettings, clock: Clock = SYSTEM_CLOCK) -> FastAPI:
    """Build the mock with its own tickets, limiter and logs; `clock` lets tests set the time."""
    upstream = Upstream(settings, clock)
    app = FastAPI(title="Mock external API", description=__doc__)
    app.state.upstream = upstream
    app.add_middleware(Gate, upstream=upstream, passed=tuple(f"/{name}/" for name in STAND_INS))
    for module in (external, notify, control):
        app.include_router(module.router)
    for name, create in STAND_INS.items():
        stand_in = create(clock=clock)
        app.mount(f"/_control/{name}", stand_in.state.control)
        app.mount(f"/{name}", stand_in)
    return app
