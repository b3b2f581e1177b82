"""The manifests of `deploy/kubernetes` are what Kubernetes admits, fit together, and set what the service has."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from gql_app.commands.cli import app
from gql_app.settings import Settings
from gql_app.working import _SHUTDOWN_SECONDS as SHUTDOWN_SECONDS

ROOT = Path(__file__).parents[3]
HOME = ROOT / "deploy" / "kubernetes"
VALIDATE = ROOT / ".venv-deploy" / "bin" / "kubernetes-validate"
KUSTOMIZATIONS = sorted(HOME.rglob("kustomization.yaml"))
OLDEST, NEWEST = "1.30", "1.37"
"""Of the versions of Kubernetes whose schemas are looked at."""
FOREIGN = {"ScaledObject", "PodMonitor"}
"""Kinds that are no part of Kubernetes, so that there is no schema of them."""
DOCKERFILE = (ROOT / "Dockerfile").read_text()

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(path.read_text()))


def manifests(folder: Path) -> list[Manifest]:
    paths = sorted(set(folder.rglob("*.yaml")) - set(KUSTOMIZATIONS))
    return [each for path in paths for each in documents(path)]


MANIFESTS, BASE = manifests(HOME), manifests(HOME / "base")
WORKLOADS = [each for each in BASE if each["kind"] == "Deployment"]


def the(kind: str, name: str) -> Manifest:
    (found,) = [each for each in BASE if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def container_of(workload: Manifest) -> Manifest:
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    return container


def selectors(value: Any) -> Iterator[dict[str, str]]:
    """Every selector of pods in a manifest, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("podSelector", "labelSelector") or (name == "selector" and isinstance(inner, dict)):
                yield inner.get("matchLabels", inner)
            else:
                yield from selectors(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from selectors(inner)


@pytest.mark.skipif(not VALIDATE.exists(), reason="needs the schemas of Kubernetes: make tools")
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_admits_them(version: str, tmp_path: Path) -> None:
    own = [each for each in MANIFESTS if each["kind"] not in FOREIGN]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(own))
    done = subprocess.run(
        [VALIDATE, "--strict", "--kubernetes-version", version, "all.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" passed ") == len(own)


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=lambda path: path.parent.name)
def test_a_kustomization_names_what_exists_and_all_that_lies_beside_it(path: Path) -> None:
    (kustomization,) = documents(path)
    patches = kustomization.get("patches", [])
    named = [*kustomization["resources"], *kustomization.get("components", [])]
    named += [patch["path"] for patch in patches if "path" in patch]
    assert [name for name in named if not (path.parent / name).exists()] == []
    assert {each.name for each in path.parent.glob("*.yaml")} - {"kustomization.yaml"} <= set(named)
    known = {(each["kind"], each["metadata"]["name"]) for each in BASE}
    for patch in patches:
        targets = [patch["target"]] if "target" in patch else documents(path.parent / patch["path"])
        assert {(each["kind"], each.get("name") or each["metadata"]["name"]) for each in targets} <= known


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl")
def test_kustomize_makes_of_the_example_what_is_meant() -> None:
    command = ["kubectl", "kustomize", HOME / "overlays" / "example"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    made = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(done.stdout)}
    assert {kind for kind, _ in made} == {each["kind"] for each in MANIFESTS}
    worker, settings = made["Deployment", "worker"], made["ConfigMap", "support-tickets"]["data"]
    assert container_of(worker)["image"].startswith("registry.example.com/support-ticket-analytics:")
    assert "replicas" not in worker["spec"]
    assert {*settings} >= {*the("ConfigMap", "support-tickets")["data"], "JWT_ISSUER"}


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: each["metadata"]["name"])
class TestWorkloads:
    def test_what_it_is_told_is_what_the_service_understands(self, workload: Manifest) -> None:
        container = container_of(workload)
        assert container["args"][:3] == ["python", "-m", "gql_app"]
        assert container["args"][3] in get_command(app).commands
        (overlay,) = documents(HOME / "overlays" / "example" / "settings.yaml")
        given = the("ConfigMap", "support-tickets")["data"] | overlay["data"]
        given |= {each["name"]: each["value"] for each in container["env"]}
        settings = {name.lower(): value for name, value in given.items()}
        assert settings.keys() <= Settings.model_fields.keys()
        assert Settings(_env_file=None, host="0.0.0.0", **settings).run_worker is (container["name"] == "worker")  # noqa: S104

    def test_its_settings_and_secrets_come_from_outside(self, workload: Manifest) -> None:
        sources = container_of(workload)["envFrom"]
        assert sources == [
            {"configMapRef": {"name": "support-tickets"}},
            {"secretRef": {"name": "support-tickets"}},
        ]
        assert [each for each in MANIFESTS if each["kind"] == "Secret"] == []

    def test_it_may_no_more_than_it_needs(self, workload: Manifest) -> None:
        pod = workload["spec"]["template"]["spec"]
        user = pod["securityContext"]
        assert f"USER {user['runAsUser']}:{user['runAsGroup']}" in DOCKERFILE
        assert user["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert container_of(workload)["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
        }  # fmt: skip
        volumes = {volume["name"] for volume in pod["volumes"]}
        mounts = {mount["name"]: mount["mountPath"] for mount in container_of(workload)["volumeMounts"]}
        assert (mounts.keys(), set(mounts.values())) == (volumes, {"/tmp", "/data"})  # noqa: S108

    def test_its_ports_are_those_that_the_service_listens_on(self, workload: Manifest) -> None:
        container = container_of(workload)
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        expected = {"http": 8000, "metrics": int(the("ConfigMap", "support-tickets")["data"]["METRICS_PORT"])}
        assert ports.items() <= expected.items()
        probes = [container[probe]["httpGet"] for probe in container if probe.endswith("Probe")]
        assert {probe["port"] for probe in probes} <= ports.keys()
        assert {probe["path"] for probe in probes} <= {"/health/live", "/health/ready"}

    def test_it_is_given_the_time_that_it_takes_to_stop(self, workload: Manifest) -> None:
        container = container_of(workload)
        waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1]) if "lifecycle" in container else 0
        assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= SHUTDOWN_SECONDS + waits

    def test_it_says_what_it_needs(self, workload: Manifest) -> None:
        resources = container_of(workload)["resources"]
        assert (resources["requests"].keys(), resources["limits"].keys()) == ({"cpu", "memory"}, {"memory"})


@pytest.mark.parametrize("manifest", BASE, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_what_selects_pods_selects_ours(manifest: Manifest) -> None:
    ours = {"app.kubernetes.io/name": {"support-tickets"}, "app.kubernetes.io/component": {"api", "worker"}}
    if manifest["metadata"]["name"] == "nobody":
        ours["app.kubernetes.io/component"] = {"nobody"}
    for selector in selectors(manifest):
        assert selector, "everything in the namespace"
        assert all(value in ours[label] for label, value in selector.items())


def test_what_scales_and_routes_names_what_exists() -> None:
    scaled = [each["spec"]["scaleTargetRef"]["name"] for each in MANIFESTS if "scaleTargetRef" in each.get("spec", {})]
    assert sorted(scaled) == ["api", "worker"]
    (rule,) = the("Ingress", "api")["spec"]["rules"]
    for path in rule["http"]["paths"]:
        service = path["backend"]["service"]
        assert service["port"]["name"] in {port["name"] for port in the("Service", service["name"])["spec"]["ports"]}
