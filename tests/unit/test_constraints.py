"""The rules of the house that no linter knows: what may be imported and read where."""

import ast
import os
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.syntax import LAYERS, ROOT, modules, parsed, statements, text_of

PACKAGES = (*LAYERS, "mock_external_api", "benchmarks", "soak", "tests")

FORBIDDEN = {
    "retries": "tenacity backoff retry retrying retry2 retryhttp stamina opnieuw riprova aioretry async-retrying"
    " aiohttp-retry httpx-retries httpx-retry pyfailsafe failsafe hyx resilient-caller redo",
    "locks": "redis redis-lock python-redis-lock pottery sherlock redlock redlock-py redlock-ng aioredlock pymongo-lock"
    " mongo-lock mongolock mongodb-lock portalocker fasteners filelock kazoo zake python-etcd etcd3",
    "circuit breakers": "pybreaker aiobreaker circuitbreaker pycircuitbreaker purgatory purgatory-circuitbreaker lasier"
    " breakers fluxgate",
    "pagination": "fastapi-pagination pagination paginate paginator paginatify mongo-paginate async-paginator uplink"
    " restnavigator",
}
WHERE_IT_LIES = re.compile(r"/(?:home|Users)/[\w.-]+/|/root/\.?\w")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def imported(path: Path) -> frozenset[str]:
    """The top-level packages that a module imports."""
    found: set[str] = set()
    for node in statements(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


def pins(lock: str) -> dict[str, str]:
    """Names and versions of a lock file."""
    found = dict(re.findall(r"^([\w.-]+)==([^ \\]+)", (ROOT / lock).read_text(), re.MULTILINE))
    assert found
    return {normalised(name): version for name, version in found.items()}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {normalised(re.split(r"[^\w.-]", line)[0]) for line in lines}


@pytest.mark.parametrize("purpose", FORBIDDEN)
def test_no_library_is_used_for(purpose: str) -> None:
    names = {normalised(name) for name in FORBIDDEN[purpose].split()}
    imports = {normalised(name) for path in modules(*PACKAGES) for name in imported(path)}
    assert not names & (declared() | pins("requirements.lock").keys() | imports)


def test_the_development_lock_has_the_same_versions_as_the_lock() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_every_declared_dependency_is_locked() -> None:
    assert declared() <= pins("requirements-dev.lock").keys()


@pytest.mark.parametrize(
    ("lock", "packages"), [("requirements.lock", (*LAYERS, "mock_external_api")), ("requirements-dev.lock", PACKAGES)]
)
def test_every_library_that_is_imported_is_locked(lock: str, packages: tuple[str, ...]) -> None:
    providers = packages_distributions()
    imports = {name for path in modules(*packages) for name in imported(path)}
    foreign = imports - set(PACKAGES) - sys.stdlib_module_names
    locked = pins(lock).keys()
    assert {
        name for name in foreign if not locked & {normalised(provider) for provider in providers.get(name, [])}
    } == set()


def test_exactly_one_module_imports_motor() -> None:
    importers = [path for path in modules(*PACKAGES) if "motor" in imported(path)]
    assert importers == [ROOT / "documents/driver.py"]


def test_only_the_top_layer_reads_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in modules(*(layer for layer in LAYERS if layer != "gql_app"))
        if re.search(r"\benviron\b|\bgetenv\b|pydantic_settings|dotenv", text_of(path))
    }
    assert readers == set()


def nested_imports(tree: ast.Module) -> list[int]:
    """Lines of imports inside of functions."""
    return [
        node.lineno
        for function in statements(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in statements(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def test_no_function_imports_anything() -> None:
    assert {path: lines for path in modules(*PACKAGES) if (lines := nested_imports(parsed(path)))} == {}


def own_files() -> list[Path]:
    """The project's own text files; folders with a dot in front (but CI's), and what npm installs, are not."""
    tops = [path for path in ROOT.iterdir() if not path.name.startswith(".") or path.name in (".ci", ".env.example")]
    found = [path for path in tops if path.is_file()]
    for top in tops:
        for folder, below, names in os.walk(top):
            below[:] = [name for name in below if name not in ("node_modules", "__pycache__")]
            found += [path for name in names if (path := Path(folder, name)).is_file()]
    return found


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    here = re.compile(f"{re.escape(str(ROOT))}\\b|{WHERE_IT_LIES.pattern}") if len(ROOT.parts) > 2 else WHERE_IT_LIES
    offences = [path for path in own_files() if here.search(path.read_text(errors="ignore"))]
    assert offences == []
