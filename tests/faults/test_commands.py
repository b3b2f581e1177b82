"""The commands as people and orchestrators run them: real processes, signals, terminals and exit codes."""

import re
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.commands.working import ALIVE_FILE
from tests.processes import HTTP, Command, answers, serving_mock
from tests.waiting import eventually

STOP_SECONDS = 15.0
"""Promised are 5 s, which `make soak` measures; a busy machine needs longer, but after 20 s a service gives up."""
get, post = HTTP.get, HTTP.post
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The mock external API without a rate limit, with 1,000 tickets and pages that take 0.15 s."""
    with serving_mock(tmp_path_factory.mktemp("mock"), MOCK_TICKET_COUNT=1000, MOCK_LATENCY_MS=150) as url:
        yield url


@pytest.fixture
def environment(mongo_url: str, mock: str) -> dict[str, object]:
    """Settings for a service on a database of its own, with pages of 10 tickets and no rate limit."""
    return {
        "MONGO_URL": mongo_url,
        "MONGO_DB": f"test_{uuid4().hex[:12]}",
        "EXTERNAL_API_URL": mock,
        "RATE_LIMIT_PER_MINUTE": 0,
        "PAGE_SIZE": 10,
        "PORT": 0,
    }


@pytest.fixture
def stored(environment: dict[str, Any]) -> Iterator[Database[dict[str, Any]]]:
    """What the service has stored."""
    with MongoClient(environment["MONGO_URL"]) as client:
        yield client[environment["MONGO_DB"]]


def live_tickets(mock: str, tenant_id: str) -> int:
    answer = get(f"{mock}/external/support-tickets", params={"tenant_id": tenant_id, "page_size": 1})
    count: int = answer.json()["total_count"]
    return count


@pytest.mark.parametrize(
    ("arguments", "settings", "reason"),
    [
        (["serve"], {"MONGO_URL": "mongodb://localhost:port"}, "MONGO_URL is not usable"),
        (["worker"], {"MONGO_URL": "mongodb://127.0.0.1:1"}, "127.0.0.1:1: [Errno"),
        (["serve"], {"PORT": "eighty", "PAGE_SIZE": 0}, "PORT: Input should be a valid integer"),
        (["serve"], {"HOST": "0.0.0.0"}, "AUTH_MODE=open serves on loopback only"),  # noqa: S104
        (["up"], {"EXTERNAL_API_URL": "mock", "MOCK_TENANTS": '{"a": -1}'}, "MOCK_TENANTS_A: Input should be greater"),
        (["serve"], {"EXTERNAL_API_URL": ""}, "nothing says where its tickets come from"),
        (["up"], {"EXTERNAL_API_URL": ""}, "EXTERNAL_API_URL: MONGO_URL names a database of your own"),
        (["serve"], {"EXTERNAL_API_URL": "notaurl"}, "EXTERNAL_API_URL: a URL is http://"),
        (["serve"], {"CORS_ORIGINS": "localhost:3000"}, "CORS_ORIGINS: an origin is scheme, host and port"),
        (["serve"], {"CORS_HEADERS": "X Trace"}, "CORS_HEADERS: a header has a name"),
        (["worker"], {"DATA_DIR": "/dev/null/x"}, "DATA_DIR: Not a directory"),
        (["ingest", "a\tb"], {}, "tenant_id: must be"),
    ],
)
def test_what_keeps_a_command_from_starting_is_told_in_one_line(
    tmp_path: Path, mongo_url: str, arguments: list[str], settings: dict[str, object], reason: str
) -> None:
    environment = {"MONGO_URL": mongo_url, "EXTERNAL_API_URL": NOWHERE, "PORT": 0, **settings}
    with Command(tmp_path, "-m", "gql_app", *arguments, **environment) as command:
        assert command.exit_code() == 2
        (line,) = command.output.splitlines()
        assert line.startswith("Error: ")
        assert reason in line


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        Command(tmp_path, "-m", "gql_app", "up", PORT=taken.getsockname()[1]) as command,
    ):
        assert command.exit_code() == 2
        assert re.fullmatch(r"Error: Cannot listen on 127\.0\.0\.1:\d+: Address .* in use; .*\n", command.output)


def test_a_service_told_to_stop_hands_its_run_to_the_next_one(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]], mock: str
) -> None:
    with Command(tmp_path, "-m", "gql_app", "serve", **environment) as first:
        url = first.url()
        started = post(f"{url}/ingest/run", params={"tenant_id": "tenant_c"}, headers={"Prefer": "respond-async"})
        job_id = started.json()["job_id"]
        eventually(lambda: get(f"{url}/ingest/progress/{job_id}").json()["processed_pages"] >= 3)
        assert first.stop() < STOP_SECONDS
        assert first.exit_code() == 0
    job = stored.ingestion_jobs.find_one({"_id": job_id}) or {}
    assert job["status"] == "queued"
    assert 3 < job["next_page"] <= job["total_pages"]

    with Command(tmp_path, "-m", "gql_app", "serve", **environment) as second:
        url = second.url()
        eventually(lambda: get(f"{url}/ingest/progress/{job_id}").json()["status"] == "completed")
        progress = get(f"{url}/ingest/progress/{job_id}").json()
    expected = live_tickets(mock, "tenant_c")
    assert progress["new_ingested"] == expected
    assert progress["processed_pages"] == -(-expected // 10)
    assert stored.tickets.count_documents({}) == expected
    assert stored.ticket_history.count_documents({}) == expected


def test_a_worker_alone_runs_queued_jobs_until_it_is_told_to_stop(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]]
) -> None:
    with (
        Command(tmp_path, "-m", "gql_app", "serve", RUN_WORKER=False, **environment) as api,
        Command(tmp_path, "-m", "gql_app", "worker", **environment) as worker,
    ):
        ran = post(f"{api.url()}/ingest/run", params={"tenant_id": "tenant_d"})
        assert ran.json()["status"] == "completed"
        assert (tmp_path / ALIVE_FILE).exists()
        assert worker.stop() < STOP_SECONDS
        assert worker.exit_code() == 0
        assert "run_started" not in api.output


def test_ingest_runs_by_itself_and_says_what_it_did(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]], mock: str
) -> None:
    with Command(tmp_path, "-m", "gql_app", "ingest", "tenant_d", **environment) as command:
        assert command.exit_code() == 0
        expected = live_tickets(mock, "tenant_d")
        assert f"tenant_d: completed: {expected} new\n" in command.output
    assert stored.tickets.count_documents({}) == expected


def test_two_ingests_of_one_tenant_watch_the_same_run(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]]
) -> None:
    now = datetime.now(UTC)
    job = IngestionJob.model_construct(tenant_id="tenant_d", status=JobStatus.QUEUED, active=True, queued_at=now)
    row = job.model_dump(exclude={"id", "revision_id"}) | {"_id": "job-1", "status": job.status.value}
    stored.ingestion_jobs.insert_one(row)
    lock = {"resource_id": "ingest:tenant_d", "owner_id": "job-1", "holder": "somebody", "fence": 1}
    stored.distributed_locks.insert_one({**lock, "acquired_at": now, "expires_at": now + timedelta(days=1)})
    with (
        Command(tmp_path, "-m", "gql_app", "ingest", "tenant_d", **environment) as one,
        Command(tmp_path, "-m", "gql_app", "ingest", "tenant_d", **environment) as other,
    ):
        both = (one, other)
        eventually(lambda: all("waits for a worker" in each.output for each in both), lambda: one.output + other.output)
        stored.distributed_locks.update_one({}, {"$set": {"expires_at": now}})
        assert (one.exit_code(), other.exit_code()) == (0, 0)
        (end,) = {re.findall("tenant_d: completed.*", command.output)[0] for command in (one, other)}
    assert stored.ingestion_jobs.count_documents({}) == 1, end


def test_ingest_that_fails_says_why_and_exits_with_1(tmp_path: Path, environment: dict[str, object]) -> None:
    environment["EXTERNAL_API_URL"] = f"{environment['EXTERNAL_API_URL']}/nothing-here"
    with Command(tmp_path, "-m", "gql_app", "ingest", "tenant_a", **environment) as command:
        assert command.exit_code() == 1
        assert re.search("tenant_a: failed: .*status 404", command.output)


def test_ingest_on_a_terminal_shows_a_bar_and_the_wait_for_the_rate_limit(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]]
) -> None:
    environment["RATE_LIMIT_PER_MINUTE"] = 2
    (tmp_path / "ingest.log").write_text("of the crash before\n")
    with Command(tmp_path, "-m", "gql_app", "ingest", "tenant_d", terminal=True, **environment) as command:
        command.wait_for(r"tenant_d .*━.* \d+%.* page 2 of \d+, 20 tickets, goes on in \d+ s")
        command.wait_for(r"Rate limit: 2 requests in 60 s are used up; the runs go on at \d\d:\d\d:\d\d")
        assert command.stop(signal.SIGINT) < STOP_SECONDS
        assert command.exit_code() == 0
        assert "Stopped. The run goes on" in command.output
        assert "run_started" not in command.output
    before, *lines = (tmp_path / "ingest.log").read_text().splitlines()
    assert before == "of the crash before"
    assert any("run_started" in line for line in lines)
    assert [job["status"] for job in stored.ingestion_jobs.find()] == ["queued"]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """`make run` in an empty directory, after the sample tenants have been ingested."""
    settings = {"MOCK_TICKET_COUNT": 200, "MOCK_RATE_LIMIT_PER_MINUTE": 0, "RATE_LIMIT_PER_MINUTE": 0, "PORT": 0}
    with Command(tmp_path_factory.mktemp("up"), "-m", "gql_app", "up", terminal=True, **settings) as command:
        command.wait_for("Serving until")
        yield command


def test_up_prints_the_link_of_the_dashboard(up: Command) -> None:
    page = get(up.wait_for(r"Dashboard +(http://\S+)")[1])
    assert page.status_code == 200
    assert "Support ticket analytics" in page.text


def test_up_prints_the_link_of_the_rest_documentation(up: Command) -> None:
    page = get(up.wait_for(r"REST documentation +(http://\S+)")[1])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


def test_up_prints_the_link_of_graphql(up: Command) -> None:
    answer = post(up.wait_for(r"GraphiQL +(http://\S+)")[1], json={"query": "{ __typename }"})
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("tenant_id", ["tenant_a", "tenant_b", "tenant_c", "tenant_d"])
def test_up_ingests_the_sample_tenants(up: Command, tenant_id: str) -> None:
    service = up.wait_for(r"(http://\S+)/graphql")[1]
    mock = f"http://127.0.0.1:{(up.home / 'mock/port').read_text()}"
    listed = get(f"{service}/tickets", params={"tenant_id": tenant_id, "page_size": 1}).json()
    assert listed["total_count"] == live_tickets(mock, tenant_id)
    assert re.search(rf"{tenant_id} .*100%.* completed: {listed['total_count']:,} new", up.output)


def test_nothing_outlives_a_service_that_is_killed(tmp_path: Path) -> None:
    with Command(tmp_path, "-m", "gql_app", "serve", MOCK_TICKET_COUNT=1, PORT=0) as command:
        assert get(f"{command.url()}/health").json()["status"] == "ok"
        mock = f"http://127.0.0.1:{(tmp_path / 'mock/port').read_text()}"
        assert answers(mock)
        assert (tmp_path / "mongo/server.json").exists()
        command.kill()
        eventually(lambda: not answers(mock))
        eventually(lambda: not (tmp_path / "mongo/server.json").exists())
