"""The header `Date`, by the mock's clock; uvicorn's own cannot be off, which a stand-in's may have to be."""

from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_external_api.clock import Clock


class Dated:
    """ASGI middleware that dates each answer that has no date yet."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass and date its answer."""

        async def date(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = format_datetime(self._clock.now(), usegmt=True)
                MutableHeaders(scope=message).setdefault("Date", now)
            await send(message)

        await self._app(scope, receive, date)
