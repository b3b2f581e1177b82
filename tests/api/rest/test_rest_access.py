"""AUTH_MODE=jwt: who may do what, and that no route shows one tenant's data to another.

The routes are taken from the application, so that a new one without a case here fails.
"""

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from documents.database import Database
from documents.destination import DestinationFormat
from documents.notification import Notification
from documents.vocabulary import SourceKind
from services.connections.changes import NewConnection
from tests.connecting import HelpDesk, help_desk, record
from tests.fakes import MockApi, app_with, bearer, empty, ingest, make_jwt_settings, open_client, open_services
from tests.notifying import SECRETS_KEY

PUBLIC = {
    ("GET", path)
    for path in (
        *("/health", "/health/live", "/health/ready", "/metrics"),
        *("/docs", "/docs/start.js", "/docs/{name}", "/openapi.json"),
        *("/", "/dashboard/{fingerprint}/{name}"),
    )
}
OF_A_TENANT = {
    ("POST", "/ingest/run"): "/ingest/run?tenant_id=tenant_a",
    ("POST", "/ingest/batch"): "/ingest/batch?tenant_id=tenant_a",
    ("GET", "/ingest/status"): "/ingest/status?tenant_id=tenant_a",
    ("GET", "/ingest/progress/{job_id}"): "/ingest/progress/{job}",
    ("GET", "/ingest/lock/{tenant_id}"): "/ingest/lock/tenant_a",
    ("GET", "/ingest/logs"): "/ingest/logs?tenant_id=tenant_a",
    ("GET", "/ingest/quarantine"): "/ingest/quarantine?tenant_id=tenant_a",
    ("DELETE", "/ingest/{job_id}"): "/ingest/{job}",
    ("GET", "/tickets"): "/tickets?tenant_id=tenant_a",
    ("GET", "/tickets/urgent"): "/tickets/urgent?tenant_id=tenant_a",
    ("GET", "/tickets/export"): "/tickets/export?tenant_id=tenant_a",
    ("GET", "/tickets/{external_id}"): "/tickets/{ticket}?tenant_id=tenant_a",
    ("GET", "/tickets/{external_id}/history"): "/tickets/{ticket}/history?tenant_id=tenant_a",
    ("GET", "/tenants/{tenant_id}/stats"): "/tenants/tenant_a/stats",
    ("GET", "/tenants/{tenant_id}/forecast"): "/tenants/tenant_a/forecast",
    ("GET", "/tenants/{tenant_id}/spikes"): "/tenants/tenant_a/spikes",
    ("GET", "/tenants/{tenant_id}/learning"): "/tenants/tenant_a/learning",
    ("GET", "/classification/{tenant_id}"): "/classification/tenant_a",
    ("POST", "/classification/{tenant_id}/preview"): "/classification/tenant_a/preview",
    ("GET", "/notifications"): "/notifications?tenant_id=tenant_a",
    ("GET", "/notifications/{notification_id}"): "/notifications/{notification}?tenant_id=tenant_a",
}
"""For each route that shows or changes a tenant's data: a request for tenant_a's."""
FOR_CORRECTORS = {
    ("PUT", "/tickets/{external_id}/correction"): "/tickets/{ticket}/correction?tenant_id=tenant_a",
    ("DELETE", "/tickets/{external_id}/correction"): "/tickets/{ticket}/correction?tenant_id=tenant_a",
}
"""The same of what needs the scope `tickets:write`."""
FOR_ADMINS = {
    ("PUT", "/classification/{tenant_id}"): "/classification/tenant_a",
    ("POST", "/classification/{tenant_id}/reclassification"): "/classification/tenant_a/reclassification",
    ("POST", "/notifications/redrive"): "/notifications/redrive?tenant_id=tenant_a",
    ("POST", "/notifications/{notification_id}/redrive"): "/notifications/{notification}/redrive",
    ("GET", "/destinations"): "/destinations?tenant_id=tenant_a",
    ("POST", "/destinations"): "/destinations",
    ("GET", "/destinations/{destination_id}"): "/destinations/{destination}",
    ("PATCH", "/destinations/{destination_id}"): "/destinations/{destination}",
    ("POST", "/destinations/{destination_id}/test"): "/destinations/{destination}/test",
    ("DELETE", "/destinations/{destination_id}"): "/destinations/{destination}",
    ("GET", "/connections"): "/connections?tenant_id=tenant_a",
    ("POST", "/connections"): "/connections",
    ("POST", "/connections/check"): "/connections/check",
    ("GET", "/connections/{connection_id}"): "/connections/{connection}",
    ("PATCH", "/connections/{connection_id}"): "/connections/{connection}",
    ("POST", "/connections/{connection_id}/check"): "/connections/{connection}/check",
    ("DELETE", "/connections/{connection_id}"): "/connections/{connection}",
    ("POST", "/tenants/{tenant_id}/customers/{customer_id}/erasure"): "/tenants/tenant_a/customers/nobody/erasure",
    ("POST", "/tenants/{tenant_id}/erasure"): "/tenants/tenant_a/erasure",
    ("DELETE", "/tenants/{tenant_id}/erasure"): "/tenants/tenant_a/erasure",
    ("GET", "/tenants/{tenant_id}/erasures"): "/tenants/tenant_a/erasures?customer_id=nobody",
    ("GET", "/tenants/{tenant_id}/customers/{customer_id}/export"): "/tenants/tenant_a/customers/nobody/export",
    ("GET", "/erasures/{erasure_id}"): "/erasures/{erasure}",
    ("GET", "/tenants/{tenant_id}/retention"): "/tenants/tenant_a/retention",
    ("PUT", "/tenants/{tenant_id}/retention"): "/tenants/tenant_a/retention",
    ("GET", "/tenants/{tenant_id}/retention/preview"): "/tenants/tenant_a/retention/preview?days=365",
    ("GET", "/audit"): "/audit?tenant_id=tenant_a",
}
"""The same of what needs the scope `admin`."""
BODIES: dict[tuple[str, str], object] = {
    ("POST", "/classification/{tenant_id}/preview"): {"high": ["burst pipe"]},
    ("PUT", "/classification/{tenant_id}"): {"high": ["burst pipe"], "harmless": [], "expected_revision": 0},
    ("PUT", "/tenants/{tenant_id}/retention"): {"days": None},
    ("PUT", "/tickets/{external_id}/correction"): {"urgency": "high"},
    ("POST", "/destinations"): {"tenant_id": "tenant_a", "url": "https://1.1.1.1/", "format": "slack"},
    ("PATCH", "/destinations/{destination_id}"): {"is_paused": True},
    **{
        ("POST", path): {"tenant_id": "tenant_a", "source": "standard", "settings": {"base_url": "https://1.1.1.1"}}
        for path in ("/connections", "/connections/check")
    },
    ("PATCH", "/connections/{connection_id}"): {"schedule_minutes": 60},
    ("POST", "/connections/{connection_id}/check"): {"settings": {"requests_per_minute": 60}},
}
SHARED = {
    ("GET", "/circuit/{name}/status"): "/circuit/notify/status",
    ("POST", "/circuit/{name}/reset"): "/circuit/notify/reset",
    ("GET", "/connections/sources"): "/connections/sources",
}
"""For each route about what all tenants share: a request."""
WITHOUT_A_TENANT_IN_THE_REQUEST = {("GET", "/ingest/progress/{job_id}"), ("DELETE", "/ingest/{job_id}")}
ROUTES = sorted(OF_A_TENANT)


@dataclass
class Stage:
    app: FastAPI
    client: httpx.AsyncClient
    job: str
    ticket: str
    notification: str
    destination: str
    connection: str
    erasure: str

    async def call(self, route: tuple[str, str], headers: dict[str, str]) -> httpx.Response:
        names = ("job", "ticket", "notification", "destination", "connection", "erasure")
        url = (OF_A_TENANT | FOR_CORRECTORS | FOR_ADMINS | SHARED)[route].format(
            **{name: getattr(self, name) for name in names}
        )
        return await self.client.request(route[0], url, headers=headers, json=BODIES.get(route))


@pytest.fixture(scope="module")
def desk() -> Iterator[HelpDesk]:
    with help_desk(record("1", tenant_id="tenant_a"), token=None) as desk:
        yield desk


@pytest.fixture(scope="module")
async def stage(database: Database, desk: HelpDesk) -> AsyncIterator[Stage]:
    """tenant_a and tenant_b, ingested, behind an application that wants tokens."""
    await empty(database)
    mock_api, settings = (
        MockApi(ticket_count=50),
        make_jwt_settings(secrets_key=base64.b64encode(SECRETS_KEY).decode()),
    )
    async with open_services(database, mock_api.transport, settings) as services:
        app = app_with(services, settings)
        async with open_client(app) as client:
            job = await ingest(services, "tenant_a")
            await ingest(services, "tenant_b")
            notification = await database.collection(Notification).find_one({"tenant_id": "tenant_a"})
            assert notification is not None
            destination = await services.destinations.create("tenant_a", "https://1.1.1.1/", DestinationFormat.SLACK)
            connection = await services.connections.create(
                NewConnection("tenant_a", SourceKind.STANDARD, {"base_url": desk.url})
            )
            erasure = await services.erasures.request_customer("tenant_a", "nobody", by=None)
            yield Stage(
                app,
                client,
                job.id,
                mock_api.live_ids("tenant_a")[0],
                notification["_id"],
                destination.destination.id,
                connection.id,
                erasure.id,
            )


async def test_every_route_is_known_to_this_module(stage: Stage) -> None:
    found = {
        (method, route.path_format)
        for route in iter_route_contexts(stage.app.routes)
        for method in (route.methods or set()) - {"HEAD"}
        if route.path_format is not None and not route.path_format.startswith("/graphql")
    }
    assert found == PUBLIC | OF_A_TENANT.keys() | FOR_CORRECTORS.keys() | FOR_ADMINS.keys() | SHARED.keys()


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
async def test_the_tenants_own_token_is_served(stage: Stage, route: tuple[str, str]) -> None:
    answer = await stage.call(route, bearer())
    expected = 409 if route[0] == "DELETE" else 200  # the job has ended
    assert answer.status_code == expected, answer.text


@pytest.mark.parametrize("route", [*ROUTES, *FOR_CORRECTORS, *FOR_ADMINS], ids=" ".join)
@pytest.mark.parametrize("tenants", [["tenant_b"], [], None], ids=["another tenant's", "nobody's", "no claim"])
async def test_to_another_token_the_tenant_does_not_exist(
    stage: Stage, route: tuple[str, str], tenants: list[str] | None
) -> None:
    answer = await stage.call(route, bearer(tenants=tenants, scope="tickets:read ingest:run admin"))
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("route", sorted(WITHOUT_A_TENANT_IN_THE_REQUEST), ids=" ".join)
async def test_a_job_of_another_tenant_looks_like_one_that_does_not_exist(stage: Stage, route: tuple[str, str]) -> None:
    foreign = (await stage.call(route, bearer(tenants=["tenant_b"]))).json()
    url = OF_A_TENANT[route].format(job="no-such-job")
    unknown = (await stage.client.request(route[0], url, headers=bearer(tenants=["tenant_b"]))).json()
    assert foreign["detail"].replace(stage.job, "no-such-job") == unknown["detail"]
    assert set(foreign) == set(unknown)


@pytest.mark.parametrize("route", [*ROUTES, *FOR_CORRECTORS, *FOR_ADMINS, *SHARED], ids=" ".join)
async def test_without_a_token_nothing_is_served(stage: Stage, route: tuple[str, str]) -> None:
    answer = await stage.call(route, {})
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", FOR_ADMINS, ids=" ".join)
async def test_what_is_for_administrators_is_for_nobody_else(stage: Stage, route: tuple[str, str]) -> None:
    answer = await stage.call(route, bearer())
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("route", FOR_CORRECTORS, ids=" ".join)
async def test_correcting_needs_writing_and_reading(stage: Stage, route: tuple[str, str]) -> None:
    for scope in ("tickets:read ingest:run", "tickets:write"):
        answer = await stage.call(route, bearer(scope=scope))
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    for scope in ("tickets:read tickets:write", "admin"):
        assert (await stage.call(route, bearer(scope=scope))).status_code == 200


@pytest.mark.parametrize("route", [*ROUTES, *FOR_CORRECTORS, *FOR_ADMINS], ids=" ".join)
async def test_a_token_without_scopes_is_forbidden_every_tenants_data(stage: Stage, route: tuple[str, str]) -> None:
    answer = await stage.call(route, bearer(scope=""))
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("route", [("POST", "/ingest/run"), ("DELETE", "/ingest/{job_id}")], ids=" ".join)
async def test_reading_does_not_include_ingesting(stage: Stage, route: tuple[str, str]) -> None:
    answer = await stage.call(route, bearer(scope="tickets:read"))
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


async def test_what_all_tenants_share_is_changed_by_admins_only(stage: Stage) -> None:
    reset = ("POST", "/circuit/{name}/reset")
    refused = await stage.call(reset, bearer(scope="tickets:read ingest:run"))
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert (await stage.call(reset, bearer(scope="admin"))).status_code == 200


async def test_ingesting_alone_is_enough_to_wait_for_the_run(stage: Stage) -> None:
    answer = await stage.call(("POST", "/ingest/run"), bearer(scope="ingest:run"))
    assert answer.status_code == 200


async def test_a_token_for_all_tenants_sees_each(stage: Stage) -> None:
    for tenant_id in ("tenant_a", "tenant_b"):
        answer = await stage.client.get(f"/tickets?tenant_id={tenant_id}", headers=bearer(tenants=["*"]))
        assert answer.json()["total_count"] > 0


async def test_a_bad_token_is_refused_and_told_apart_from_none(stage: Stage) -> None:
    answer = await stage.call(("GET", "/tickets"), {"authorization": "Bearer made.up.token"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "path", ["/health", "/health/live", "/health/ready", "/metrics", "/docs", "/docs/start.js", "/openapi.json"]
)
async def test_what_shows_no_data_needs_no_token(stage: Stage, path: str) -> None:
    assert (await stage.client.get(path)).status_code == 200


async def test_metrics_name_no_tenant(stage: Stage) -> None:
    await stage.call(("GET", "/tenants/{tenant_id}/stats"), bearer())
    text = (await stage.client.get("/metrics")).text
    assert "/tenants/{tenant_id}/stats" in text
    assert "tenant_a" not in text
