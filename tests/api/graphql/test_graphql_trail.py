"""Everything that changes something leaves an entry in the audit trail: every mutation of the schema is tried."""

from typing import Any

import pytest
from graphql import GraphQLField

from documents.audit_entry import AuditAction, AuditEntry
from tests.api.graphql.client import Api
from tests.api.graphql.test_graphql_access import SCHEMA, arguments, foreign_values, root_fields, selection
from tests.fakes import bearer

TRAIL = """query ($tenant: String!) { auditTrail(tenantId: $tenant) {
  totalCount nodes { action actor target outcome code } } }"""


@pytest.mark.parametrize(("name", "field"), list(root_fields(SCHEMA.mutation_type)))
async def test_every_mutation_leaves_an_entry(jwt_api: Api, name: str, field: GraphQLField) -> None:
    values = await foreign_values(jwt_api)
    await jwt_api.db.collection(AuditEntry).delete_many({})
    query = f"mutation {{ {name}{arguments(field, values)} {selection(field)} }}"
    await jwt_api.ask(query, headers=bearer(tenants=["*"], scope="admin"))
    begun = await jwt_api.db.collection(AuditEntry).find({"action": {"$type": "string"}}).to_list(None)
    assert len(begun) == 1, name
    assert begun[0]["tenant_id"] == (None if name == "resetCircuitBreaker" else "tenant_b")
    assert (begun[0]["actor"], begun[0]["action"] in list(AuditAction)) == ("somebody", True)
    ends = await jwt_api.db.collection(AuditEntry).find({"outcome": {"$type": "string"}}).to_list(None)
    assert [end["_id"] for end in ends] == [f"{begun[0]['_id']}:end"]


async def test_the_trail_tells_who_did_what_and_what_came_of_it(jwt_api: Api) -> None:
    await jwt_api.db.collection(AuditEntry).delete_many({})
    admin = bearer(tenants=["tenant_a"], scope="admin")

    async def do(query: str) -> Any:
        answer = await jwt_api.ask(query, headers=admin)
        return answer["data"]

    asked = await do(
        'mutation { eraseCustomer(input: {tenantId: "tenant_a", customerId: "C-1"})'
        " { ... on ErasureRequested { erasure { erasureId } } } }"
    )
    await do('mutation { reopenTenant(input: {tenantId: "tenant_a"}) { __typename } }')
    answer = await jwt_api.ask(TRAIL, headers=admin, tenant="tenant_a")
    trail = answer["data"]["auditTrail"]
    assert trail["totalCount"] == 2
    refused, done = trail["nodes"]
    assert refused == {
        "action": "TENANT_REOPENED",
        "actor": "somebody",
        "target": None,
        "outcome": "REFUSED",
        "code": "CONFLICT",
    }
    erasure_id = asked["eraseCustomer"]["erasure"]["erasureId"]
    assert done == {
        "action": "CUSTOMER_ERASED",
        "actor": "somebody",
        "target": erasure_id,
        "outcome": "DONE",
        "code": None,
    }
    assert "C-1" not in repr(await jwt_api.db.collection(AuditEntry).find().to_list(None))


async def test_what_somebody_may_not_do_leaves_nothing_in_anothers_trail(jwt_api: Api) -> None:
    await jwt_api.db.collection(AuditEntry).delete_many({})
    query = 'mutation { eraseTenant(input: {tenantId: "tenant_b"}) { __typename } }'
    for credential in (bearer(tenants=["tenant_a"], scope="admin"), bearer(tenants=["*"], scope="tickets:write")):
        assert (await jwt_api.ask(query, headers=credential))["errors"]
    assert await jwt_api.db.collection(AuditEntry).count_documents({}) == 0
