"""The service itself and the tenants in it, over GraphQL."""

from tests.api.graphql.client import Api
from tests.fakes import bearer


async def test_tenants_have_their_counts_and_last_runs(api: Api) -> None:
    tenants = (await api.data("{ tenants { tenantId ticketCount searchBacklog lastRun { tenantId status } } }"))[
        "tenants"
    ]
    assert tenants == [
        {
            "tenantId": tenant_id,
            "ticketCount": len(api.mock_api.live_ids(tenant_id)),
            "searchBacklog": 0,
            "lastRun": {"tenantId": tenant_id, "status": "COMPLETED"},
        }
        for tenant_id in ("tenant_a", "tenant_b")
    ]


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
