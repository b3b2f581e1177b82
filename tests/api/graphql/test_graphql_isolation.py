"""Another tenant's data through every field of the schema, by construction: a new field that is not reached fails.

Two tenants have rows with the same ids. What one of them sees, through any field, is the same whether the other one's
rows are there or not; and a nested field refuses an object of a tenant that the caller may not see, wherever that
object came from.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from beanie import Document
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)
from strawberry.extensions import SchemaExtension

from documents.audit_entry import AuditEntry
from documents.connection import Connection
from documents.database import Database
from documents.destination import Destination
from documents.erasure import Erasure
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.notification import Notification
from documents.quarantined_record import QuarantinedRecord
from documents.reclassification import Reclassification
from documents.spike import Spike
from documents.tenant_classifier import TenantClassifier
from documents.tenant_lock import TenantLock
from documents.tenant_protection import TenantProtection
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from gql_app.graphql.direct.planning import DEFINITION
from gql_app.graphql.schema import ApiSchema
from resolvers.context import Context, RequestBudget, Services
from schema.base.ids import global_id
from schema.nodes import FINDERS
from services.access import EVERYONE, Caller, Scope
from services.classification.judging import version_of
from services.search.terms import search_fields
from tests.api.graphql.sockets import opened, served
from tests.committed_schema import committed_schema
from tests.fakes import MockApi, app_with, at_rest, empty, make_jwt_settings, make_settings, make_token, open_services

SCHEMA = committed_schema()
MINE, THEIRS = "mine", "theirs"
NOW = datetime.now(UTC).replace(microsecond=0)
THEN = NOW - timedelta(hours=2)
LIMITS = dict.fromkeys(("characters", "depth", "aliases", "directives", "comparisons", "tokens", "cost"), 10**8)
SETTINGS = make_settings(**{f"graphql_max_{name}": value for name, value in LIMITS.items()}, graphql_max_seconds=600.0)
CALLER = Caller(
    tenants=frozenset([MINE]), scopes=frozenset(Scope), subject="ann", name="Ann", expires_at=NOW + timedelta(days=1)
)
SHARED = {"health", "rateLimit", "circuitBreaker", "offeredSources"}
"""Root fields that show what all tenants share, and nothing of theirs."""
MOVING = {"madeAt", "createdBefore", "ageSeconds", "hourlyTrend", "timeInStatus", "timeInStatusCategory"}
"""Fields whose value changes with time alone."""
NOT_SHOWN = {
    "CircuitBreaker.openedAt", "CircuitBreaker.retryAfter", "RateLimit.blockedUntil",
    "IngestionJob.waitingUntil", "ClassificationPreview.refusal",
}  # fmt: skip
"""Fields that are null here, and show nothing of a tenant's."""
NEEDS_WEEKS = {"Forecast.points", "ForecastPoint", "Forecast.trial", "ForecastTrial"}
"""What is shown where weeks of tickets prove it (`tests/unit/services/analytics/forecasts`)."""


def rows(tenant_id: str, count: int) -> dict[type[Document], list[dict[str, Any]]]:
    """A tenant's rows, of every kind that a field can show. Two tenants' have the same ids where ids are a tenant's."""
    job, goal = f"job-of-{tenant_id}", f"destination-of-{tenant_id}"
    its = {"tenant_id": tenant_id}
    told = {"urgency": "high", "reason": tenant_id, "state": "dead", "last_error": tenant_id, "last_status": 500}
    run = {"job_id": job, "error": tenant_id, "started_at": THEN, "ended_at": NOW, "pages": count, "retries": count}
    reason = {**dict.fromkeys(("rule", "keyword", "text"), tenant_id), "field": tenant_id, "start": 0, "end": 1}
    reason |= {"weight": 1.0, "label": tenant_id}
    tried = {"tried": count, "rules_right": count, "learned_right": count}
    learning = {"corrected": count, "trained_at": NOW} | dict.fromkeys(
        ("corrections", "unreadable", "uncorrected", "uncorrected_changed"), count
    )
    words = {"revision": count, "high": [tenant_id], "harmless": [tenant_id]} | {
        "changed_at": NOW,
        "changed_by": tenant_id,
    }
    corrected = {"urgency": "high", "sentiment": "negative", "requires_action": True}
    tickets = [
        its
        | {"external_id": f"t{number}", "customer_id": "c", "source": tenant_id, "status": tenant_id}
        | {"priority": tenant_id, "assignee": tenant_id, "tags": [tenant_id], "replies": tenant_id}
        | {"subject": f"refund {tenant_id}", "message": tenant_id, "urgency": "high", "sentiment": "negative"}
        | {"created_at": THEN + timedelta(seconds=number), "updated_at": NOW, "requires_action": True}
        | {"matched": [reason], "keyword_key": tenant_id}
        | {"language": "en", "judged_by": "rules", "rules_version": tenant_id}
        | {"correction": corrected | {"by": tenant_id, "note": tenant_id, "at": NOW, "machine": corrected}}
        for number in range(count)
    ]
    tickets = [ticket | search_fields(ticket) for ticket in tickets]
    older = [
        tickets[0] | {"external_id": "closed", "status": "closed", "created_at": THEN},
        tickets[0] | {"external_id": "old", "created_at": THEN - timedelta(days=1)},
        tickets[0]
        | {"external_id": "misjudged", "created_at": THEN - timedelta(days=1), "urgency": "low"}
        | {"message": "The server is down for everybody.", "correction": None},
    ]
    closing = {"status": {"old": "open", "new": "closed"}, "subject": {"old": tenant_id, "new": tenant_id}}
    return {
        Ticket: [*tickets, *older],
        TicketHistory: [
            its | {"_id": f"{job}:{each}:{number}", "ticket_id": each, "action": "updated", "job_id": job}
            | {"changes": closing, "recorded_at": NOW, "occurred_at": THEN, "actor": tenant_id}
            for number, each in enumerate(("t0", "closed"))
        ],
        IngestionJob: [
            its | run | {"_id": job, "status": "completed", "queued_at": THEN, "processed_pages": count}
            | {"total_pages": count, "irregularities": [tenant_id], "next_page": None}
            | {"remarks": [tenant_id]},
            its | {"_id": f"active-{job}", "status": "running", "active": True, "queued_at": NOW, "started_at": NOW},
        ],
        IngestionLog: [its | run | {"_id": job, "status": "FAILED", "duration_ms": count}],
        Notification: [
            its | told | {"_id": f"{tenant_id}-{number}", "ticket_id": "t0", "version": str(number), "attempts": count}
            | {"created_at": THEN, "due_at": NOW, "give_up_at": NOW, "attempted_at": NOW, "destination_id": goal}
            | state
            for number, state in enumerate((
                {"spike": {"spike_id": tenant_id}}, {"state": "delivered", "delivered_at": NOW}, {"state": "pending"},
            ))
        ],
        QuarantinedRecord: [
            its | {"_id": f"{job}:1:1", "job_id": job, "job_ids": [job], "page": 1, "position": count}
            | {"external_id": "x", "reason": tenant_id, "raw": tenant_id, "is_attributed": True, "recorded_at": NOW}
            | {"first_seen_at": THEN, "stored_at": NOW}
        ],
        Destination: [
            its | {"_id": goal, "format": "webhook", "sealed_url": "x", "shown_url": tenant_id, "digest_above": count}
            | {"secrets": [{"sealed": "x"}], "created_at": THEN, "updated_at": NOW}
        ],
        Connection: [
            its | {"_id": f"connection-of-{tenant_id}", "source": "standard", "settings": {"base_url": tenant_id}}
            | {"sealed_secrets": {"bearer_token": "x"}, "account": tenant_id, "prefix": tenant_id}
            | {"schedule_minutes": count, "state": "failing", "problem": "forbidden", "problem_detail": tenant_id}
            | {"failures": count, "announce_from": THEN, "created_at": THEN, "updated_at": NOW}
            | dict.fromkeys(("last_run_at", "last_success_at", "next_run_at"), NOW)
        ],
        TenantClassifier: [
            {"_id": tenant_id, "revision": 0, "corrected": count, "corrected_at": NOW, "own_words": words}
            | {"own_words_before": [words]}
            | {"learning": learning | {"labels": [{"label": tenant_id, "is_on": True} | tried]}}
        ],
        Reclassification: [
            {"_id": tenant_id, "version": version_of(0), "state": "done", "announce": False}
            | dict.fromkeys(("total", "done", "changed", "raised", "announced"), count)
            | dict.fromkeys(("started_at", "finished_at"), NOW)
        ],
        Spike: [
            its | {"_id": f"spike-of-{tenant_id}", "started_at": THEN, "until": NOW, "is_over": True}
            | {"detected_at": NOW, "tickets": count, "customers": count, "peak_from": THEN, "peak_customers": count}
            | {"peak_expected": 1.5, "peak_chance": 0.5}
            | {"keywords": [{"keyword": tenant_id, "tickets": count, "usual_share": 0.5}]}
        ],
        AuditEntry: [
            {"_id": f"act-of-{tenant_id}", "at": THEN, "expires_at": NOW + timedelta(days=1), "action": "run_cancelled"}
            | its | dict.fromkeys(("actor", "target", "request_id"), tenant_id),
            {"_id": f"act-of-{tenant_id}:end", "at": NOW, "expires_at": NOW + timedelta(days=1)}
            | {"outcome": "refused", "code": "CONFLICT"},
        ],
        Erasure: [
            its | {"_id": f"erasure-of-{tenant_id}", "scope": "age", "state": "done", "stage": count}
            | {"customer_digest": tenant_id, "requested_by": tenant_id, "closed_only": True, "lifted_by": tenant_id}
            | {"counts": {"tickets": count}}
            | dict.fromkeys(("requested_at", "created_before", "started_at", "finished_at", "lifted_at"), NOW)
        ],
        TenantProtection: [{"_id": tenant_id, "revision": count, "retention_days": 3_000 + count}],
        TenantLock: [
            {"resource_id": f"ingest:{tenant_id}", "owner_id": job, "acquired_at": NOW, "fence": 1}
            | {"expires_at": NOW + timedelta(days=1)}
        ],
    }  # fmt: skip


VALUES = {
    "externalId": '"t0"', "q": '"refund"', "first": "5", "unit": "DAY", "breakdown": "STATUS",
    "fromDate": json.dumps((NOW - timedelta(days=1)).isoformat()),
    "toDate": json.dumps(NOW.isoformat()),
    "at": json.dumps(NOW.isoformat()),
}  # fmt: skip
"""Arguments, as they are written in documents; those that are not here are left out."""


def arguments(field: GraphQLField, tenant_id: str) -> str:
    """The field's arguments, as far as there are values for them, for objects of a tenant."""
    own = {
        "tenantId": json.dumps(tenant_id),
        "jobId": json.dumps(f"job-of-{tenant_id}"),
        "destinationId": json.dumps(f"destination-of-{tenant_id}"),
        "connectionId": json.dumps(f"connection-of-{tenant_id}"),
        "erasureId": json.dumps(f"erasure-of-{tenant_id}"),
        "days": "30",
        "id": json.dumps(global_id("Ticket", tenant_id, "t0")),
    }
    written = [f"{name}: {({**VALUES, **own})[name]}" for name in field.args if name in {**VALUES, **own}]
    return f"({', '.join(written)})" if written else ""


def whole(kind: GraphQLNamedType, tenant_id: str, entered: tuple[str, ...] = ()) -> str:
    """Everything that can be selected of a type, down to the types that were entered before."""
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLInterfaceType):  # each type that it can be has a question of its own
        return "{ __typename }"
    assert isinstance(kind, GraphQLObjectType)
    selected = ["__typename"]
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        if below.name not in entered:
            selected.append(f"{name}{arguments(field, tenant_id)} {whole(below, tenant_id, (*entered, kind.name))}")
    return f"{{ {' '.join(selected)} }}"


def questions(tenant_id: str) -> dict[str, str]:
    """One question for each root field, and one for each type of object that has a global id."""
    root = SCHEMA.query_type
    assert root is not None
    asked = {
        name: f"{{ {name}{arguments(field, tenant_id)} {whole(get_named_type(field.type), tenant_id)} }}"
        for name, field in root.fields.items()
    }
    for name, key in NODE_KEYS.items():
        kind = SCHEMA.get_type(name)
        assert kind is not None
        found = json.dumps(global_id(name, tenant_id, key.format(tenant_id)))
        asked[f"node {name}"] = f"{{ node(id: {found}) {{ ... on {name} {whole(kind, tenant_id)} }} }}"
    return asked


NODE_KEYS = {
    "Ticket": "t0", "Customer": "c", "Tenant": "", "IngestionJob": "job-of-{}", "IngestionLog": "job-of-{}",
    "QuarantinedRecord": "job-of-{}:1:1", "Notification": "{}-0",
    "Spike": "spike-of-{}",
}  # fmt: skip


@dataclass
class Twins:
    """The service, over the rows of both tenants."""

    services: Services
    schema: ApiSchema
    alone: dict[str, Any]
    """What the caller was answered before the other tenant's rows were there."""

    async def ask(self, query: str, caller: Caller = CALLER) -> dict[str, Any]:
        context = Context(self.services, caller, budget_of=lambda client: RequestBudget(60, 59, 1))
        result = await self.schema.execute(query, context_value=context)
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}


@pytest.fixture(scope="module")
async def twins(database: Database) -> AsyncIterator[Twins]:
    await empty(database)
    async with open_services(database, MockApi().transport, SETTINGS) as services:
        twins = Twins(at_rest(services), ApiSchema(SETTINGS), {})
        for tenant_id, count in ((MINE, 2), (THEIRS, 7)):
            for document, its in rows(tenant_id, count).items():
                await database.collection(document).insert_many(its)
            if tenant_id == MINE:
                twins.alone = {name: await twins.ask(query) for name, query in questions(MINE).items()}
        yield twins


@pytest.mark.parametrize("name", questions(MINE))
async def test_what_a_tenant_sees_does_not_depend_on_another_ones_rows(twins: Twins, name: str) -> None:
    answer = await twins.ask(questions(MINE)[name])
    assert answer["errors"] == []
    if name not in SHARED:
        assert timeless(answer) == timeless(twins.alone[name])
    assert THEIRS not in str(answer)


@pytest.mark.parametrize("name", [name for name in questions(THEIRS) if name not in {*SHARED, "tenants", "viewer"}])
async def test_another_tenants_objects_do_not_exist(twins: Twins, name: str) -> None:
    as_everyone = await twins.ask(questions(THEIRS)[name], EVERYONE)
    assert None not in as_everyone["data"].values()
    assert as_everyone["errors"] == []
    answer = await twins.ask(questions(THEIRS)[name])
    assert set(answer["data"].values()) == {None}
    if not name.startswith("node"):
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


def timeless(answer: Any) -> Any:
    """The answer without what time alone changes: an age, and the hours that end with the present one."""
    if isinstance(answer, dict):
        return {name: timeless(value) for name, value in answer.items() if name not in MOVING}
    return [timeless(each) for each in answer] if isinstance(answer, list) else answer


def shown(answer: Any) -> Iterator[str]:
    """The coordinates of what has a value in an answer."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if value is not None and value != []:
                yield f"{answer.get('__typename', 'Query')}.{name}"
                yield from shown(value)
    elif isinstance(answer, list):
        for each in answer:
            yield from shown(each)


def readable() -> set[str]:
    """The coordinates of all fields that queries can reach."""
    found: set[str] = set()
    pending: list[GraphQLNamedType] = [SCHEMA.query_type] if SCHEMA.query_type else []
    while pending:
        kind = pending.pop()
        if isinstance(kind, GraphQLInterfaceType):
            pending += SCHEMA.get_possible_types(kind)
        elif isinstance(kind, GraphQLObjectType) and f"{kind.name}.{next(iter(kind.fields))}" not in found:
            found |= {f"{kind.name}.{name}" for name in kind.fields}
            pending += [get_named_type(field.type) for field in kind.fields.values()]
    return found


async def test_every_field_is_seen_with_a_value(twins: Twins) -> None:
    """Whoever adds a field adds rows that show it, or says in `NOT_SHOWN` why not."""
    seen = {each for answer in twins.alone.values() for each in shown(answer["data"])}
    hidden = {each for each in readable() if NEEDS_WEEKS & {each, each.partition(".")[0]}}
    assert readable() - seen - NOT_SHOWN - hidden == set()


class Swap(SchemaExtension):
    """Has a nested field asked for by a caller who may not see the object that it belongs to."""

    def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        path = [each for each in info.path.as_list() if isinstance(each, str)]
        if path == info.context.swapped_at:
            info.context.caller = CALLER
        return _next(root, info, *args, **kwargs)


class SwappingContext(Context):
    """A context whose caller changes on the way."""

    swapped_at: list[str]


def nested_that_read() -> dict[str, list[str]]:
    """Each nested field that reads something, and the names that lead to it from the root.

    The others are attributes, or functions that are not asynchronous: they have what their object has.
    """
    real = ApiSchema(SETTINGS)._schema
    root = real.query_type
    assert root is not None
    paths: dict[str, list[str]] = {}
    entered = {root.name}
    pending: list[tuple[GraphQLObjectType, list[str]]] = [(root, [])]
    while pending:
        kind, path = pending.pop(0)
        for name, field in kind.fields.items():
            if path and field.extensions[DEFINITION].is_async:
                paths.setdefault(f"{kind.name}.{name}", [*path, name])
            below = get_named_type(field.type)
            if isinstance(below, GraphQLObjectType) and below.name not in entered:
                entered.add(below.name)
                pending.append((below, [*path, name]))
    return paths


NESTED = nested_that_read()


@pytest.mark.parametrize("coordinates", NESTED)
async def test_nested_field_refuses_an_object_of_another_tenant(twins: Twins, coordinates: str) -> None:
    path = NESTED[coordinates]
    kind = SCHEMA.query_type
    opening = ""
    for name in path:
        assert isinstance(kind, GraphQLObjectType)
        field = kind.fields[name]
        opening += f"{{ {name}{arguments(field, THEIRS)} "
        kind = get_named_type(field.type)  # type: ignore[assignment]
    below = "" if is_leaf_type(kind) else "{ __typename }"
    query = opening + below + " }" * len(path)
    assert (await twins.ask(query, EVERYONE))["errors"] == [], "the field is not reached with good rights"
    swapping = ApiSchema(SETTINGS)
    swapping.extensions = [*swapping.extensions, Swap]
    context = SwappingContext(twins.services, EVERYONE)
    context.swapped_at = path
    result = await swapping.execute(query, context_value=context)
    assert context.caller is CALLER, "the field is not reached"
    assert {error.extensions["code"] for error in result.errors or () if error.extensions} == {"NOT_FOUND"}


async def test_circuit_of_another_tenants_destination_does_not_exist(twins: Twins) -> None:
    query = f'{{ circuitBreaker(name: "destination-of-{THEIRS}") {{ name }} }}'
    assert (await twins.ask(query, EVERYONE))["errors"] == []
    answer = await twins.ask(query)
    assert answer["data"] == {"circuitBreaker": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


def test_every_type_with_a_global_id_is_tried() -> None:
    node = SCHEMA.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)
    assert {kind.name for kind in SCHEMA.get_possible_types(node)} == set(NODE_KEYS) == set(FINDERS)


@pytest.mark.parametrize("name", SCHEMA.subscription_type.fields if SCHEMA.subscription_type else ())
@pytest.mark.parametrize(
    ("claims", "code"),
    [({"tenants": [MINE]}, "NOT_FOUND"), ({"tenants": ["*"], "scope": "ingest:run"}, "FORBIDDEN")],
)
async def test_subscription_does_not_follow_another_tenant(
    twins: Twins, name: str, claims: dict[str, Any], code: str
) -> None:
    assert SCHEMA.subscription_type is not None
    field = SCHEMA.subscription_type.fields[name]
    query = f"subscription {{ {name}{arguments(field, THEIRS)} {{ __typename }} }}"
    async with served(app_with(twins.services, make_jwt_settings())) as address:
        async with opened(address, init=False) as socket:
            await socket.init({"authorization": f"Bearer {make_token(**claims)}"})
            await socket.subscribe(query)
            message = await socket.receive()
            assert [error["extensions"]["code"] for error in message["payload"]["errors"]] == [code]
            assert await socket.receive() == {"type": "complete", "id": "1"}
        async with opened(address, init=False) as socket:
            await socket.init({"authorization": f"Bearer {make_token(tenants=['*'])}"})
            await socket.subscribe(query)
            assert await socket.next_data()
