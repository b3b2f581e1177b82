"""The stand-in of Zendesk Support as an application."""

from fastapi import FastAPI, Request, Response

from mock_external_api.clock import SYSTEM_CLOCK, Clock
from mock_external_api.zendesk import answers, control, exports, lookups
from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.exports import RefusedRequestError
from mock_external_api.zendesk.gate import ZendeskGate
from mock_external_api.zendesk.settings import ZendeskSettings


def create_zendesk(settings: ZendeskSettings, clock: Clock = SYSTEM_CLOCK) -> FastAPI:
    """Build the stand-in; `app.state.desk` is the help desk behind it, whose tickets are made at the first request."""
    desk = ZendeskDesk(settings, clock)
    app = FastAPI(title="Stand-in of Zendesk Support", description=__doc__)
    app.state.desk = desk
    app.add_middleware(ZendeskGate, desk=desk)
    for module in (exports, lookups, control):
        app.router.routes += module.router.routes  # as in the mock itself
    app.add_exception_handler(RefusedRequestError, _refused)
    app.add_exception_handler(404, _unknown)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedRequestError)  # noqa: S101 - registered for this alone
    return error.response


async def _unknown(request: Request, error: Exception) -> Response:
    return answers.unknown_path()
