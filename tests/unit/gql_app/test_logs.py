"""Log lines as operators read them, and as attackers would like to write them."""

import json
import logging
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from gql_app.logs import configure_logging
from gql_app.telemetry.work import WorkMetrics
from services.observing import NotificationAttempted
from tests.fakes import make_settings

NASTY = "first\r\nsecond\x1b[2J\u2028third"


pytestmark = pytest.mark.usefixtures("logging_as_before")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def log_json(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(capsys)]


def test_json_lines_say_when_where_what_and_on_whose_behalf(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(make_settings(log_format="json"))
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("services.worker").info("run_started", page=3)
    (entry,) = log_json(capsys)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "run_started",
        "level": "info",
        "logger": "services.worker",
        "page": 3,
        "request_id": "r-1",
    }


def test_lines_of_libraries_look_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(make_settings(log_format="json"))
    logging.getLogger("uvicorn.error").warning("port %d is taken", 80)
    (entry,) = log_json(capsys)
    assert (entry["event"], entry["level"], entry["logger"]) == ("port 80 is taken", "warning", "uvicorn.error")


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_value_can_forge_a_line(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    configure_logging(make_settings(log_format=log_format))
    structlog.get_logger("x").warning("probe_failed", error=NASTY)
    logging.getLogger("library").warning("failed: %s", NASTY)
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 2
    assert "second" in text
    assert "\x1b[2J" not in text


def test_the_level_is_respected(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(make_settings(log_level="warning"))
    structlog.get_logger("x").info("not_this")
    structlog.get_logger("x").warning("but_this")
    assert [entry["event"] for entry in log_json(capsys)] == ["but_this"]


def test_a_failure_is_logged_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(make_settings(log_format="json"))
    try:
        int("the reason")
    except ValueError:
        structlog.get_logger("x").exception("request_failed")
    (entry,) = log_json(capsys)
    assert "Traceback" in entry["exception"]
    assert "the reason" in entry["exception"]


def test_every_outgoing_request_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(make_settings())
    logging.getLogger("httpx").info("HTTP Request: GET http://upstream/")
    assert lines(capsys) == []


def test_failed_attempts_to_deliver_are_counted_over_all_destinations() -> None:
    metrics = WorkMetrics(CollectorRegistry())
    for kind, verdict in (("default", "delivered"), ("default", "failed"), ("slack", "refused"), ("slack", "busy")):
        metrics.note(NotificationAttempted(kind, verdict, 0.1, None))
    assert metrics.failed_attempts == 3
