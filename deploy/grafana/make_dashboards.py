"""Writes the dashboards beside this file: `python deploy/grafana/make_dashboards.py`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from panels import ALL, Panel

DASHBOARDS = Path(__file__).parent / "dashboards"
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT = 24, 8
"""Grafana's columns, and the rows that a panel is high."""
OURS = '{job="support-tickets"}'

Json = dict[str, Any]


def dashboard(name: str, title: str, rows: Sequence[Sequence[Panel]]) -> Json:
    """As Grafana reads it."""
    panels = []
    for number, row in enumerate(rows):
        width = WIDTH // len(row)
        for place, panel in enumerate(row):
            position = {"x": place * width, "y": number * HEIGHT, "w": width, "h": HEIGHT}
            panels.append(_panel(panel, len(panels) + 1, position))
    return {
        "uid": f"support-tickets-{name}",
        "title": title,
        "tags": ["support-tickets"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["support-tickets"], "title": "Support tickets", "asDropdown": True}],
        "panels": panels,
    }


def _panel(panel: Panel, number: int, position: Json) -> Json:
    targets = [
        {
            "refId": chr(ord("A") + index),
            "datasource": PROMETHEUS,
            "expr": query.replace("$ours", OURS).replace("$rate", "$__rate_interval"),
            "legendFormat": legend,
        }
        for index, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": PROMETHEUS,
        "gridPos": position,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": targets,
    }


def files() -> dict[Path, str]:
    """Every file with what belongs into it."""
    made = {name: dashboard(name, title, rows) for name, (title, rows) in ALL.items()}
    return {DASHBOARDS / f"{name}.json": json.dumps(content, indent=1) + "\n" for name, content in made.items()}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
