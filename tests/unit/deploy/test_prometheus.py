"""The rules of `deploy/prometheus`: each alert is tried and explained, each query says whose figures it asks for."""

import os
import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from typer.main import get_command

from gql_app.commands.cli import app
from tests.pages import DOCS
from tests.promql import DEPLOY, alerts, metrics_in, queries, recorded_in, rules

PROMETHEUS = DEPLOY / "prometheus"
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool, of Debian's prometheus")
RUNBOOKS = (DOCS / "runbooks.md").read_text()
CHAPTERS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOKS, re.DOTALL | re.MULTILINE))
TESTS: list[dict[str, Any]] = yaml.safe_load((PROMETHEUS / "tests" / "alerts.yml").read_text())["tests"]
NAMES = [alert["alert"] for alert in alerts()]


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    alone = {"GOMAXPROCS": "1", "GOGC": "400"}  # without threads that wait for work, and seldom looking for garbage
    return subprocess.run(
        ["promtool", *arguments],
        cwd=PROMETHEUS / "tests",
        env=os.environ | alone,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@needs_promtool
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "../prometheus.yml"),
        ("check", "rules", "../rules/support-tickets.yml"),
        ("test", "rules", "alerts.yml"),
    ],
    ids=["the configuration", "the rules", "what they make of figures"],
)
def test_prometheus_understands_them(arguments: tuple[str, ...]) -> None:
    done = promtool(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_query_of_dashboards_and_runbooks_is_one(tmp_path: Path) -> None:
    asked = [query.replace("$__rate_interval", "5m") for _, query in queries()]
    recorded = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(asked)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": recorded}]}))
    done = promtool("check", "rules", str(tmp_path / "rules.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(asked)} rules found" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_tried_where_it_fires_and_where_it_is_silent(name: str) -> None:
    expected = [
        bool(tried["exp_samples"])
        for test in TESTS
        for tried in test["promql_expr_test"]
        if f'alertname="{name}"' in tried["expr"]
    ]
    assert set(expected) == {True, False}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_what_is_wrong_how_urgent_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    name = alert["alert"]
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"].keys() == {"summary", "runbook_url"}
    assert alert["annotations"]["runbook_url"] == f"docs/runbooks.md#{name.lower()}"
    parts = re.findall(r"^\*\*(\w+)", CHAPTERS[name], re.MULTILINE)
    assert parts == ["Means", "Noticed", "Look", "Do"]


def test_no_runbook_is_about_an_alert_that_is_gone() -> None:
    assert list(CHAPTERS) == NAMES


def test_links_between_runbooks_lead_somewhere() -> None:
    assert {*re.findall(r"\]\(#(\w+)\)", RUNBOOKS)} <= {name.lower() for name in CHAPTERS}


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`python -m gql_app ([^`.]+)`", RUNBOOKS))))
def test_a_command_of_the_runbooks_exists_with_its_options(line: str) -> None:
    command: click.Command = get_command(app)
    words = shlex.split(line)
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context(line, words)


@pytest.mark.parametrize("place", sorted({place for place, _ in queries()}))
def test_a_query_asks_for_our_processes_figures_only(place: str) -> None:
    for query in (query for where, query in queries() if where == place):
        for metric in metrics_in(query):
            assert re.search(rf'\b{metric}\{{job="support-tickets"', query), metric
        assert recorded_in(query) <= {rule["record"] for rule in rules() if "record" in rule}


def test_the_dashboards_are_what_their_script_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DEPLOY / "grafana")
    made = runpy.run_path(str(DEPLOY / "grafana" / "make_dashboards.py"))["files"]()
    assert {path: path.read_text() for path in (DEPLOY / "grafana" / "dashboards").glob("*.json")} == made
