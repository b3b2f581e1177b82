"""Notifications of ingested tickets over GraphQL: nested, by global id, and with other tenants' tokens."""

from typing import Any

import pytest

from documents.notification import Notification
from tests.api.graphql.client import COMMANDS, Api
from tests.fakes import bearer

REDRIVE = """
    mutation ($id: String!) { redriveNotification(input: {notificationId: $id}) { __typename } }
"""


async def test_tickets_have_their_notifications_in_one_read_for_all(api: Api) -> None:
    query = """{ tickets(tenantId: "tenant_a", filter: {urgency: HIGH}, first: 20) {
        nodes { externalId notifications { ticketId urgency state reason } } } }"""
    with COMMANDS.heard() as heard:
        nodes = (await api.data(query))["tickets"]["nodes"]
    assert len(nodes) > 1
    for node in nodes:
        [notification] = node["notifications"]
        assert (notification["ticketId"], notification["urgency"]) == (node["externalId"], "HIGH")
        assert notification["reason"]
    assert sum(command.body.get("find") == "notifications" for command in heard) == 1


async def test_a_notification_is_found_by_its_global_id(api: Api) -> None:
    query = '{ notifications(tenantId: "tenant_a", first: 1) { nodes { id notificationId } } }'
    [known] = (await api.data(query))["notifications"]["nodes"]
    node = "query ($id: ID!) { node(id: $id) { ... on Notification { notificationId } } }"
    assert (await api.data(node, id=known["id"]))["node"] == {"notificationId": known["notificationId"]}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"scope": "admin", "tenants": ["tenant_b"]}, "NotificationNotFound"),
        ({"scope": "admin", "tenants": ["tenant_a"]}, "NotificationNotDead"),
    ],
)
async def test_another_tenants_notification_looks_like_one_that_does_not_exist(
    jwt_api: Api, claims: dict[str, Any], expected: str
) -> None:
    row = await jwt_api.db.collection(Notification).find_one({"tenant_id": "tenant_a"})
    assert row is not None
    answer = await jwt_api.ask(REDRIVE, headers=bearer(**claims), id=row["_id"])
    assert answer["data"]["redriveNotification"]["__typename"] == expected


async def test_redriving_needs_the_scope_admin(jwt_api: Api) -> None:
    answer = await jwt_api.ask(REDRIVE, headers=bearer(scope="tickets:read ingest:run"), id="any")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
