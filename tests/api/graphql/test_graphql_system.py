"""The service itself and the tenants in it, over GraphQL."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.graphql.client import Api
from tests.fakes import app_with, bearer, make_settings, open_client


async def test_tenants_have_their_counts_and_last_runs(api: Api) -> None:
    counts = "ticketCount searchBacklog notificationCounts { pending delivered dead } lastRun { tenantId status }"
    tenants = (await api.data(f"{{ tenants {{ tenantId {counts} }} }}"))["tenants"]
    for tenant in tenants:
        alone = f'{{ notificationCounts(tenantId: "{tenant["tenantId"]}") {{ pending delivered dead }} }}'
        notified = tenant.pop("notificationCounts")
        assert notified == (await api.data(alone))["notificationCounts"]
        assert sum(notified.values()) > 0
    assert tenants == [
        {
            "tenantId": tenant_id,
            "ticketCount": len(api.mock_api.live_ids(tenant_id)),
            "searchBacklog": 0,
            "lastRun": {"tenantId": tenant_id, "status": "COMPLETED"},
        }
        for tenant_id in ("tenant_a", "tenant_b")
    ]


async def test_tenants_have_their_statistics(api: Api) -> None:
    period = 'fromDate: "2020-01-01T00:00:00Z", toDate: "2150-01-01T00:00:00Z"'
    counts = "totalTickets byUrgency { urgency count } topKeywords { keyword count }"
    tenants = (await api.data(f"{{ tenants {{ tenantId stats({period}) {{ {counts} }} }} }}"))["tenants"]
    assert len(tenants) == 2
    for tenant in tenants:
        alone = f'{{ tenantStats(tenantId: "{tenant["tenantId"]}", {period}) {{ {counts} }} }}'
        assert tenant["stats"] == (await api.data(alone))["tenantStats"]


async def test_statistics_of_a_period_that_makes_no_sense_are_null(api: Api) -> None:
    period = 'fromDate: "2026-01-02T00:00:00Z", toDate: "2026-01-01T00:00:00Z"'
    answer = await api.ask(f"{{ tenants {{ tenantId stats({period}) {{ totalTickets }} }} }}")
    assert [tenant["stats"] for tenant in answer["data"]["tenants"]] == [None, None]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_INPUT"}


async def test_restricted_caller_sees_their_own_tenants_only(jwt_api: Api) -> None:
    headers = bearer(tenants=["tenant_b", "new tenant"])
    answer = await jwt_api.ask("{ tenants { tenantId ticketCount lastRun { status } } }", headers=headers)
    assert answer["data"]["tenants"] == [
        {"tenantId": "new tenant", "ticketCount": 0, "lastRun": None},
        {
            "tenantId": "tenant_b",
            "ticketCount": len(jwt_api.mock_api.live_ids("tenant_b")),
            "lastRun": {"status": "COMPLETED"},
        },
    ]


async def test_health_names_every_dependency(api: Api) -> None:
    health = (await api.data("{ health { status dependencies { name healthy } } }"))["health"]
    rest = (await api.client.get("/health")).json()
    assert health["status"] == "OK"
    assert {each["name"] for each in health["dependencies"] if each["healthy"]} == set(rest["dependencies"])


async def test_rate_limit_shows_the_budget(api: Api) -> None:
    query = "{ rateLimit { limit windowSeconds used remaining blockedUntil } }"
    assert (await api.data(query))["rateLimit"] == {
        "limit": 0,
        "windowSeconds": 60.0,
        "used": 0,
        "remaining": 0,
        "blockedUntil": None,
    }


VIEWER = """{ viewer {
  subject name scopes seesAllTenants tenants { tenantId ticketCount } expiresAt requestBudget { limit }
} }"""
ALL_SCOPES = ["TICKETS_READ", "TICKETS_WRITE", "INGEST_RUN", "ADMIN"]


async def test_viewer_without_a_credential_is_nobody_and_may_do_everything(api: Api) -> None:
    counts = {tenant_id: len(api.mock_api.live_ids(tenant_id)) for tenant_id in ("tenant_a", "tenant_b")}
    assert (await api.data(VIEWER))["viewer"] == {
        "subject": None,
        "name": None,
        "scopes": ALL_SCOPES,
        "seesAllTenants": True,
        "tenants": [{"tenantId": tenant_id, "ticketCount": count} for tenant_id, count in counts.items()],
        "expiresAt": None,
        "requestBudget": None,
    }


async def test_viewer_is_whom_the_token_names(jwt_api: Api) -> None:
    expiry = datetime(2100, 1, 1, tzinfo=UTC)
    headers = bearer(sub="ann", name="Ann Lee", tenants=["tenant_b", "new"], scope="tickets:read", exp=expiry)
    assert (await jwt_api.ask(VIEWER, headers=headers))["data"]["viewer"] == {
        "subject": "ann",
        "name": "Ann Lee",
        "scopes": ["TICKETS_READ"],
        "seesAllTenants": False,
        "tenants": [
            {"tenantId": "new", "ticketCount": 0},
            {"tenantId": "tenant_b", "ticketCount": len(jwt_api.mock_api.live_ids("tenant_b"))},
        ],
        "expiresAt": "2100-01-01T00:00:00Z",
        "requestBudget": None,
    }


@pytest.mark.parametrize(
    ("claims", "scopes", "names"),
    [
        ({"scope": "ingest:run"}, ["INGEST_RUN"], ["tenant_a"]),
        ({"scope": "ingest:run", "tenants": ["*"]}, ["INGEST_RUN"], None),
        ({"scope": "admin", "tenants": ["*"]}, ALL_SCOPES, ["tenant_a", "tenant_b"]),
        ({"scope": "admin", "tenants": []}, ALL_SCOPES, []),
        ({"sub": None, "name": 5}, ["TICKETS_READ", "INGEST_RUN"], ["tenant_a"]),
    ],
)
async def test_viewer_sees_the_names_of_tenants_that_the_token_lets_them(
    jwt_api: Api, claims: dict[str, Any], scopes: list[str], names: list[str] | None
) -> None:
    query = "{ viewer { subject name scopes seesAllTenants tenants { tenantId } } }"
    answer = await jwt_api.ask(query, headers=bearer(**claims))
    assert answer == {
        "data": {
            "viewer": {
                "subject": claims.get("sub", "somebody"),
                "name": None,
                "scopes": scopes,
                "seesAllTenants": claims.get("tenants") == ["*"],
                "tenants": None if names is None else [{"tenantId": name} for name in names],
            }
        },
        "extensions": answer["extensions"],
    }


@pytest.mark.parametrize("claims", [{"scope": ""}, {"tenants": []}])
async def test_viewer_whose_token_is_good_for_nothing_is_refused(jwt_api: Api, claims: dict[str, Any]) -> None:
    answer = await jwt_api.ask(VIEWER, headers=bearer(**claims))
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_viewer_learns_what_is_left_of_their_requests(api: Api) -> None:
    async with open_client(app_with(api.services, make_settings(requests_per_minute=5))) as client:
        left = []
        for _ in range(2):
            answer = await client.post("/graphql", json={"query": "{ viewer { requestBudget { limit remaining } } }"})
            left.append(answer.json()["data"]["viewer"]["requestBudget"])
            assert int(answer.headers["ratelimit-remaining"]) == left[-1]["remaining"]
    assert left == [{"limit": 5, "remaining": 4}, {"limit": 5, "remaining": 3}]
