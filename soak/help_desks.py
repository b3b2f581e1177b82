"""Connections to real help desks: killed workers, whatever happens there, and a credential that is taken away."""

import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from documents.vocabulary import SourceKind, SourceProblem
from soak.cluster import Cluster, Row, wait_for
from soak.crashes import KILL_COSTS, LEASE_SECONDS, comes_to_run, wait_for_progress
from soak.desks import SECRETS_KEY, SteeredDesk, mock_of_desks
from soak.known import differences_of_desk, truth_of_desk
from soak.verdict import Verdict

PAGE_CAP = 40
"""Records on a page of Zendesk's, so that a run has many."""
MOST_REFUSED = 1
"""Requests that a run makes with a credential that is not taken."""
PAUSES = (0, 1, 30, 600, 3_600, 86_400)
"""Seconds between changes."""
_WATCHED_SECONDS = 3.0


def killed_first_sync(
    kills: int, *, tickets: int = 1_500, lease_seconds: float = LEASE_SECONDS, seed: int = 11
) -> Verdict:
    """SIGKILL the worker at random moments of first runs over Zendesk, and compare what is stored with the truth."""
    chance, faults, killed, runs = random.Random(seed), Counter[str](), 0, 0
    with _steered(SourceKind.ZENDESK, run_worker=False, lease_seconds=lease_seconds) as desk:
        worker = desk.cluster.worker()
        desk.begin(tickets=tickets, page_cap=PAGE_CAP)
        truth = truth_of_desk(desk)
        seen = {name for name, each in truth.items() if not each.is_gone}
        while killed < kills:
            runs += 1
            tenant_id, asked_before, killed_before = f"killed-{runs}", len(desk.requests()), killed
            desk.connect(tenant_id)
            job_id = desk.start(tenant_id)
            while killed < kills and comes_to_run(desk.cluster, job_id):
                time.sleep(chance.uniform(0.0, 1.5))
                before = desk.cluster.job(job_id)
                if "active" not in before:
                    break
                worker.kill()
                killed += 1
                worker = desk.cluster.worker()
                wait_for_progress(desk.cluster, job_id, before)
            job = desk.cluster.wait_for_end(job_id)
            refetched = KILL_COSTS * (killed - killed_before)
            faults += _run_faults(desk, job, len(seen), desk.requests()[asked_before:], refetched)
            faults += differences_of_desk(desk.cluster, tenant_id, desk.kind, truth, seen)
    measured = f"{killed} SIGKILLs in {runs} first runs of {len(seen)} tickets: {dict(faults) or 'no difference'}"
    return Verdict("a help desk's first run that is killed: its whole past, each thing once", measured, not faults)


def random_histories(kind: SourceKind, times: int, *, seed: int = 12) -> Verdict:
    """Let random things happen at a help desk, and runs in between: state and history must be the truth each time."""
    chance, faults, runs, changes, tickets = random.Random(seed), Counter[str](), 0, 0, 0
    with _steered(kind) as desk:
        for number in range(times):
            sizes = {"page_cap": chance.choice([3, 10, 1_000])} if kind is SourceKind.ZENDESK else {}
            desk.begin(tickets=chance.choice([0, 20]), seed=chance.randrange(2**31), **sizes)
            tenant_id, seen = f"history-{number}", set[str]()
            connection_id = desk.connect(tenant_id)
            for _ in range(chance.randint(2, 4)):
                changes += _let_live(desk, chance)
                _want_whole_walk(desk, connection_id)
                job = desk.run(tenant_id)
                runs += 1
                truth = truth_of_desk(desk)
                seen |= {name for name, each in truth.items() if not each.is_gone}
                is_odd = job["status"] != "completed" or job["irregularities"]
                faults += differences_of_desk(desk.cluster, tenant_id, kind, truth, seen)
                faults += Counter([f"{job['status']}, {job['irregularities']}"] if is_odd else [])
            tickets += len(seen)
    measured = (
        f"{times} random histories of {tickets} tickets, {changes} changes, {runs} runs in between: "
        f"{dict(faults) or 'no difference'}"
    )
    return Verdict(f"{_name(kind)}: state and history are the source's", measured, not faults)


def revoked(kind: SourceKind, *, tickets: int = 2_000) -> Verdict:
    """Take the credential away in the middle of a first run, with some tickets stored, and give it back."""
    with _steered(kind) as desk:
        desk.begin(tickets=tickets, **({"page_cap": PAGE_CAP} if kind is SourceKind.ZENDESK else {}))
        truth = truth_of_desk(desk)
        desk.advance(120)
        seen = {name for name, each in truth.items() if not each.is_gone}
        tenant_id, connection_id, first = _cut_off(desk)
        asked = len(desk.requests())
        jobs = [first, desk.run(tenant_id)]
        time.sleep(_WATCHED_SECONDS)  # nobody asks again
        refused = len(desk.requests()) - asked
        faults = _refusal_faults(desk.connection(connection_id), jobs, refused)
        kept = desk.cluster.db["tickets"].count_documents({"tenant_id": tenant_id, "deleted_at": None})
        desk.admit(granted=True)
        job = desk.run(tenant_id)
        connection = desk.connection(connection_id)
        is_well = (job["status"], connection["state"], connection["problem"]) == ("completed", "connected", None)
        faults += Counter([] if is_well else ["not complete at the end"])
        faults += differences_of_desk(desk.cluster, tenant_id, kind, truth, seen)
    measured = (
        f"taken away with {kept} of {len(seen)} tickets stored: the run fails and the connection says "
        f"`{SourceProblem.CREDENTIAL_REFUSED.value}`; requests of another run and {_WATCHED_SECONDS:.0f} s: {refused}; "
        f"given back, the next run completes it: {dict(faults) or 'no difference'}"
    )
    return Verdict(f"{_name(kind)}: a credential that is revoked and given back", measured, not faults)


def _cut_off(desk: SteeredDesk) -> tuple[str, str, Row]:
    """Take the credential away while a first run stores tickets; returns tenant, connection and job.

    A run that was faster than that does not count.
    """
    stored = desk.cluster.db["tickets"]
    for number in itertools.count():
        tenant_id = f"revoked-{number}"
        connection_id, job_id = desk.connect(tenant_id), desk.start(tenant_id)
        wait_for(lambda tenant=tenant_id: stored.find_one({"tenant_id": tenant}) is not None, what="tickets")  # type: ignore[misc]
        desk.admit(granted=False)
        job = desk.cluster.wait_for_end(job_id)
        if job["status"] != "completed":
            return tenant_id, connection_id, job
        desk.admit(granted=True)
    raise AssertionError("counted to the end")


@contextmanager
def _steered(kind: SourceKind, *, run_worker: bool = True, lease_seconds: float = 60.0) -> Iterator[SteeredDesk]:
    """A stand-in of a help desk, and the service, with a worker or without."""
    with Cluster(mock=mock_of_desks(), secrets_key=SECRETS_KEY, lock_ttl_seconds=lease_seconds) as cluster:
        _, api = cluster.service(run_worker=run_worker)
        yield SteeredDesk(kind, cluster, api)


def _let_live(desk: SteeredDesk, chance: random.Random) -> int:
    """Changes with pauses in between, the last of them long enough ago to be read; returns how many."""
    steps = [chance.randint(1, 4) for _ in range(chance.randint(2, 8))]
    for number in steps:
        desk.change(number, chance.randrange(2**31))
        desk.advance(chance.choice(PAUSES))
    desk.advance(120)
    return sum(steps)


def _want_whole_walk(desk: SteeredDesk, connection_id: str) -> None:
    """As if the last complete walk were long ago: only that tells what has left a source that tells no deletions."""
    long_ago = {"$dateSubtract": {"startDate": "$full_at", "unit": "day", "amount": 2}}
    connections = desk.cluster.db["connections"]
    connections.update_one({"_id": connection_id, "full_at": {"$ne": None}}, [{"$set": {"full_at": long_ago}}])


def _run_faults(desk: SteeredDesk, job: Row, tickets: int, asked: list[Row], refetched: int) -> Counter[str]:
    """What is wrong with a first run. `refetched`: how many pages may have been fetched once more."""
    pages = Counter((entry["path"], entry["query"]) for entry in asked if "/incremental/" in entry["path"])
    logs = desk.cluster.db["ingestion_logs"].count_documents({"job_id": job["_id"]})
    found = {
        "not completed": job["status"] != "completed",
        "wrong count": abs(job["new_ingested"] - tickets) + job["updated"] + job["unchanged"] + job["deleted"],
        "pages fetched more often than kills allow": max(0, pages.total() - len(pages) - refetched),
        "irregularities": len(job["irregularities"]),
        "not logged once": logs != 1,
    }
    return Counter({name: int(count) for name, count in found.items() if count})


def _refusal_faults(connection: Row, jobs: list[Row], refused: int) -> Counter[str]:
    """What is wrong after runs that were refused."""
    found = {
        "not failed": sum(job["status"] != "failed" for job in jobs),
        "deleted": sum(job["deleted"] for job in jobs),
        "no word of it": (connection["state"], connection["problem"]) != ("failing", "credential_refused"),
        "wrong count of failures": connection["failures"] != len(jobs),
        "asked again and again": max(0, refused - MOST_REFUSED),
    }
    return Counter({name: int(count) for name, count in found.items() if count})


def _name(kind: SourceKind) -> str:
    return {SourceKind.ZENDESK: "Zendesk", SourceKind.GITHUB: "GitHub"}[kind]
