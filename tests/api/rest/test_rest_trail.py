"""Every route that changes something leaves an entry in the audit trail; which those are, the application says."""

import pytest

from documents.audit_entry import AuditEntry
from documents.database import Database
from tests.api.rest.test_rest_access import FOR_ADMINS, FOR_CORRECTORS, OF_A_TENANT, SHARED, Stage, desk, stage
from tests.fakes import bearer

__all__ = ["desk", "stage"]  # the same tenants, behind the same application

READS = {
    ("POST", "/classification/{tenant_id}/preview"),
}
"""Those that are asked with a body, and change nothing."""
DOWNLOADS = {("GET", "/tickets/export"), ("GET", "/tenants/{tenant_id}/customers/{customer_id}/export")}
CHANGES = {
    route
    for route in {**OF_A_TENANT, **FOR_CORRECTORS, **FOR_ADMINS, **SHARED}
    if route[0] != "GET" and route not in READS
} | DOWNLOADS


def leaves_less(route: tuple[str, str]) -> tuple[bool, bool, str]:
    """What removes things comes behind what needs them, and the end of the tenant last."""
    return route == ("POST", "/tenants/{tenant_id}/erasure"), route[0] == "DELETE", route[1]


@pytest.mark.parametrize("route", sorted(CHANGES, key=leaves_less), ids=" ".join)
async def test_every_route_that_changes_something_leaves_an_entry(
    database: Database, stage: Stage, route: tuple[str, str]
) -> None:
    await database.collection(AuditEntry).delete_many({})
    answer = await stage.call(route, bearer(scope="admin", tenants=["*"]))
    assert answer.status_code < 500, answer.text
    begun = await database.collection(AuditEntry).find({"action": {"$type": "string"}}).to_list(None)
    assert [entry["actor"] for entry in begun] == ["somebody"], answer.text


async def test_the_trail_of_all_is_for_those_who_see_all(stage: Stage) -> None:
    mine = await stage.client.get("/audit", headers=bearer(scope="admin"))
    assert (mine.status_code, mine.json()["code"]) == (403, "FORBIDDEN")
    everybodys = (await stage.client.get("/audit", headers=bearer(scope="admin", tenants=["*"]))).json()
    assert everybodys["total_count"] >= len(everybodys["entries"]) > 0
