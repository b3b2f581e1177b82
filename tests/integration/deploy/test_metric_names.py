"""What rules, dashboards and runbooks ask Prometheus for is what the processes export."""

import re
from pathlib import Path

import httpx

from documents.database import Database
from tests.processes import Command, free_port
from tests.promql import metrics_in, queries
from tests.waiting import PATIENCE_SECONDS, eventually

SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
OF_REQUESTS = ("http_", "graphql_", "websocket_")


def exported(text: str) -> set[str]:
    """The names of the series that a process offers, or will once there is something to count."""
    kinds = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    return {f"{name}{suffix}" for name, kind in kinds for suffix in SUFFIXES.get(kind, ("",))}


def asked_for(*, of_requests: bool) -> dict[str, set[str]]:
    """By place, the metrics that requests alone change, or the others."""
    return {
        place: {metric for metric in metrics_in(query) if metric.startswith(OF_REQUESTS) is of_requests}
        for place, query in queries()
    }


def missing(asked: dict[str, set[str]], text: str) -> dict[str, set[str]]:
    known = exported(text)
    return {place: unknown for place, metrics in asked.items() if (unknown := metrics - known)}


async def test_the_api_exports_what_is_asked_of_requests(app_client: httpx.AsyncClient) -> None:
    text = (await app_client.get("/metrics")).text
    assert missing(asked_for(of_requests=True), text) == {}


async def test_a_worker_exports_all_else_at_its_port(db: Database, mongo_url: str, tmp_path: Path) -> None:
    port = free_port()
    database = {"MONGO_URL": mongo_url, "MONGO_DB": db.name, "EXTERNAL_API_URL": "http://127.0.0.1:9"}

    def scraped() -> str | None:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_SECONDS).raise_for_status().text
        except httpx.TransportError:
            return None

    with Command(tmp_path, "-m", "gql_app", "worker", METRICS_PORT=port, METRICS_TENANTS=1, **database) as worker:
        assert missing(asked_for(of_requests=False), eventually(scraped)) == {}
        worker.stop()  # killed in the middle of a transaction, it would hold up whoever is next here for a minute
