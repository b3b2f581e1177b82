"""`python -m mock_external_api`: serves the mock. Its settings come from the environment (`MOCK_...`)."""

import os
import signal
import sys
from threading import Thread
from typing import Annotated

import typer

from mock_external_api.app import create_app
from mock_external_api.server import serve
from mock_external_api.settings import MockSettings


def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9000,
    exit_with_parent: Annotated[bool, typer.Option(help="Stop when standard input ends.")] = False,
) -> None:
    """Serve the mock external API until it is interrupted."""
    if exit_with_parent:
        Thread(target=_stop_at_end_of_input, daemon=True).start()
    app = create_app(MockSettings())
    typer.echo(f"Mock external API on http://{host}:{port} (documentation at /docs)")
    serve(app, host, port)


def _stop_at_end_of_input() -> None:
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 4096):
        pass
    # Who opens a named pipe for writing from now on is told that nobody reads it.
    os.close(descriptor)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    typer.run(main)
