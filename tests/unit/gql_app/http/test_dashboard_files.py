"""The dashboard's files as they are served; tests/browser looks at them in a browser."""

import gzip
import posixpath
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from graphql import GraphQLSchema, build_schema, parse, validate

from gql_app.http import dashboard
from gql_app.http.dashboard import LATER, LIBRARIES, QUERIES, WEB_FOLDER, Bundle, bundle
from tests.fakes import make_settings

SOURCES = WEB_FOLDER / "dashboard"
MODULES = sorted(SOURCES.rglob("*.js"))
MAX_LINES = 250
MAX_ROOM_MODULES = 14
MAX_SCRIPT_BYTES = 60_000
"""Of the JavaScript that the first view needs, ours and the libraries', compressed file by file."""
IMPORTED = re.compile(r"""(?:from|import) ?["'](\.[^"']+)["']""")
IMPORTED_LATER = re.compile(r"""import\(["'](\.[^"']+)["']\)""")


@pytest.fixture
def installed() -> Bundle:
    found = bundle(WEB_FOLDER)
    if found is None:
        pytest.skip("the files of web/ are not installed")
    return found


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(redirect_slashes=False)
    app.state.settings = make_settings()
    app.include_router(dashboard.router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((WEB_FOLDER.parent / "schema" / "schema.graphql").read_text())


@pytest.mark.parametrize("path", sorted((SOURCES / "queries").glob("*.graphql")), ids=lambda path: path.stem)
def test_every_operation_fits_the_schema(schema: GraphQLSchema, path: Path) -> None:
    assert validate(schema, parse(path.read_text())) == []


def test_every_operation_is_asked_and_every_asked_one_exists() -> None:
    names = {path.stem for path in (SOURCES / "queries").glob("*.graphql")}
    scripts = "".join(path.read_text() for path in MODULES)
    asked = set(re.findall(r'(?:ask|useAnswer|follow|give)\(\s*"([a-z-]+)"', scripts))
    assert asked == names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_a_module_is_checked_by_editors_and_read_in_a_sitting(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0] == "// @ts-check"
    assert len(lines) <= MAX_LINES


def test_no_room_is_a_drawer() -> None:
    rooms = Counter(path.parent.relative_to(SOURCES).as_posix() for path in MODULES)
    assert {room: count for room, count in rooms.items() if count > MAX_ROOM_MODULES} == {}


def test_nothing_turns_text_into_markup() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")
    assert [path.name for path in MODULES if forbidden.search(path.read_text())] == []


def imports(found: Bundle, name: str, pattern: re.Pattern[str] = IMPORTED) -> set[str]:
    folder = posixpath.dirname(name)
    return {posixpath.normpath(posixpath.join(folder, path)) for path in pattern.findall(found.files[name].decode())}


def needed(found: Bundle, *names: str) -> set[str]:
    """The modules and all that they import."""
    reached, new = set(names), set(names)
    while new:
        new = {other for name in new for other in imports(found, name)} - reached
        reached |= new
    return reached


def test_every_module_that_is_served_is_imported(installed: Bundle) -> None:
    later = imports(installed, "main.js", IMPORTED_LATER)
    assert needed(installed, "main.js", *later) == {name for name in installed.files if name.endswith(".js")}


def test_what_the_first_view_needs_is_small_and_all_that_is_preloaded(installed: Bundle) -> None:
    first = needed(installed, "main.js")
    sizes = {name: len(gzip.compress(installed.files[name])) for name in sorted(first)}
    assert sum(sizes.values()) < MAX_SCRIPT_BYTES, sizes
    assert first == {name for name in installed.files if name.endswith(".js") and not name.startswith(LATER)}


async def test_the_page_asks_for_nothing_but_its_own_files(client: httpx.AsyncClient, installed: Bundle) -> None:
    answer = await client.get("/")
    base = f"/dashboard/{installed.fingerprint}/"
    asked = {path for path in re.findall(r'(?:src|href)="([^"]+)"', answer.text) if path.startswith("/dashboard/")}
    assert {path.removeprefix(base) for path in asked} == {
        name for name in installed.files if not name.startswith(LATER)
    }
    assert "http" not in answer.text
    assert "<style" not in answer.text
    assert re.findall(r"<script[^>]*>(.*?)</script>", answer.text) == [""]
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")


async def test_every_file_is_served_under_its_fingerprint_for_good(
    client: httpx.AsyncClient, installed: Bundle
) -> None:
    for name, text in installed.files.items():
        answer = await client.get(f"/dashboard/{installed.fingerprint}/{name}")
        assert (answer.status_code, answer.content) == (200, text)
        assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "text/css")
        assert "immutable" in answer.headers["cache-control"]
    assert (await client.get(f"/dashboard/0000000000000000/{QUERIES}")).status_code == 404


@pytest.mark.parametrize(
    "name", ["index.html", "../package.json", "..%2Fpackage.json", "%2e%2e/package.json", "lib/index.js", "", "lib"]
)
async def test_no_other_file_is_served(client: httpx.AsyncClient, installed: Bundle, name: str) -> None:
    assert (await client.get(f"/dashboard/{installed.fingerprint}/{name}")).status_code == 404


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `web/` as a clone has it, without what npm brings."""
    shutil.copytree(SOURCES, tmp_path / "dashboard")
    monkeypatch.setattr(dashboard, "WEB_FOLDER", tmp_path)
    return tmp_path


async def test_without_npm_the_page_says_how_to_get_the_files(client: httpx.AsyncClient, copied: Path) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    assert "npm ci" in answer.text
    assert {"/graphql", "/docs"} <= set(re.findall(r'href="([^"]+)"', answer.text))
    assert "<script" not in answer.text
    assert (await client.get(f"/dashboard/0000000000000000/{QUERIES}")).status_code == 404


@pytest.mark.parametrize("changed", ["main.js", "styles/base.css", "queries/frame.graphql"])
def test_another_file_is_another_fingerprint(copied: Path, changed: str) -> None:
    for path in LIBRARIES.values():
        library = copied / "node_modules" / path
        library.parent.mkdir(parents=True, exist_ok=True)
        library.touch()
    before = bundle(copied)
    bundle.cache_clear()
    same = bundle(copied)
    with (copied / "dashboard" / changed).open("a") as file:
        file.write("\n")
    bundle.cache_clear()
    after = bundle(copied)
    assert before is not None
    assert same is not None
    assert after is not None
    assert before.fingerprint == same.fingerprint != after.fingerprint
