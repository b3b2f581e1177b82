"""`python -m mock_external_api`: serves the mock. Its settings come from the environment (`MOCK_...`)."""

from typing import Annotated

import typer

from mock_external_api.app import create_app
from mock_external_api.server import serve
from mock_external_api.settings import MockSettings


def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9000,
) -> None:
    """Serve the mock external API until it is interrupted."""
    app = create_app(MockSettings())
    typer.echo(f"Mock external API on http://{host}:{port} (documentation at /docs)")
    serve(app, host, port)


if __name__ == "__main__":
    typer.run(main)
