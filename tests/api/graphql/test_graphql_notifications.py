"""Notifications and the circuit breaker over GraphQL."""

from datetime import UTC, datetime

from services.notifications.breaker import RequestResult
from services.notifications.breaker_updates import FAILURES_TO_OPEN
from tests.api.graphql.client import Api
from tests.notifying import Outbox

REDRIVE = """
    mutation ($id: String!) { redriveNotification(input: {notificationId: $id}) {
        __typename
        ... on NotificationRedriven { notification { notificationId state attempts redrives } }
        ... on NotificationNotDead { message notificationId state }
        ... on NotificationNotFound { message notificationId }
    } }
"""
RESET = """
    mutation ($name: String!) { resetCircuitBreaker(input: {name: $name}) {
        __typename
        ... on CircuitBreakerReset { circuitBreaker { name state failureCount } }
        ... on CircuitBreakerNotFound { message name }
    } }
"""
PAGE = """
    query ($after: String, $state: NotificationState) {
        notifications(tenantId: "acme", first: 2, after: $after, state: $state) {
            nodes { ticketId state } totalCount pageInfo { hasNextPage endCursor }
        }
    }
"""


async def test_notifications_are_paged_newest_first(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1", "T-2", "T-3")
    await outbox.add("foreign", tenant="other")
    first = (await resting.data(PAGE))["notifications"]
    assert [node["ticketId"] for node in first["nodes"]] == ["T-3", "T-2"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    second = (await resting.data(PAGE, after=first["pageInfo"]["endCursor"]))["notifications"]
    assert [node["ticketId"] for node in second["nodes"]] == ["T-1"]


async def test_notifications_of_one_state(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1")
    await outbox.add("T-2", state="dead")
    found = (await resting.data(PAGE, state="DEAD"))["notifications"]
    assert found["nodes"] == [{"ticketId": "T-2", "state": "DEAD"}]
    assert found["totalCount"] == 1


async def test_a_cursor_of_one_state_is_refused_for_another(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1", "T-2", "T-3", state="dead")
    cursor = (await resting.data(PAGE, state="DEAD"))["notifications"]["pageInfo"]["endCursor"]
    assert await resting.code(PAGE, after=cursor) == "INVALID_CURSOR"


async def test_counts_by_state(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1", "T-2")
    await outbox.add("T-3", state="dead")
    query = '{ notificationCounts(tenantId: "acme") { pending delivered dead } }'
    assert (await resting.data(query))["notificationCounts"] == {"pending": 2, "delivered": 0, "dead": 1}


async def test_the_next_attempt_is_told_only_while_there_is_one(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1", due_at=datetime(2126, 2, 1, 10, tzinfo=UTC))
    await outbox.add("T-2", state="delivered")
    query = '{ notifications(tenantId: "acme") { nodes { ticketId nextAttemptAt } } }'
    nodes = {node["ticketId"]: node for node in (await resting.data(query))["notifications"]["nodes"]}
    assert nodes["T-1"]["nextAttemptAt"] == "2126-02-01T10:00:00Z"
    assert nodes["T-2"]["nextAttemptAt"] is None


async def test_a_dead_letter_is_redriven(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1", state="dead", attempts=7)
    notification_id = (await outbox.row("T-1"))["_id"]
    result = (await resting.data(REDRIVE, id=notification_id))["redriveNotification"]
    assert result == {
        "__typename": "NotificationRedriven",
        "notification": {"notificationId": notification_id, "state": "PENDING", "attempts": 0, "redrives": 1},
    }


async def test_only_a_dead_letter_is_redriven(resting: Api) -> None:
    outbox = Outbox(resting.db)
    await outbox.add("T-1", state="delivered")
    result = (await resting.data(REDRIVE, id=(await outbox.row("T-1"))["_id"]))["redriveNotification"]
    assert (result["__typename"], result["state"]) == ("NotificationNotDead", "DELIVERED")


async def test_an_unknown_notification_is_not_redriven(resting: Api) -> None:
    result = (await resting.data(REDRIVE, id="no-such-id"))["redriveNotification"]
    assert (result["__typename"], result["notificationId"]) == ("NotificationNotFound", "no-such-id")


async def test_the_circuit_breaker_is_shown_and_reset(resting: Api) -> None:
    circuit = resting.services.circuits["notify"]
    permits = await circuit.admit(FAILURES_TO_OPEN)
    await circuit.report([RequestResult(permit, False) for permit in permits])
    query = "{ circuitBreaker { name state failureCount windowSize openedAt retryAfter } }"
    shown = (await resting.data(query))["circuitBreaker"]
    assert (shown["name"], shown["state"], shown["failureCount"], shown["windowSize"]) == ("notify", "OPEN", 5, 10)
    assert shown["openedAt"] is not None
    assert 0 < shown["retryAfter"] <= 30
    result = (await resting.data(RESET, name="notify"))["resetCircuitBreaker"]
    assert result == {
        "__typename": "CircuitBreakerReset",
        "circuitBreaker": {"name": "notify", "state": "CLOSED", "failureCount": 0},
    }


async def test_an_unknown_circuit_breaker_is_told_as_such(resting: Api) -> None:
    assert await resting.code('{ circuitBreaker(name: "tea") { state } }') == "NOT_FOUND"
    result = (await resting.data(RESET, name="tea"))["resetCircuitBreaker"]
    assert (result["__typename"], result["name"]) == ("CircuitBreakerNotFound", "tea")
