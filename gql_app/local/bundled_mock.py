"""The mock external API, started and shared by the commands that run on one data directory.

Its home is `DATA_DIR/mock`; beside the supervisor's files it holds `now`, the reference time of the tickets
(`MOCK_NOW`), which a mock that is started soon after takes over: the same tickets, so that ingesting them again finds
them unchanged.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from gql_app.local.shared import Running, ServerKind, SharedServer, SharedServerError
from gql_app.local.shared import start as start_shared
from gql_app.local.supervisor import HOST, Child

USUAL_PORT = 9000
SAME_TICKETS_FOR = timedelta(hours=6)
"""How long the newest ticket is new enough: statistics show the last 24 hours."""
ANSWER_SECONDS = 5.0
PROJECT = Path(__file__).resolve().parents[2]


class BundledMockError(SharedServerError):
    """The mock cannot be provided; the message is one line for the person who started the program."""


def start(data_dir: Path, *, settings: Mapping[str, str] = {}) -> SharedServer:
    """Start the mock, or attach to the one that runs on `data_dir`; blocks until it answers.

    Its settings are the environment's `MOCK_...`; `settings` override them, if this call is the one that starts it.
    Raises BundledMockError.
    """
    return start_shared(data_dir, _Mock(settings))


@dataclass(frozen=True)
class _Mock(ServerKind):
    settings: Mapping[str, str]

    title = "The mock external API"
    folder = "mock"
    setting = "EXTERNAL_API_URL"
    error = BundledMockError

    def child(self, home: Path) -> Child:
        now = os.environ.get("MOCK_NOW", _reference_time(home / "now").isoformat())
        return Child(
            name="mock",
            command=[sys.executable, "-m", "mock_external_api", "--host", HOST, "--port", "{port}"],
            environment={"MOCK_NOW": now, **self.settings},
            directory=str(PROJECT),
            usual_port=USUAL_PORT,
        )

    def url(self, home: Path, port: int) -> str:
        return f"http://{HOST}:{port}"

    def obstacle(self, home: Path, server: Running) -> str | None:
        connection = HTTPConnection(HOST, server.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/health")
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            return str(error)
        finally:
            connection.close()
        return None if status == 200 else f"it answers {status}"

    def complaint(self, printed: Sequence[str]) -> str:
        return printed[-1] if printed else ""  # the last line of a traceback


def _reference_time(file: Path) -> datetime:
    now = datetime.now(UTC)
    try:
        kept = datetime.fromisoformat(file.read_text())
        if timedelta() <= now - kept < SAME_TICKETS_FOR:
            return kept
    except (FileNotFoundError, ValueError):  # the first start, or a file that was cut short
        pass
    file.write_text(now.isoformat())
    return now
