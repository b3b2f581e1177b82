"""Runs Airbyte's connector for Zendesk Support in the environment of its own, `.venv-readers`."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
READERS = ROOT / ".venv-readers" / "bin"
_REDIRECT = Path(__file__).parent / "redirect"
_PATIENCE_SECONDS = 600
START = "2025-01-01T00:00:00Z"
"""Since when the connector reads; before anything in the stand-in."""


@dataclass
class Reading:
    """What one run of the connector said."""

    messages: list[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of one kind, for example `RECORD`."""
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Return the records of one stream in the order in which they came."""
        found = (message["record"] for message in self.of("RECORD"))
        return [record["data"] for record in found if record["stream"] == stream]

    def states(self) -> list[dict[str, Any]]:
        """Return the last state of each stream, from which a later run goes on."""
        states = [message["state"] for message in self.of("STATE")]
        return list({state["stream"]["stream_descriptor"]["name"]: state for state in states}.values())

    def faults(self) -> list[str]:
        """Return what the connector complains of."""
        traces = (message["trace"] for message in self.of("TRACE"))
        return [trace["error"]["message"] for trace in traces if trace["type"] == "ERROR"]


@dataclass
class Connector:
    """The connector with its files in `home`, led to the stand-in at `url`."""

    home: Path
    url: str
    credentials: dict[str, str]
    subdomain: str
    catalog: list[dict[str, Any]] = field(default_factory=list)

    def check(self, **changed: str) -> bool:
        """Tell whether the connector accepts the connection; `changed` are other credentials."""
        (answer,) = self._run("check", "--config", self._config(changed)).of("CONNECTION_STATUS")
        return bool(answer["connectionStatus"]["status"] == "SUCCEEDED")

    def discover(self, names: Sequence[str]) -> None:
        """Learn the schemas of these streams."""
        (answer,) = self._run("discover", "--config", self._config({})).of("CATALOG")
        self.catalog = [stream for stream in answer["catalog"]["streams"] if stream["name"] in names]

    def read(self, names: Sequence[str], state: list[dict[str, Any]] | None = None) -> Reading:
        """Read streams, from the beginning or from where `state` says."""
        mode = {"sync_mode": "incremental", "destination_sync_mode": "append"}
        streams = [{"stream": stream, **mode} for stream in self.catalog if stream["name"] in names]
        arguments = ["--config", self._config({}), "--catalog", self._write("catalog.json", {"streams": streams})]
        if state:
            arguments += ["--state", self._write("state.json", state)]
        return self._run("read", *arguments)

    def violations(self, records: dict[str, list[dict[str, Any]]]) -> list[str]:
        """Return where records, by stream, do not follow the connector's published schemas."""
        schemas = {stream["name"]: stream["json_schema"] for stream in self.catalog}
        given = self._write("records.json", {"schemas": schemas, "records": records})
        script = str(Path(__file__).parent / "redirect" / "violations.py")
        answer = subprocess.run([READERS / "python", script, given], capture_output=True, text=True, check=True)
        return answer.stdout.splitlines()

    def _config(self, changed: dict[str, str]) -> str:
        credentials = {**self.credentials, **changed}
        return self._write(
            "config.json", {"subdomain": self.subdomain, "start_date": START, "credentials": credentials}
        )

    def _write(self, name: str, content: object) -> str:
        path = self.home / name
        path.write_text(json.dumps(content))
        return str(path)

    def _run(self, *arguments: str) -> Reading:
        output = subprocess.run(
            [READERS / "source-zendesk-support", *arguments],
            env={**os.environ, "ZENDESK_STAND_IN": self.url, "PYTHONPATH": str(_REDIRECT)},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
        lines = [line for line in output.stdout.splitlines() if line.startswith("{")]
        assert lines, output.stderr
        return Reading([json.loads(line) for line in lines])
