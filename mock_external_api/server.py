"""Runs the mock on uvicorn, with one thing that uvicorn does not offer: closing a connection without an answer."""

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_external_api.faults import DROP_EXTENSION


class DroppableProtocol(HttpToolsProtocol):
    """Hands each request a function that closes its connection, as an ASGI extension."""

    def on_message_begin(self) -> None:
        """Add the extension to the scope of the request that begins."""
        super().on_message_begin()
        self.scope["extensions"] = {DROP_EXTENSION: {"drop": self.transport.close}}


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; requests still hanging after a second are cut off."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        date_header=False,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
