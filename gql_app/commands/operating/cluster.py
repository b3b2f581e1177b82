"""A sharded cluster: `python -m gql_app cluster check` and `apply`."""

from pathlib import Path

import typer
from bson.json_util import RELAXED_JSON_OPTIONS, dumps
from pydantic import BaseModel

from documents.cluster import ClusterStep, ShardedCluster, Zone, collection_name, plan, problems_of
from documents.opening import plain_driver
from documents.sharded_cluster import carry_out_step, read_cluster
from documents.sharding import SHARDING, ShardKey
from gql_app.commands.data.output import as_text, print_json, print_list
from gql_app.commands.operating.zones import read_zones
from gql_app.commands.runtime import Means

NOT_SHARDED = "This is not a sharded cluster (MONGO_URL leads to no mongos); there is nothing to do."


class CollectionAnswer(BaseModel):
    """How a collection lies."""

    collection: str
    declared: str
    """Its shard key, or that it has none."""
    there: str


class StepAnswer(BaseModel):
    """What is still to be done."""

    what: str
    command: str
    """As `mongosh` takes it, in `db.adminCommand(...)`."""


class ClusterAnswer(BaseModel):
    """What was found."""

    is_sharded: bool
    problems: list[str] = []
    remarks: list[str] = []
    collections: list[CollectionAnswer] = []
    steps: list[StepAnswer] = []


async def check_cluster(means: Means, *, zones: Path | None, as_json: bool) -> int:
    """Print what is declared, what is there, and what is to be done; 1 if that is anything.

    Raises:
        InvalidSettingsError: the file of zones makes no sense.
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    declared = read_zones(zones)
    async with plain_driver(means.found.mongo_url) as driver:
        cluster = await read_cluster(driver, means.settings.mongo_db)
    if cluster is None:
        return _say_not_sharded(as_json=as_json)
    steps, problems = plan(means.settings.mongo_db, cluster, declared), problems_of(cluster, declared)
    _print(_answer(cluster, declared, problems, steps), as_json=as_json)
    return int(bool(problems or steps))


async def apply_cluster(means: Means, *, zones: Path | None, as_json: bool) -> int:
    """Do what is to be done, step by step; 1 if somebody has to decide something first. It may be interrupted, and
    done again.

    Raises:
        InvalidSettingsError: the file of zones makes no sense.
        DatabaseUnavailableError: MongoDB cannot be used, or refused a step; those before are done.
    """
    declared, name = read_zones(zones), means.settings.mongo_db
    async with plain_driver(means.found.mongo_url) as driver:
        cluster = await read_cluster(driver, name)
        if cluster is None:
            return _say_not_sharded(as_json=as_json)
        if problems := problems_of(cluster, declared):
            _print(_answer(cluster, declared, problems, []), as_json=as_json)
            return 1
        for step in plan(name, cluster, declared):
            if not as_json:
                typer.echo(as_text(step.what))
            await carry_out_step(driver, name, step)
        now = await read_cluster(driver, name) or cluster
    left = plan(name, now, declared)
    _print(_answer(now, declared, [], left), as_json=as_json)
    return int(bool(left))


def _say_not_sharded(*, as_json: bool) -> int:
    if as_json:
        print_json(ClusterAnswer(is_sharded=False))
    else:
        typer.echo(NOT_SHARDED)
    return 0


def _answer(cluster: ShardedCluster, zones: list[Zone], problems: list[str], steps: list[ClusterStep]) -> ClusterAnswer:
    return ClusterAnswer(
        is_sharded=True,
        problems=problems,
        remarks=[
            f"zone {zone.name} has {len(zone.shards)} shards: a tenant of it can be spread over them"
            for zone in zones
            if len(zone.shards) > 1
        ],
        collections=[
            CollectionAnswer(
                collection=(name := collection_name(document)),
                declared=_key(declared.fields) if isinstance(declared, ShardKey) else f"not sharded: {declared.why}",
                there=_key(cluster.keys[name]) if name in cluster.keys else f"on {cluster.primary_shard or 'no shard'}",
            )
            for document, declared in SHARDING.items()
        ],
        steps=[
            StepAnswer(what=step.what, command=dumps(step.command, json_options=RELAXED_JSON_OPTIONS)) for step in steps
        ],
    )


def _key(fields: tuple[str, ...]) -> str:
    return ", ".join(fields)


def _print(answer: ClusterAnswer, *, as_json: bool) -> None:
    if as_json:
        return print_json(answer)
    columns = {"collection": lambda each: each.collection, "there": lambda each: each.there}
    print_list(answer.collections, columns | {"declared": lambda each: each.declared}, as_json=False, nothing="")
    for title, lines in (
        ("Decide first", answer.problems),
        ("Remark", answer.remarks),
        ("To do", [step.what for step in answer.steps]),
    ):
        for line in lines:
            typer.echo(f"{title}: {as_text(line)}")
    if not answer.problems and not answer.steps:
        typer.echo("The cluster is as it is declared.")
    return None
