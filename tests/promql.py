"""What the queries of `deploy/` and of the runbooks ask Prometheus for."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.pages import blocks

DEPLOY = Path(__file__).parents[1] / "deploy"
RULES = DEPLOY / "prometheus" / "rules"
SELECTED = re.compile(r"([a-z_][a-z0-9_]*)\{")
RECORDED = re.compile(r"[a-z_]+:[a-z0-9_:]+")


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule, of alerts and of what is recorded."""
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """The rules of alerts."""
    return [rule for rule in rules() if "alert" in rule]


@cache
def queries() -> list[tuple[str, str]]:
    """Every query with the place where it stands."""
    return list(_queries())


def _queries() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]
    for block in blocks("runbooks.md", "promql"):
        for line in block.code.splitlines():
            yield "runbooks.md", line
    for document in yaml.safe_load_all((DEPLOY / "kubernetes" / "components" / "keda" / "workers.yaml").read_text()):
        for trigger in document["spec"]["triggers"]:
            yield "workers.yaml", trigger["metadata"]["query"]


def metrics_in(query: str) -> set[str]:
    """The metrics that a query asks for, without those that rules record."""
    return set(SELECTED.findall(query)) - {"ALERTS", "up"}


def recorded_in(query: str) -> set[str]:
    """What a query asks for of what rules record."""
    return set(RECORDED.findall(re.sub(r'"[^"]*"', "", query)))
