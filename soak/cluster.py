"""The service as its operators run it: MongoDB, an upstream and any number of our processes, all real."""

import fcntl
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pymongo import MongoClient
from pymongo.database import Database as MongoDatabase

from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.local import embedded_mongo, supervisor
from soak.process import Process

PATIENCE_SECONDS = 300.0
"""How long a scenario waits for what has to happen: only a fault uses it up, however busy the machine is."""
SHARED_MONGOD = "SHARED_MONGO_URL"
"""The variable with the MongoDB to use; unset, each cluster starts one of its own."""
Row = dict[str, Any]


class Cluster:
    """MongoDB and the mock upstream, with our processes on top."""

    def __init__(
        self,
        *,
        mock: Mapping[str, object] = {},
        mongo_url: str | None = None,
        disturbs_mongod: bool = False,
        **settings: object,
    ) -> None:
        """`mock`: settings of the mock upstream; `settings`: ours, by name in lower case.

        Whoever sends signals to mongod says so: another one may be shared.
        """
        mongo_url = mongo_url or (None if disturbs_mongod else os.environ.get(SHARED_MONGOD))
        self._stack = ExitStack()
        self.home = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        self._stack.callback(_await_end_of_servers, self.home)  # they write until then, also into removed directories
        self._processes: list[Process] = []
        self.mongo_url = mongo_url or self._stack.enter_context(embedded_mongo.start(self.home)).url
        self.database_name = f"soak_{os.getpid()}_{time.monotonic_ns()}"
        self.client: MongoClient[Row] = self._stack.enter_context(MongoClient(self.mongo_url, tz_aware=True))
        self.db: MongoDatabase[Row] = self.client[self.database_name]
        self.mock_url = self._start_mock({"control": "true", **mock})
        self.upstream = self._stack.enter_context(client_of(self.mock_url))
        self._settings = settings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.kill()
        if kind is not None:
            self._show_logs()
        # The database goes with its server: dropping it would wait for the transactions of killed workers, up to 90 s.
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        """What our processes are told."""
        return {
            "MONGO_URL": self.mongo_url,
            "MONGO_DB": self.database_name,
            "EXTERNAL_API_URL": self.mock_url,
            "DATA_DIR": str(self.home / "data"),
            "RATE_LIMIT_PER_MINUTE": "0",
            "REQUESTS_PER_MINUTE": "0",
            **{name.upper(): str(value) for name, value in self._settings.items()},
        }

    def worker(self, **settings: object) -> Process:
        """Start a worker of its own."""
        return self._start("worker", ["-m", "gql_app", "worker"], settings)

    def service(self, *, open_files: int | None = None, **settings: object) -> tuple[Process, httpx.Client]:
        """Start the API with a worker and wait until it answers; `open_files`: how many it may have open."""
        port = free_port()
        process = self._start("serve", ["-m", "gql_app", "serve"], {"port": port, **settings}, open_files)
        client = self._stack.enter_context(client_of(f"http://127.0.0.1:{port}"))
        wait_for(lambda: _answers(client, "/health/live"), what=f"the service: {process.tail()}")
        return process, client

    def signal_mongod(self, number: signal.Signals) -> None:
        """Send a signal to the embedded MongoDB server; its supervisor restarts it when it dies of it."""
        os.kill(self.mongod_pid(), number)

    def mongod_pid(self) -> int:
        """The process id of the embedded MongoDB server."""
        pid: int = json.loads((self.home / "mongo" / supervisor.STATE).read_text())["pid"]
        return pid

    def control(self, path: str, body: object) -> Any:
        """Steer the mock upstream."""
        response = self.upstream.post(f"/_control/{path}", json=body)
        response.raise_for_status()
        return response.json()

    def upstream_state(self) -> Any:
        """The mock upstream's counters."""
        return self.upstream.get("/_control/state").json()

    def upstream_ids(self, tenant_id: str) -> set[str]:
        """The ids of the tenant's tickets that upstream lists, asked for outside the limit."""
        ids: set[str] = set()
        page: int | None = 1
        while page is not None:
            query: dict[str, str | int] = {"page": page, "page_size": 100, "tenant_id": tenant_id}
            answer = self.upstream.get("/external/support-tickets", params=query).json()
            ids |= {ticket["id"] for ticket in answer["tickets"]}
            page = answer["next_page"]
        return ids

    def queue(self, tenant_id: str) -> str:
        """Queue a run as the service does; returns the job's id."""
        now = datetime.now(UTC)
        job_id = f"job-{time.monotonic_ns()}"
        job = IngestionJob.model_construct(
            id=job_id, tenant_id=tenant_id, status=JobStatus.QUEUED, active=True, queued_at=now
        )
        row = job.model_dump(exclude={"id", "revision_id"}) | {"_id": job_id, "status": job.status.value}
        self.db["ingestion_jobs"].insert_one(row)
        return job_id

    def job(self, job_id: str) -> Row:
        """The job as it is stored."""
        row = self.db["ingestion_jobs"].find_one({"_id": job_id})
        assert row is not None, job_id
        return row

    def wait_for_end(self, job_id: str) -> Row:
        """Wait until the job has ended."""
        wait_for(lambda: "active" not in self.job(job_id), what=f"the end of {self.job(job_id)}")
        return self.job(job_id)

    def _start(
        self, name: str, arguments: list[str], settings: Mapping[str, object], open_files: int | None = None
    ) -> Process:
        environment = self.environment | {key.upper(): str(value) for key, value in settings.items()}
        log = self.home / f"{name}-{len(self._processes)}.log"
        process = Process(name, arguments, environment, log, open_files)
        self._processes.append(process)
        return process

    def _show_logs(self) -> None:
        for process in reversed(self._processes):
            sys.stderr.write(f"--- {process.name} {process.pid}\n{process.tail()}\n")

    def _start_mock(self, settings: Mapping[str, object]) -> str:
        environment = {f"MOCK_{name.upper()}": str(value) for name, value in settings.items()}
        port = free_port()
        mock = Process("mock", ["-m", "mock_external_api", "--port", str(port)], environment, self.home / "mock.log")
        self._processes.append(mock)
        url = f"http://127.0.0.1:{port}"
        with client_of(url) as client:
            wait_for(lambda: _answers(client, "/health"), what=f"the mock: {mock.tail()}")
        return url


def client_of(url: str, **options: Any) -> httpx.Client:
    """A client of one of our own processes; the world's certificates, which take 20 ms to read, are none of its."""
    return httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, verify=False, **options)  # noqa: S501 (plain HTTP)


def free_port() -> int:
    """A port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(
    condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS, *, what: str, pause: float = 0.0
) -> float:
    """Wait until the condition holds; returns the seconds it took.

    `pause`: seconds between two looks at least, where to look is dear.

    Raises:
        TimeoutError: it did not.
    """
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        # To look costs what it looks at some of its time: the longer it has taken, the less a moment more matters.
        time.sleep(max(pause, min(0.02 + (time.monotonic() - start) / 20, 0.2)))
    return time.monotonic() - start


def _await_end_of_servers(home: Path) -> None:
    """Wait until MongoDB, which nobody uses any more, has been shut down by its supervisor."""
    for file in home.glob(f"*/{supervisor.SUPERVISOR_LOCK}"):
        with file.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)


def _answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False
