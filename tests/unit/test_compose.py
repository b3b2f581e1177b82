"""The container files name settings, commands and files that exist."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from gql_app.commands.cli import app
from gql_app.commands.working import ALIVE_FILE
from gql_app.settings import Settings
from mock_external_api.settings import MockSettings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
KNOWN_VARIABLES = {name.upper() for name in Settings.model_fields} | {
    f"MOCK_{name.upper()}" for name in MockSettings.model_fields
}


def image_environment() -> dict[str, str]:
    (line,) = re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)
    return dict(pair.split("=", 1) for pair in line.split())


def settings_of(name: str) -> Settings:
    environment = image_environment() | SERVICES[name]["environment"]
    return Settings(_env_file=None, **{key.lower(): value for key, value in environment.items()})


def test_there_are_two_api_replicas_a_worker_a_database_and_the_external_api() -> None:
    commands = [tuple(SERVICES[name]["command"][1:]) for name in OURS]
    assert commands.count(("-m", "gql_app", "serve")) == 2
    assert commands.count(("-m", "gql_app", "worker")) == 1
    assert SERVICES.keys() - OURS == {"mongodb"}
    assert "mock-external-api" in OURS


@pytest.mark.parametrize("name", OURS)
def test_each_command_exists(name: str) -> None:
    python, option, module, *arguments = SERVICES[name]["command"]
    assert (python, option) == ("python", "-m")
    assert find_spec(f"{module}.__main__")
    if module == "gql_app":
        assert arguments[0] in get_command(app).commands


@pytest.mark.parametrize("name", ["api-1", "api-2", "worker"])
def test_each_service_is_given_settings_that_it_accepts(name: str) -> None:
    assert SERVICES[name]["environment"].keys() <= KNOWN_VARIABLES
    settings = settings_of(name)
    assert settings.run_worker is (name == "worker")
    assert settings.external_api_url == "http://mock-external-api:9000"
    assert settings.mongo_url is not None
    assert settings.mongo_url.startswith("mongodb://mongodb:27017/?replicaSet=rs0")


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_a_health_check(name: str) -> None:
    assert "healthcheck" in SERVICES[name] or (name.startswith("api-") and "HEALTHCHECK" in DOCKERFILE)


def test_the_workers_health_check_looks_at_the_file_that_the_worker_touches() -> None:
    assert f"$$DATA_DIR/{ALIVE_FILE} " in SERVICES["worker"]["healthcheck"]["test"][1]


@pytest.mark.parametrize("name", ["api-1", "api-2", "worker"])
def test_each_service_waits_until_what_it_depends_on_is_healthy(name: str) -> None:
    conditions = {other: wait["condition"] for other, wait in SERVICES[name]["depends_on"].items()}
    assert conditions == dict.fromkeys(("mongodb", "mock-external-api"), "service_healthy")


def test_ports_are_published_to_this_machine_only_and_once() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert {port.rpartition(":")[0] for port in published} == {"127.0.0.1:8000", "127.0.0.1:8001", "127.0.0.1:9000"}
    assert len(published) == 3


def test_the_database_is_a_replica_set_that_initiates_itself() -> None:
    mongodb = SERVICES["mongodb"]
    assert re.fullmatch(r"mongo:\d+", mongodb["image"])
    assert mongodb["command"][mongodb["command"].index("--replSet") + 1] == "rs0"
    script = mongodb["healthcheck"]["test"][-1]
    assert 'rs.initiate({_id: "rs0", members: [{_id: 0, host: "mongodb:27017"}]})' in script
    assert "isWritablePrimary" in script


def test_the_image_is_built_from_files_that_exist_and_are_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY ((?:[^-\s]\S* )+)\S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for sources in copied for source in sources.split()}
    assert {source.split("/")[0] for source in sources} == allowed
    assert all((ROOT / source).exists() for source in sources)


def test_the_image_has_the_pages_files_from_npm() -> None:
    assert "COPY --from=web /web/node_modules web/node_modules" in DOCKERFILE
    assert "web/node_modules" in (ROOT / ".dockerignore").read_text().splitlines()


def test_the_image_has_every_package_that_the_service_imports() -> None:
    copied = set(re.findall(r"^COPY (\S+) \S+$", DOCKERFILE, re.MULTILINE))
    beside = {"benchmarks", "fuzz", "load", "readers", "soak", "tests"}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - beside
    assert packages <= copied


def test_the_image_runs_without_root_on_a_pinned_python() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert bases[-1] == "python:3.11-slim-bookworm"
    assert all(re.search(r":\d", base) for base in bases)
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
