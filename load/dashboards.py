"""Dashboards without a browser: Locust plays what the page asks and follows, with the page's own operations.

Runs in an environment of its own (`.venv-load`), never imported by anything: `python load/dashboards.py URL
--dashboards 50 --seconds 300`. Prints one JSON document: for each kind of request how many there were, how many failed
and why, and how long they took, in milliseconds.
"""

# ruff: noqa: E402 - Locust has to patch the standard library before anything else is imported
from gevent.monkey import patch_all

patch_all()

import argparse
import json
import logging
import math
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import gevent
import websocket
from locust import FastHttpUser, constant, task
from locust.env import Environment
from locust.stats import StatsEntry

QUERIES = Path(__file__).parents[1] / "web" / "dashboard" / "queries"
OPERATIONS = {path.stem: path.read_text() for path in QUERIES.glob("*.graphql")}
TENANTS = ("tenant_a", "tenant_b", "tenant_c", "tenant_d")
ZONE = ZoneInfo("Europe/Paris")
EVERY_SECONDS = 2.0
"""So often pages ask anew while tickets change, all of a tenant at once (`web/dashboard/kit/use-answer.js`)."""
PING_SECONDS = 10.0
STAYS_SECONDS = (8.0, 25.0)
"""How long somebody looks at a view."""
SECONDS_TO_ARRIVE = 10.0
PERCENTILES = (0.5, 0.95, 0.99)


class Dashboard(FastHttpUser):
    """Somebody who looks at a tenant's figures, opens lists and tickets, and comes back."""

    wait_time = constant(0.1)
    network_timeout = connection_timeout = 30.0

    def on_start(self) -> None:
        """Open the page: the frame, and the socket that tells of changes."""
        self._dice = random.Random()
        self._tenant = self._dice.choice(TENANTS)
        self._phase = TENANTS.index(self._tenant) * EVERY_SECONDS / len(TENANTS)
        self._has_changed, self._ends = False, False
        self.client.get("/", name="the page")
        self._ask("frame")
        self._socket = gevent.spawn(self._follow)

    def on_stop(self) -> None:
        """Close the page."""
        self._ends = True
        self._socket.join(timeout=5)

    @task(6)
    def overview(self) -> None:
        """Look at the figures, which follow what changes."""
        begin, now = _days_ago(29), datetime.now(UTC)
        # As the page does: of a period that goes on, what precedes it is as long as it was at the last full hour.
        before = begin - (now.replace(minute=0, second=0, microsecond=0) - begin)
        period = {"from": _iso(begin), "to": None, "beforeFrom": _iso(before), "hasBefore": True}
        shown = {"trendFrom": _iso(begin), "unit": "DAY", "zone": ZONE.key, "filter": None, "isFiltered": False}
        self._ask("forecast", {"zone": ZONE.key})
        self._stay("overview", period | shown)

    @task(3)
    def tickets(self) -> None:
        """Look at a list, and open a ticket of it."""
        page = {"filter": None, "order": "NEWEST_FIRST", "first": 50}
        listed = self._ask("tickets", page)
        nodes = listed["tickets"]["nodes"] if listed else []
        if nodes:
            self._ask("ticket", {"ticket": self._dice.choice(nodes)["externalId"]})
        self._stay("tickets", page)

    @task(1)
    def customers(self) -> None:
        """Look at the busiest customers."""
        self._stay("customers", {"from": None, "to": None, "order": "TICKETS"})

    @task(1)
    def ingestion(self) -> None:
        """Look at the runs, and at the one that goes on."""
        self._ask("ingestion")
        self._stay("ingestion-now", {})

    @task(1)
    def home(self) -> None:
        """Look at all tenants."""
        self._stay("home", {"zone": ZONE.key, "from": _iso(_days_ago(13)), "withTrend": True})

    def _stay(self, name: str, variables: dict[str, Any]) -> None:
        """Show a view for a while, and ask anew what it shows as the page does: when tickets have changed."""
        self._ask(name, variables)
        asked = time.time()
        until = asked + self._dice.uniform(*STAYS_SECONDS)
        while (now := time.time()) < until and not self._ends:
            if self._has_changed and now >= _next_moment(asked, self._phase):
                self._has_changed, asked = False, now
                self._ask(name, variables)
            gevent.sleep(0.05)

    def _ask(self, name: str, variables: dict[str, Any] | None = None) -> Any:
        query, given = OPERATIONS[name], {"tenant": self._tenant, **(variables or {})}
        body = {"query": query, "variables": {key: value for key, value in given.items() if f"${key}" in query}}
        with self.client.post("/graphql", json=body, name=name, catch_response=True) as response:
            answer = response.json() if response.status_code == 200 else {}
            if "data" not in answer or "errors" in answer:
                response.failure(f"{response.status_code} {str(answer.get('errors', ''))[:200]}")
        return answer.get("data")

    def _follow(self) -> None:
        """Follow the tenant's tickets and runs until the page is closed, and connect anew when that ends."""
        while not self._ends:
            begun = time.perf_counter()
            try:
                self._listen(begun)
            except (OSError, websocket.WebSocketException) as error:
                self._report("connection lost", begun, error)
                gevent.sleep(0.5)

    def _listen(self, begun: float) -> None:
        url = f"{self.host}/graphql".replace("http", "ws", 1)
        socket = websocket.create_connection(url, timeout=PING_SECONDS, subprotocols=["graphql-transport-ws"])
        try:
            socket.send(json.dumps({"type": "connection_init"}))
            for name in ("tickets-changed", "ingestion-started"):
                payload = {"query": OPERATIONS[name], "variables": {"tenant": self._tenant}}
                socket.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
            while not self._ends:
                try:
                    message = json.loads(socket.recv())
                except websocket.WebSocketTimeoutException:
                    socket.send(json.dumps({"type": "ping"}))
                    continue
                if message["type"] == "connection_ack":
                    self._report("socket open", begun)
                elif message["type"] == "next" and message["id"] == "tickets-changed":
                    self._has_changed = True
                elif message["type"] in ("error", "complete"):
                    raise websocket.WebSocketException(str(message)[:200])
        finally:
            socket.close()

    def _report(self, name: str, begun: float, error: Exception | None = None) -> None:
        milliseconds = (time.perf_counter() - begun) * 1000
        self.environment.events.request.fire(
            request_type="WS", name=name, response_time=milliseconds, response_length=0, exception=error, context={}
        )


def _next_moment(last: float, phase: float) -> float:
    """The first moment in which pages ask that is a second later, or more."""
    return math.ceil((last - phase + EVERY_SECONDS / 2) / EVERY_SECONDS) * EVERY_SECONDS + phase


def _days_ago(days: int) -> datetime:
    """The beginning of a day, by the clock of the zone."""
    day = datetime.now(ZONE).date() - timedelta(days=days)
    return datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(entry: StatsEntry) -> dict[str, float]:
    times = {f"p{share * 100:.0f}": entry.get_response_time_percentile(share) or 0 for share in PERCENTILES}
    return {"requests": entry.num_requests, "failures": entry.num_failures, **times}


def main() -> None:
    """Let so many dashboards look for so long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--dashboards", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    environment = Environment(user_classes=[Dashboard], host=arguments.url)
    runner = environment.create_local_runner()
    runner.start(arguments.dashboards, spawn_rate=max(1.0, arguments.dashboards / SECONDS_TO_ARRIVE))
    gevent.sleep(SECONDS_TO_ARRIVE)
    environment.stats.reset_all()
    gevent.sleep(arguments.seconds)
    found = {name: _told(entry) for (name, _), entry in sorted(environment.stats.entries.items())}
    errors = sorted({str(error.error) for error in environment.stats.errors.values()})
    print(json.dumps({"all": _told(environment.stats.total), "by_kind": found, "errors": errors}), flush=True)
    runner.quit()


if __name__ == "__main__":
    main()
