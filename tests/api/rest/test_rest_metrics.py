"""What `/metrics` tells of requests and of work, by the names that `docs/metrics.md` has."""

import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from documents.database import Database
from gql_app.commands.metrics_port import operators_served
from gql_app.telemetry.telemetry import Telemetry
from resolvers.context import Services
from tests.fakes import (
    MockApi,
    app_with,
    at_rest,
    empty,
    ingest,
    make_jwt_settings,
    make_settings,
    open_client,
    open_services,
)
from tests.pages import DOCS

TABLE = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", re.MULTILINE)
OTHER_NAMES = "query Secret($wrong: String!) { mine: tenants { tenantId } theirs: lock(tenantId: $wrong) { locked } }"


def samples(text: str) -> dict[tuple[str, frozenset[Any]], float]:
    found: list[Sample] = [each for family in text_string_to_metric_families(text) for each in family.samples]
    return {(each.name, frozenset(each.labels.items())): each.value for each in found}


def key(name: str, **labels: str) -> tuple[str, frozenset[Any]]:
    return name, frozenset(labels.items())


async def scrape(client: httpx.AsyncClient) -> str:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return answer.text


@pytest.fixture(scope="module")
async def at_port(database: Database) -> AsyncIterator[str]:
    """All that a process can tell, at the port that is for operators, with tenants' names."""
    await empty(database)
    settings = make_settings(metrics_port=0, metrics_tenants=2)
    telemetry = Telemetry(settings, "serve")
    async with (
        open_services(database, MockApi(ticket_count=100).transport, settings) as services,
        open_client(app_with(services, settings, telemetry)) as client,
        operators_served(settings, telemetry) as address,
        httpx.AsyncClient(base_url=str(address)) as port,
    ):
        for tenant_id in ("tenant_b", "tenant_c", "tenant_d"):
            await ingest(services, tenant_id)
        await client.post("/graphql", json={"query": "{ tenants { tenantId } }"})
        yield await scrape(port)


async def test_a_run_is_counted_as_it_is_logged(
    app_client: httpx.AsyncClient, services: Services, mock_api: MockApi
) -> None:
    mock_api.change(malformed_share=0.2)
    job = await ingest(services, "tenant_a")
    found = samples(await scrape(app_client))
    assert found[key("ingestion_runs_total", kind="run", outcome="partial_success")] == 1
    assert found[key("ingestion_tickets_total", result="quarantined")] == job.errors > 0
    assert found[key("ingestion_tickets_total", result="new")] == job.new_ingested > 0
    assert found[key("ingestion_pages_total")] == job.processed_pages > 1
    assert found[key("classification_duration_seconds_count", language="en")] <= job.new_ingested
    assert found[key("ingestion_run_duration_seconds_count", outcome="partial_success")] == 1
    assert found[key("upstream_requests_total", source="external_api", result="2xx")] >= job.processed_pages
    assert found[key("ingestion_runs_in_progress")] == 0
    assert found[key("ingestion_jobs", state="running")] == 0
    assert found[key("ingestion_tenants")] == 1
    assert found[key("database_metrics_up")] == 1


async def test_graphql_is_counted_by_the_fields_of_the_schema(db: Database, services: Services) -> None:
    async with open_client(app_with(at_rest(services), make_settings())) as client:
        for query in (OTHER_NAMES, "{ tenants { tenantId } }", "{ noSuchField }", "{ not graphql"):
            await client.post("/graphql", json={"query": query, "variables": {"wrong": ""}})
        text = await scrape(client)
    found = samples(text)
    assert found[key("graphql_operations_total", type="query", field="tenants", result="ok")] == 1
    assert found[key("graphql_operations_total", type="query", field="tenants", result="error")] == 1
    assert found[key("graphql_operations_total", type="query", field="lock", result="error")] == 1
    assert found[key("graphql_operations_total", type="unknown", field="none", result="refused")] == 2
    assert found[key("graphql_errors_total", code="GRAPHQL_VALIDATION_FAILED")] == 1
    assert found[key("graphql_operation_duration_seconds_count", type="query", field="tenants")] == 2
    assert not re.search("Secret|mine|theirs|noSuchField", text)


async def test_the_table_of_the_page_has_all_of_them_and_no_others(at_port: str) -> None:
    told = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in TABLE.findall(_page())}
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", at_port, re.MULTILINE))
    assert {name: kind for name, (kind, _) in told.items()} == types
    for family in text_string_to_metric_families(at_port):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert labels <= told[name][1], name
    helps = dict(re.findall(r"^# HELP (\w+) (\S.*)$", at_port, re.MULTILINE))
    assert helps.keys() == types.keys()


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool")
def test_prometheus_finds_no_fault_with_them(at_port: str) -> None:
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=at_port, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


async def test_tenants_are_named_at_the_operators_port_only_and_only_so_many(at_port: str) -> None:
    named = {dict(labels)["tenant"] for name, labels in samples(at_port) if name == "tenant_last_success_seconds"}
    assert named == {"tenant_b", "tenant_c", "_other"}


async def test_the_public_port_names_no_tenant_whatever_is_set(db: Database, mock_api: MockApi) -> None:
    settings = make_jwt_settings(metrics_tenants=5)
    async with (
        open_services(db, mock_api.transport, settings) as services,
        open_client(app_with(services, settings)) as client,
    ):
        await ingest(services, "tenant_a")
        text = await scrape(client)
    assert samples(text)[key("ingestion_tenants")] == 1
    assert "tenant_a" not in text


async def test_a_port_that_is_taken_is_told_of_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = make_settings(metrics_port=taken.getsockname()[1])
        async with operators_served(settings, Telemetry(settings)) as address:
            assert address is None
    assert "METRICS_PORT" in capsys.readouterr().out


def _page() -> str:
    return (DOCS / "metrics.md").read_text()
