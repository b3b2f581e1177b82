"""Serves the stand-in of Zendesk from a thread of this process, so that its desk is at hand."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from mock_external_api.zendesk.app import create_zendesk
from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.settings import ZendeskSettings


@contextmanager
def served(settings: ZendeskSettings) -> Iterator[tuple[ZendeskDesk, str]]:
    """Serve on a free port of loopback; gives the desk and the address."""
    app = create_zendesk(settings)
    desk: ZendeskDesk = app.state.desk
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False, date_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield desk, f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
