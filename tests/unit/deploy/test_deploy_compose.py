"""The files of `deploy/compose` fit together, and what they set are settings of the service."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from gql_app.commands.cli import app
from gql_app.settings import Settings
from gql_app.working import _SHUTDOWN_SECONDS as SHUTDOWN_SECONDS

ROOT = Path(__file__).parents[3]
HOME = ROOT / "deploy" / "compose"
TEXT = (HOME / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LASTING = [name for name in SERVICES if name != "mongodb-setup"]
SAMPLE = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (HOME / ".env.example").read_text(), re.MULTILINE))
DEMANDED = dict(re.findall(r"\$\{([A-Z_]+):\?([^}]+)\}", TEXT))
GIVEN = dict(re.findall(r"\$\{([A-Z_]+):-([^}]+)\}", TEXT))
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SECRETS_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def settings_of(name: str) -> Settings:
    """As the image and the file set them, with something sensible in the place of what the operator has to say."""
    (line,) = re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)
    image = dict(pair.split("=", 1) for pair in line.split())
    own: dict[str, str] = SERVICES[name]["environment"]
    usual = {
        "SECRETS_KEY": SECRETS_KEY,
        "EXTERNAL_API_URL": "https://api.example",
        "JWT_JWKS_URL": "https://id.example",
    }

    def filled(value: str) -> str:
        return re.sub(
            r"\$\{([A-Z_]+):[?-]([^}]*)\}", lambda found: usual.get(found[1]) or GIVEN.get(found[1], "x"), value
        )

    environment = image | {variable: filled(value) for variable, value in own.items()}
    assert {variable.lower() for variable in own} <= Settings.model_fields.keys()
    return Settings(_env_file=None, **{variable.lower(): value for variable, value in environment.items()})


def test_what_has_no_default_is_demanded_with_a_word_on_what_is_missing() -> None:
    assert DEMANDED.keys() == {name for name, value in SAMPLE.items() if not value}
    assert all(word.startswith("is not set in .env, ") for word in DEMANDED.values())


def test_what_has_a_default_has_the_same_one_in_both_files() -> None:
    assert {name: value for name, value in SAMPLE.items() if value} == GIVEN | {"COMPOSE_PROFILES": "monitoring"}


def test_no_variable_is_used_without_either() -> None:
    used = re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT) + re.findall(r"(?<!\$)\$([A-Z_]+)", TEXT)
    assert set(used) == DEMANDED.keys() | GIVEN.keys()


@pytest.mark.parametrize("name", ["api-1", "api-2", "worker"])
def test_the_service_accepts_what_it_is_given(name: str) -> None:
    settings = settings_of(name)
    assert settings.run_worker is (name == "worker")
    assert (settings.mongo_url or "").endswith("@mongodb-1,mongodb-2,mongodb-3/?replicaSet=rs0&authSource=admin")
    assert SERVICES[name]["command"][:3] == ["python", "-m", "gql_app"]
    assert SERVICES[name]["command"][3] in get_command(app).commands


@pytest.mark.parametrize("name", ["api-1", "api-2"])
def test_an_api_believes_the_balancers_network_and_outlasts_its_connections(name: str) -> None:
    settings = settings_of(name)
    assert settings.auth_mode == "jwt"
    (edge,) = COMPOSE["networks"]["edge"]["ipam"]["config"]
    assert edge["subnet"].startswith("${EDGE_SUBNET:-")
    assert set(settings.trusted_proxies) == {GIVEN["EDGE_SUBNET"], GIVEN["OUTER_PROXY"]}
    assert {each for each, service in SERVICES.items() if "edge" in service.get("networks", [])} == {
        "balancer", "api-1", "api-2"
    }  # fmt: skip
    (kept,) = re.findall(r"keepalive (\d+)s", (HOME / "Caddyfile").read_text())
    assert int(kept) < settings.keep_alive_seconds


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_may_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    if "build" in service:
        assert re.search(r"^USER \d+:\d+$", DOCKERFILE, re.MULTILINE)
    else:
        assert re.search(r":v?\d+\.\d+", service["image"]), "a version that does not change by itself"


@pytest.mark.parametrize("name", LASTING)
def test_everything_that_lasts_is_watched_bounded_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert "healthcheck" in service or (name.startswith("api-") and "HEALTHCHECK" in DOCKERFILE)
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["api-1", "api-2", "worker"])
def test_the_service_is_given_the_time_that_it_takes_to_stop(name: str) -> None:
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > SHUTDOWN_SECONDS


@pytest.mark.parametrize("name", SERVICES)
def test_every_file_that_is_mounted_exists(name: str) -> None:
    mounted = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", []) if volume.startswith(".")]
    assert [path for path in mounted if not (HOME / path).exists()] == []


def test_only_the_balancer_can_be_reached_from_other_machines() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"balancer", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for name in ("prometheus", "grafana") for port in published[name])
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert all(SERVICES[f"mongodb-{number}"]["networks"] == ["data"] for number in (1, 2, 3))


def test_the_setup_sees_the_first_member_as_its_own_machine_and_names_all_of_them() -> None:
    setup = SERVICES["mongodb-setup"]
    assert setup["network_mode"] == "service:mongodb-1"
    members = [address.split(":")[0] for address in setup["environment"]["MEMBERS"].split(",")]
    assert set(members) == setup["depends_on"].keys() == {"mongodb-1", "mongodb-2", "mongodb-3"}
    assert setup["environment"]["DATABASE"] == settings_of("worker").mongo_db
