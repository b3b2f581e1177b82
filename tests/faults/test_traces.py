"""Traces over real processes, and a collector that is no help."""

import socket
from pathlib import Path

import httpx

from tests.collecting import SentSpan, endpoint_of, sent_metrics, sent_spans, sent_total
from tests.processes import Command, serving_mock
from tests.receiver import receiving
from tests.waiting import PATIENCE_SECONDS, eventually

CLIENT = "a" * 32
CLIENTS_STEP = "b" * 16
TRACEPARENT = {"traceparent": f"00-{CLIENT}-{CLIENTS_STEP}-01"}
SECRET = "zyxmarkerword"
MUCH_LONGER = 600
"""Seconds that the SDK would give the collector; nobody waits for as long."""


def start_run(url: str) -> str:
    headers = {**TRACEPARENT, "Prefer": "respond-async"}
    answer = httpx.post(
        f"{url}/ingest/run", params={"tenant_id": "tenant_a"}, headers=headers, timeout=PATIENCE_SECONDS
    )
    job_id: str = answer.json()["job_id"]
    return job_id


def get(url: str) -> httpx.Response:
    answer = httpx.get(url, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200
    return answer


def ask_for_secrets(url: str) -> None:
    """Requests with a word that is nobody else's business, wherever a client can put one."""
    graphql = {
        "query": "query Found($word: String!) { tickets(tenantId: $word, filter: {search: $word}) { totalCount } }",
        "variables": {"word": SECRET},
    }
    refused = {"query": f'{{ ticket(id: "{SECRET}") {{ subject }} nothing{SECRET} }}'}
    headers = {**TRACEPARENT, "User-Agent": SECRET, "X-Request-ID": SECRET, "Authorization": f"Bearer {SECRET}"}
    with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_SECONDS) as client:
        client.get("/tickets", params={"tenant_id": "tenant_a", "q": SECRET, "customer_id": f"{SECRET}@example.com"})
        client.get(f"/tickets?tenant_id=tenant_a&{SECRET}@example.com=1&created_from={SECRET}")
        client.get(f"/tenants/tenant_a/customers/{SECRET}/export")
        client.get(f"/{SECRET}/nowhere?access_token={SECRET}")
        client.get("/graphql", params={"query": graphql["query"], "variables": f'{{"word": "{SECRET}"}}'})
        for body in (graphql, refused):
            client.post("/graphql", json=body)


def test_one_trace_leads_from_a_request_over_processes_to_the_alerts(tmp_path: Path, mongo_url: str) -> None:
    mock = serving_mock(tmp_path, MOCK_TICKET_COUNT=120, MOCK_NOTIFY_MODE="healthy")
    with receiving() as collector, mock as upstream:
        shared = {
            "MONGO_URL": mongo_url,
            "MONGO_DB": "test_traces",
            "EXTERNAL_API_URL": upstream,
            "RATE_LIMIT_PER_MINUTE": 0,
            "PAGE_SIZE": 20,
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint_of(collector),
            "OTEL_BSP_SCHEDULE_DELAY": 200,
            "OTEL_METRIC_EXPORT_INTERVAL": 500,
        }
        api = Command(tmp_path, "-m", "gql_app", "serve", PORT=0, RUN_WORKER="false", **shared)
        with api, Command(tmp_path, "-m", "gql_app", "worker", METRICS_PORT=0, **shared) as worker:
            address = worker.wait_for('"metrics_served".*"address": ?"([^"]+)"')[1]
            assert get(f"{address}/health/live").json() == {"status": "ok"}
            ask_for_secrets(api.url())
            job_id = start_run(api.url())
            worker.wait_for(f'"run_completed".*"job_id": ?"{job_id}"')

            assert 'ingestion_runs_total{kind="run",outcome="success"} 1.0' in get(f"{address}/metrics").text

            def found() -> dict[str, list[SentSpan]]:
                spans = [each for each in sent_spans(collector) if each.trace_id == CLIENT]
                return {name: [span for span in spans if span.name == name] for name in {span.name for span in spans}}

            steps = {"POST /ingest/run", "ingestion run", "fetch page", "classify page", "store page"}
            eventually(lambda: steps | {"deliver notification"} <= found().keys(), lambda: str(found().keys()))
            spans = found()
            (request,), (run,) = spans["POST /ingest/run"], spans["ingestion run"]
            assert request.parent_id == CLIENTS_STEP
            assert run.parent_id == request.span_id
            assert run.process != request.process
            assert run.attributes["job_id"] == job_id
            for name in ("fetch page", "classify page", "store page"):
                assert {span.parent_id for span in spans[name]} == {run.span_id}
            asked = [span for name in spans for span in spans[name] if name.startswith(("GET", "POST"))]
            assert {span.attributes.get("http.route") for span in asked} >= {
                *("/tickets", "/graphql", "/tenants/{tenant_id}/customers/{customer_id}/export"),
            }
            queries = {span.attributes.get("url.query") for span in asked}
            assert queries >= {
                "tenant_id=REDACTED&q=REDACTED&customer_id=REDACTED",
                "tenant_id=REDACTED&other=REDACTED&created_from=REDACTED",
            }
            assert [each.path for each in collector.received if SECRET.encode() in each.body] == []
            pages = {span.span_id for span in spans["classify page"]}
            assert {span.parent_id for span in spans["deliver notification"]} <= pages
            assert {span.process for span in spans["deliver notification"]} == {run.process}
            new = int(worker.wait_for(r'"run_completed".*"new_ingested": ?(\d+)')[1])
            eventually(lambda: sent_total(sent_metrics(collector), "ingestion_tickets", "new") == new > 0)
            judged = sent_metrics(collector)["classification_duration_seconds"].histogram.data_points
            assert sum(point.count for point in judged) >= new
            assert all(sum(point.bucket_counts) == point.count for point in judged)


def test_a_collector_that_answers_nothing_holds_nobody_up(tmp_path: Path, mongo_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as collector:
        service = Command(
            tmp_path,
            *("-m", "gql_app", "serve"),
            PORT=0,
            MONGO_URL=mongo_url,
            MONGO_DB="test_traces",
            EXTERNAL_API_URL="http://127.0.0.1:9",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.getsockname()[1]}",
            OTEL_EXPORTER_OTLP_TIMEOUT=MUCH_LONGER,
            OTEL_BSP_SCHEDULE_DELAY=100,
            OTEL_BSP_MAX_QUEUE_SIZE=8,
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE=4,
            OTEL_METRIC_EXPORT_INTERVAL=100,
        )
        with service:
            for _ in range(20):  # more than may wait
                get(f"{service.url()}/tickets?tenant_id=tenant_a")
            service.stop()  # the SDK alone would wait for as long as it gives the collector
            assert service.exit_code() == 0
