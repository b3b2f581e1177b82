"""A help desk as the contract describes it, on this machine, which demands a bearer token; and connections to it."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.notifying import SECRETS_KEY

KEY = base64.b64encode(SECRETS_KEY).decode()
"""For the setting `SECRETS_KEY`."""
THEN = "2026-02-01T10:00:00Z"
TOKEN = "s3cret-of-the-help-desk"
TENANT = "acme"


@dataclass
class HelpDesk:
    """What it has, what it was asked, and what it answers."""

    port: int = 0
    tickets: list[Any] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    token: str | None = TOKEN
    """What it demands; None: nothing."""
    status: int = 200
    """What it answers to those whom it lets in."""
    hold: threading.Event = field(default_factory=threading.Event)
    """Answers wait until it is set, which it is."""
    asked: list[str] = field(default_factory=list)
    authorised: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str) -> Any:
        """The body that goes with a path, if there is one."""
        name = path.partition("?")[0].removeprefix("/external/")
        if name == "support-tickets":
            return {"tickets": self.tickets, "next_page": None, "total_count": len(self.tickets)}
        if name == "deleted-tickets":
            return {"deleted_ids": self.deleted}
        return next((each for each in self.tickets if each.get("id") == name.rpartition("/")[2]), None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    desk: HelpDesk


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        desk = self.server.desk
        desk.asked.append(self.path)
        desk.authorised.append(self.headers["Authorization"])
        desk.hold.wait()
        is_known = desk.token is None or self.headers["Authorization"] == f"Bearer {desk.token}"
        found = desk.answer(self.path)
        status = desk.status if is_known else 401
        body = json.dumps({"secret of upstream": self.headers["Authorization"]} if status != 200 else found).encode()
        self.send_response(404 if status == 200 and found is None else status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def help_desk(*tickets: Any, **changes: Any) -> Iterator[HelpDesk]:
    """A help desk that listens while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.desk = desk = HelpDesk(port=server.server_address[1], tickets=list(tickets), **changes)
    desk.hold.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        desk.hold.set()
        server.shutdown()
        server.server_close()


def record(external_id: str, **changes: Any) -> dict[str, Any]:
    """A ticket as it shows it."""
    return {
        "id": external_id,
        "tenant_id": TENANT,
        "subject": "Question",
        "message": "Where is the manual?",
        "created_at": THEN,
        "updated_at": THEN,
        "status": "open",
    } | changes
