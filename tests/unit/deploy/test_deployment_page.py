"""The commands of docs/deployment.md: those that make the settings are run. Docker and a cluster are not to be had,
so of theirs it is looked at what they name.
"""

import re
import shutil
import subprocess
from pathlib import Path

import yaml

from gql_app.settings import Settings
from tests.pages import blocks

ROOT = Path(__file__).parents[3]
ONLY_THE_OPERATOR_KNOWS = {"SITE_ADDRESS", "EXTERNAL_API_URL", "JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"}
NOT_RUN = {"docker", "kubectl", "git", "sudo"}
SETTINGS, *OTHERS = [block.code for block in blocks("deployment.md", "sh")]
LINES = [line for block in OTHERS for line in block.splitlines()]


def test_the_settings_are_made_as_the_page_says(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "deploy" / "compose", tmp_path / "deploy" / "compose")
    subprocess.run(["bash", "-ec", SETTINGS], cwd=tmp_path, check=True, timeout=60)
    file = tmp_path / "deploy" / "compose" / ".env"
    made = dict(re.findall(r"^([A-Z_]+)=(.*)$", file.read_text(), re.MULTILINE))
    assert {name for name, value in made.items() if not value} == ONLY_THE_OPERATOR_KNOWS
    assert Settings(_env_file=None, secrets_key=made["SECRETS_KEY"]).secrets_key is not None
    assert file.stat().st_mode & 0o077 == 0


def test_no_other_command_is_left_unlooked_at() -> None:
    assert {line.split()[0] for line in LINES} == NOT_RUN


def test_what_the_commands_for_docker_name_exists() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())["services"]
    named = {word for line in LINES for word in re.findall(r"(?:--wait|exec) ([a-z0-9-]+)", line) if "docker" in line}
    assert named
    assert named <= services.keys()


def test_what_the_commands_for_a_cluster_name_exists() -> None:
    manifests = [
        document
        for path in (ROOT / "deploy" / "kubernetes").rglob("*.yaml")
        for document in yaml.safe_load_all(path.read_text())
        if "metadata" in document
    ]
    deployments = {each["metadata"]["name"] for each in manifests if each["kind"] == "Deployment"}
    assert {name for line in LINES for name in re.findall(r"deployment/(\w+)", line)} == deployments
    namespaces = {each["metadata"]["name"] for each in manifests if each["kind"] == "Namespace"}
    assert {name for line in LINES for name in re.findall(r"namespace ([\w-]+)", line)} == namespaces
