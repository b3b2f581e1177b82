"""GraphiQL as it is served; tests/browser looks at it in a browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gql_app.graphql import graphiql
from resolvers.context import Services
from tests.fakes import app_with, at_rest, make_jwt_settings, make_settings, open_client

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `web/` whose files are installed, as far as the service can tell."""
    for path in graphiql.ASSETS.values():
        file = tmp_path / "node_modules" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"/* {path} */")
    (tmp_path / "node_modules" / "secret.js").write_text("secret")
    monkeypatch.setattr(graphiql, "WEB", tmp_path)
    return tmp_path


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(app_with(at_rest(services), make_settings())) as client:
        yield client


async def test_browser_gets_a_page_that_may_load_from_here_only(client: httpx.AsyncClient, web: Path) -> None:
    response = await client.get("/graphql", headers=PAGE)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "http" not in str(policy)
    assert "<script>" not in response.text


@pytest.mark.parametrize("name", [*graphiql.ASSETS, "start.js"])
async def test_files_of_the_page_are_served(client: httpx.AsyncClient, web: Path, name: str) -> None:
    response = await client.get(f"/graphql/ide/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"].split(";")[0] in ("text/javascript", "text/css")


@pytest.mark.parametrize(
    "name", ["secret.js", "../secret.js", "..%2Fsecret.js", "%2e%2e/secret.js", "react/umd/react.production.min.js", ""]
)
async def test_no_other_file_is_served(client: httpx.AsyncClient, web: Path, name: str) -> None:
    response = await client.get(f"/graphql/ide/{name}")
    assert response.status_code == 404
    assert response.text != "secret"


async def test_page_needs_no_credential(services: Services, web: Path) -> None:
    async with open_client(app_with(at_rest(services), make_jwt_settings())) as client:
        assert (await client.get("/graphql", headers=PAGE)).status_code == 200


async def test_page_can_be_turned_off(services: Services, web: Path) -> None:
    async with open_client(app_with(at_rest(services), make_settings(graphql_ide=False))) as client:
        page = await client.get("/graphql", headers={"accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (406, "application/json; charset=utf-8")
        assert (await client.get("/graphql/ide/start.js")).status_code == 404


async def test_without_the_files_the_page_comes_from_outside(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphiql, "WEB", tmp_path)
    response = await client.get("/graphql", headers=PAGE)
    policy = response.headers["content-security-policy"]
    assert "GraphiQL" in response.text
    assert "script-src https://" in policy
    assert "'sha256-" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
