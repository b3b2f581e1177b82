"""A frozen database (SIGSTOP): whoever asks meanwhile is told so in time, and what was under way goes on afterwards."""

import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from typing import NamedTuple

import httpx

from soak.asking import Question, ask_graphql, questions
from soak.cluster import Cluster, client_of, wait_for
from soak.crashes import KILL_COSTS, LATENCY_MS, TENANT, comes_to_run, differences, forget_everything, unchanging
from soak.process import Process
from soak.verdict import Verdict

REQUEST_SECONDS = 8.0
HEALTH_SECONDS = 3.0
CANNOT_START = 2
"""The exit code of a command that says why in one line."""


class Answered(NamedTuple):
    """How something that was asked without a database ended."""

    what: str
    seconds: float
    fault: str | None


class Seen(NamedTuple):
    """What was seen while the database was frozen, and when it was there again."""

    answers: list[Answered]
    noticed: float
    back: float


def frozen_database(
    times: int,
    *,
    tickets: int = 4_000,
    latency_ms: int = LATENCY_MS,
    load: int = 100,
    slack: float = 1.0,
    seed: int = 11,
) -> Verdict:
    """Freeze mongod at random moments of a run; meanwhile ask for everything there is, and `load` requests more.

    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    chance = random.Random(seed)
    seen: list[Seen] = []
    faults = Counter[str]()
    with (
        Cluster(
            mock=unchanging(tickets, latency_ms), disturbs_mongod=True, page_size=10, graphql_max_cost=1_000_000
        ) as cluster,
        ExitStack() as stack,
    ):
        expected = cluster.upstream_ids(TENANT)
        process, first = cluster.service()
        unlimited = httpx.Limits(max_connections=None)
        service = stack.enter_context(client_of(str(first.base_url), limits=unlimited))
        for _ in range(times):
            forget_everything(cluster)
            job_id = cluster.queue(TENANT)
            comes_to_run(cluster, job_id)
            time.sleep(chance.uniform(0.2, 1.0))
            seen.append(_freeze(cluster, service, job_id, load))
            faults += differences(cluster, cluster.wait_for_end(job_id), expected, KILL_COSTS * times)
        assert process.is_alive
    return _verdict(seen, faults, slack)


def _verdict(seen: list[Seen], faults: Counter[str], slack: float) -> Verdict:
    answers = [answer for each in seen for answer in each.answers]
    wrong = sorted({f"{answer.what}: {answer.fault}" for answer in answers if answer.fault})
    slowest = max(answers, key=lambda answer: answer.seconds)
    noticed, back = max(each.noticed for each in seen), max(each.back for each in seen)
    measured = (
        f"frozen {len(seen)} times during a run, {len(answers)} requests: "
        f"{'; '.join(wrong[:5]) or 'every one answered with a code'}, the slowest after {slowest.seconds:.1f} s "
        f"({slowest.what}); 503 after {noticed:.1f} s, healthy {back:.1f} s after its return; "
        f"the runs: {dict(faults) or 'no difference'}"
    )
    in_time = slowest.seconds <= REQUEST_SECONDS * slack and noticed <= HEALTH_SECONDS * slack
    return Verdict("a frozen database holds nobody up", measured, in_time and not wrong and not faults)


def _freeze(cluster: Cluster, service: httpx.Client, job_id: str, load: int) -> Seen:
    job = ask_graphql(service, f'{{ ingestionJob(jobId: "{job_id}") {{ id }} }}')["data"]["ingestionJob"]
    given = {"tenant_id": TENANT, "job_id": job_id, "name": "notify", "q": "refund", "format": "csv"}
    each = [*questions(service, given | job), *_beside(service)]
    cluster.signal_mongod(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(len(each) + load) as many:
            asking = [many.submit(_answered, *one) for one in each]
            asking += [many.submit(_answered, *one) for one in islice(cycle(each), load)]
            noticed = wait_for(lambda: service.get("/health").status_code == 503, what="the service to notice")
            answers = [one.result() for one in asking]
        answers.append(_answered_by_command(cluster))
        answers.append(_answered("a request when it is known", each[0][1]))
    finally:
        cluster.signal_mongod(signal.SIGCONT)
    back = wait_for(lambda: service.get("/health").status_code == 200, what="the service's recovery")
    return Seen(answers, noticed, back)


def _beside(service: httpx.Client) -> list[tuple[str, Question]]:
    """What has answers of its own."""
    return [
        ("/health/live", partial(_has_status, service, "/health/live", 200)),
        ("/health/ready", partial(_has_status, service, "/health/ready", 503)),
        ("/metrics", partial(_has_status, service, "/metrics", 200)),
    ]


def _has_status(service: httpx.Client, path: str, status: int) -> str | None:
    answer = service.get(path)
    return None if answer.status_code == status else f"{answer.status_code} {answer.text[:200]}"


def _answered_by_command(cluster: Cluster) -> Answered:
    """A command that needs the database; its time is what it takes longer than one that needs none."""
    words = ["-m", "gql_app", "notifications", "list"]
    begin = time.monotonic()
    command = Process("command", [*words, TENANT], cluster.environment, cluster.home / "command.log")
    code = command.wait()
    took = time.monotonic() - begin
    begin = time.monotonic()
    Process("help", [*words, "--help"], {}, cluster.home / "help.log").wait()
    fault = None if code == CANNOT_START else f"{code} {command.tail()[-200:]}"
    return Answered("a command", took - (time.monotonic() - begin), fault)


def _answered(what: str, question: Question) -> Answered:
    begin = time.monotonic()
    try:
        fault = question()
    except httpx.HTTPError as error:
        fault = repr(error)
    return Answered(what, time.monotonic() - begin, fault)
