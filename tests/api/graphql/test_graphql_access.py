"""Who may see and do what over GraphQL. Every root field of the schema is tried with another tenant's credential."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_enum_type,
    is_required_argument,
    is_required_input_field,
)

from documents.audit_entry import AuditEntry
from documents.connection import Connection, SourceKind
from documents.destination import Destination, DestinationFormat
from documents.ingestion_job import IngestionJob
from documents.notification import Notification
from documents.ticket import Ticket
from schema.base.ids import global_id
from services.errors import ErrorCode
from tests.api.graphql.client import Api
from tests.committed_schema import committed_schema
from tests.fakes import bearer, make_token

SHARED = {"viewer", "tenants", "health", "rateLimit", "circuitBreaker", "resetCircuitBreaker", "offeredSources"}
"""Root fields that show what all tenants share, or only what the caller may see."""
SCHEMA = committed_schema()


def root_fields(root: GraphQLObjectType | None, *, but: Iterable[str] = ()) -> Iterator[tuple[str, GraphQLField]]:
    if root is not None:
        yield from ((name, field) for name, field in root.fields.items() if name not in but)


async def foreign_values(api: Api) -> dict[str, str]:
    """What the arguments of root fields can be, of a tenant that the caller may not see."""
    ticket = await api.db.collection(Ticket).find_one({"tenant_id": "tenant_b", "deleted_at": None})
    job = await api.db.collection(IngestionJob).find_one({"tenant_id": "tenant_b"})
    notification = await api.db.collection(Notification).find_one({"tenant_id": "tenant_b"})
    assert ticket is not None
    assert job is not None
    assert notification is not None
    now = datetime.now(UTC)
    destination = Destination(
        id="dst_foreign",
        tenant_id="tenant_b",
        format=DestinationFormat.SLACK,
        sealed_url="",
        shown_url="",
        created_at=now,
        updated_at=now,
    )
    await destination.save()
    connection = Connection(
        id="con_foreign",
        tenant_id="tenant_b",
        source=SourceKind.STANDARD,
        settings={"base_url": "http://127.0.0.1:1"},
        sealed_secrets={},
        account="",
        prefix="",
        announce_from=now,
        created_at=now,
        updated_at=now,
    )
    await connection.save()
    erasure = await api.services.erasures.request_customer("tenant_b", "nobody", by=None)
    return {
        "tenantId": "tenant_b",
        "customerId": "nobody",
        "days": "365",
        "erasureId": erasure.id,
        "externalId": ticket["external_id"],
        "jobId": job["_id"],
        "notificationId": notification["_id"],
        "destinationId": destination.id,
        "connectionId": connection.id,
        "source": "STANDARD",
        "url": "https://1.1.1.1/",
        "format": "SLACK",
        "name": "notify",
        "q": "refund",
        "expectedRevision": "0",
        "id": global_id("Ticket", "tenant_b", ticket["external_id"]),
    }


@pytest.fixture(scope="module")
async def foreign(api: Api) -> dict[str, str]:
    """Such values, while nobody may change what they name."""
    return await foreign_values(api)


def arguments(field: GraphQLField, values: dict[str, str]) -> str:
    """The field's required arguments, taken from `values`; a name that is not there fails the test."""
    written = []
    for name, argument in field.args.items():
        if not is_required_argument(argument):
            continue
        kind = get_named_type(argument.type)
        if isinstance(kind, GraphQLInputObjectType):
            demanded = {key: field for key, field in kind.fields.items() if is_required_input_field(field)}
            inner = ", ".join(f"{key}: {literal(values[key], field)}" for key, field in demanded.items())
            written.append(f"{name}: {{{inner}}}")
        else:
            written.append(f"{name}: {literal(values[name], argument)}")
    return f"({', '.join(written)})" if written else ""


def literal(value: str, field: GraphQLInputField | GraphQLArgument) -> str:
    """A value as a document has it: a member of an enum is no text, and neither is a number."""
    return value if is_enum_type(get_named_type(field.type)) or value.isdigit() else f'"{value}"'


def selection(field: GraphQLField) -> str:
    return "{ __typename }" if is_composite_type(get_named_type(field.type)) else ""


@pytest.mark.parametrize(("name", "field"), list(root_fields(SCHEMA.query_type, but=SHARED)))
async def test_another_tenants_data_does_not_exist(
    jwt_api: Api, foreign: dict[str, str], name: str, field: GraphQLField
) -> None:
    query = f"{{ {name}{arguments(field, foreign)} {selection(field)} }}"
    answer = await jwt_api.ask(query, headers=bearer(tenants=["tenant_a"], scope="admin"))
    assert answer["data"] == {name: None}
    if name != "node":
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize(("name", "field"), list(root_fields(SCHEMA.mutation_type, but=SHARED)))
async def test_another_tenants_data_cannot_be_changed(
    jwt_api: Api, foreign: dict[str, str], name: str, field: GraphQLField
) -> None:
    query = f"mutation {{ {name}{arguments(field, foreign)} {selection(field)} }}"
    answer = await jwt_api.ask(query, headers=bearer(tenants=["tenant_a"], scope="admin"))
    if answer.get("data"):
        assert answer["data"][name]["__typename"].endswith("NotFound")
    else:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


async def test_a_change_of_another_tenants_connection_cannot_be_tried(jwt_api: Api) -> None:
    foreign = (await foreign_values(jwt_api))["connectionId"]
    await jwt_api.db.collection(AuditEntry).delete_many({})
    query = """mutation ($id: String!, $settings: [ConnectionValueInput!]!) {
      checkConnection(input: {connectionId: $id, settings: $settings}) {
        __typename
        ... on UserError { message }
      }
    }"""
    told = []
    for name, value in (("base_url", "http://10.0.0.1"), ("base_uri", None)):
        for connection_id in (foreign, "con_unknown"):
            answer = await jwt_api.ask(
                query,
                headers=bearer(tenants=["tenant_a"], scope="admin"),
                id=connection_id,
                settings=[{"name": name, "value": value}],
            )
            told.append(answer["data"]["checkConnection"])
    said = {"__typename": "ConnectionNotFound", "message": "There is no connection 'con_unknown'."}
    assert [{**each, "message": each["message"].replace(foreign, "con_unknown")} for each in told] == [said] * 4
    assert await jwt_api.db.collection(AuditEntry).count_documents({}) == 0


@pytest.mark.parametrize(("name", "field"), list(root_fields(SCHEMA.query_type, but=SHARED)))
async def test_reading_needs_the_scope(jwt_api: Api, foreign: dict[str, str], name: str, field: GraphQLField) -> None:
    query = f"{{ {name}{arguments(field, foreign)} {selection(field)} }}"
    answer = await jwt_api.ask(query, headers=bearer(tenants=["*"], scope="ingest:run"))
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


@pytest.mark.parametrize(("name", "field"), list(root_fields(SCHEMA.mutation_type)))
async def test_changing_needs_the_scope(jwt_api: Api, foreign: dict[str, str], name: str, field: GraphQLField) -> None:
    query = f"mutation {{ {name}{arguments(field, foreign)} {selection(field)} }}"
    answer = await jwt_api.ask(query, headers=bearer(tenants=["*"], scope="tickets:read"))
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_own_data_is_shown(jwt_api: Api) -> None:
    query = '{ tickets(tenantId: "tenant_a") { totalCount } tenants { tenantId } }'
    answer = await jwt_api.ask(query, headers=bearer(tenants=["tenant_a"]))
    assert answer["data"] == {
        "tickets": {"totalCount": len(jwt_api.mock_api.live_ids("tenant_a"))},
        "tenants": [{"tenantId": "tenant_a"}],
    }


BAD_CREDENTIALS = [
    {},
    {"authorization": "Basic abc"},
    {"authorization": "Bearer x"},
    {"authorization": f"Bearer {make_token(exp=1)}"},
    {"authorization": f"Bearer {make_token(exp='tomorrow')}"},
    {"authorization": f"Bearer {make_token(exp=float('inf'))}"},
]


@pytest.mark.parametrize("headers", BAD_CREDENTIALS)
async def test_bad_credential_is_refused_with_a_code(jwt_api: Api, headers: dict[str, str]) -> None:
    response = await jwt_api.client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    body: dict[str, Any] = response.json()
    assert body.keys() == {"errors"}
    assert body["errors"][0]["extensions"]["code"] == ErrorCode.UNAUTHENTICATED


GOOD_FOR_NOTHING = [{"scope": ""}, {"scope": "unknown"}, {"tenants": []}, {"tenants": None}, {"scope": None}]


@pytest.mark.parametrize("claims", GOOD_FOR_NOTHING)
async def test_credential_that_is_good_for_nothing_is_refused_before_anything_is_parsed(
    jwt_api: Api, claims: dict[str, Any]
) -> None:
    response = await jwt_api.client.post("/graphql", content=b"{ no JSON", headers=bearer(**claims))
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["code"] == ErrorCode.FORBIDDEN


async def test_administrator_without_a_tenant_may_still_look_after_the_service(jwt_api: Api) -> None:
    answer = await jwt_api.ask("{ circuitBreaker { state } }", headers=bearer(tenants=[], scope="admin"))
    assert "errors" not in answer
