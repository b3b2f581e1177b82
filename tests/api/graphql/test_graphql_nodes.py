"""Global ids: every object can be found again by its id, and nobody finds another tenant's."""

import base64

import pytest

from schema.nodes import FINDERS
from tests.api.graphql.client import Api
from tests.fakes import bearer

IDS = """{
  tickets(tenantId: "tenant_a", first: 1) { nodes { id __typename customer { id __typename } } }
  tenants { id __typename }
  ingestionJobs(tenantId: "tenant_a", first: 1) { nodes { id __typename log { id __typename } } }
}"""
NODE = "query ($id: ID!) { node(id: $id) { id __typename } }"


async def nodes(api: Api) -> list[dict[str, str]]:
    """One object of each type, as lists show it."""
    found = await api.data(IDS)
    ticket, job = found["tickets"]["nodes"][0], found["ingestionJobs"]["nodes"][0]
    return [
        {"id": each["id"], "__typename": each["__typename"]}
        for each in (ticket, ticket["customer"], found["tenants"][0], job, job["log"])
    ]


async def test_every_object_is_found_by_its_id(api: Api) -> None:
    for node in await nodes(api):
        assert (await api.data(NODE, id=node["id"]))["node"] == node


async def test_fields_of_the_type_are_selected_by_fragments(api: Api) -> None:
    ticket_id = (await nodes(api))[0]["id"]
    query = (
        "query ($id: ID!) { node(id: $id) { ... on Ticket { subject history { action } } ... on Tenant { tenantId } } }"
    )
    node = (await api.data(query, id=ticket_id))["node"]
    assert node["subject"]
    assert node["history"] == [{"action": "CREATED"}]


async def test_another_tenants_objects_are_not_found(api: Api, jwt_api: Api) -> None:
    for node in await nodes(api):
        answer = await jwt_api.ask(NODE, headers=bearer(tenants=["tenant_b"]), id=node["id"])
        assert answer["data"] == {"node": None}


@pytest.mark.parametrize("type_name", sorted(FINDERS))
async def test_unknown_keys_are_not_found(api: Api, type_name: str) -> None:
    node_id = base64.b64encode(f"{type_name}:nobody:none".encode()).decode()
    assert (await api.data(NODE, id=node_id))["node"] is None


@pytest.mark.parametrize("node_id", ["", "x", "?", "VGlja2V0", base64.b64encode(b"Nothing:tenant_a:1").decode(), "é"])
async def test_what_is_no_id_is_refused(api: Api, node_id: str) -> None:
    assert await api.code(NODE, id=node_id) == "INVALID_INPUT"
