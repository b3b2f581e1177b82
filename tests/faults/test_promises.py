"""The promises of docs/reliability.md on real processes, small: half of them in each run, other ones each time.

`make soak` runs all of them at full size.
"""

import os
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from documents.vocabulary import SourceKind
from soak import (
    bad_data,
    bombs,
    crashes,
    delivery,
    frozen,
    help_desks,
    neighbours,
    operations,
    races,
    rollups,
    slow_clients,
    upstream,
)
from soak.cluster import SHARED_MONGOD
from soak.prepared import started
from soak.verdict import Verdict
from tests.processes import ROOT, prepare
from tests.properties import some_of

BUSY = 10.0
"""How many times the promised seconds may take here: the machine may be busy. `make soak` measures the promise."""
LONG_LEASE = 5.0
"""Seconds: also on a busy machine a live holder renews it in time."""
SLOW_MS = 60
"""What upstream takes for a page: a run of few tickets lasts as long as one of many."""
FEW_TROUBLES = [(529, None), (503, "date"), (429, "0")]
SOME_BOMBS = ["40 kB of escaped quotes", "64 MB in gzip", "300,000 records", "100 MB of headers", "a count of 10**20"]
"""Those that are quickly made."""
SOME_TROUBLES = [each for each in upstream.troubles(1) if (each.status, each.retry_after) in FEW_TROUBLES]
SCENARIOS: dict[str, Callable[[], Verdict]] = {
    "killed workers lose nothing": partial(
        crashes.resume, 2, tickets=600, latency_ms=SLOW_MS, lease_seconds=LONG_LEASE, slack=BUSY
    ),
    "a holder that slept writes nothing": partial(
        crashes.fencing, 1, tickets=500, latency_ms=SLOW_MS, lease_seconds=LONG_LEASE
    ),
    "a database that dies": partial(crashes.database_outages, 1, tickets=700, latency_ms=SLOW_MS),
    "a frozen database holds nobody up": partial(
        frozen.frozen_database, 1, tickets=700, latency_ms=SLOW_MS, load=20, slack=BUSY
    ),
    "a failover": partial(crashes.failovers, 1, tickets=700, latency_ms=SLOW_MS),
    "the outbound limit over four processes": partial(operations.rate_limit, None),
    "urgent tickets are announced": partial(delivery.delivery, 60, outage_seconds=2),
    "a half-open circuit sends one probe": partial(delivery.one_probe, 3),
    "cancelling at any moment": partial(operations.cancelling, 4, slack=BUSY),
    "cancelling while waiting for the limit": partial(operations.cancelling_while_waiting, 1, slack=BUSY),
    "rollups count every ticket once": partial(rollups.exact, 2, tickets=2_600, batch=650),
    "memory": partial(operations.memory, 8, tickets=150),
    "a hanging database is reported": partial(operations.health, slack=BUSY),
    "slow clients": partial(slow_clients.besieged, 200, open_files=160, slack=4.0),
    "SIGTERM hands the job back": partial(operations.graceful_stop, 1, slack=3.0),
    "one runner however many start": partial(races.one_runner, 3),
    "fuzzed records": partial(bad_data.fuzzed_records, 30),
    "a list that moves is read whole": partial(upstream.moving_list, 8),
    "upstream's troubles are sat out": partial(upstream.patience, SOME_TROUBLES, tickets=100),
    "bombs do little harm": partial(bombs.harmless, some_of(SOME_BOMBS, one_in=2), patience_seconds=0.5, slack=BUSY),
    "disturbed runs delete nothing": partial(bad_data.partial_runs, 6),
    "a help desk's first run that is killed": partial(
        help_desks.killed_first_sync, 1, tickets=200, lease_seconds=LONG_LEASE
    ),
    "random histories of Zendesk": partial(help_desks.random_histories, SourceKind.ZENDESK, 2),
    "random histories of GitHub": partial(help_desks.random_histories, SourceKind.GITHUB, 2),
    "a credential of Zendesk that is revoked": partial(help_desks.revoked, SourceKind.ZENDESK, tickets=240),
    "a credential of GitHub that is revoked": partial(help_desks.revoked, SourceKind.GITHUB, tickets=300),
    "one client leaves the others alone": partial(
        neighbours.neighbours, 0.8, tickets=500, subscriptions=120, judges_time=False
    ),
}


@pytest.mark.parametrize("name", some_of(SCENARIOS))
def test_the_promise_is_held(name: str, tmp_path: Path, mongo_url: str) -> None:
    # In a process of its own: opening a database binds the document classes, which the other tests use.
    prepare()
    scenario, log = tmp_path / "scenario", tmp_path / "log"
    scenario.write_bytes(pickle.dumps(SCENARIOS[name]))
    arguments, environment = ["-m", "tests.one_promise", str(scenario)], os.environ | {SHARED_MONGOD: mongo_url}
    with log.open("wb") as output:
        process = started(arguments, environment=environment, output=output.fileno(), directory=ROOT)
    try:
        assert process.wait() == 0, log.read_text()
    finally:
        process.kill()
    verdict: Verdict = pickle.loads(scenario.read_bytes())  # noqa: S301 (our own)
    assert verdict.held, f"{verdict}\n{log.read_text()}"
