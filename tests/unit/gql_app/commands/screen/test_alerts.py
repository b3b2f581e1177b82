from documents.circuit_breaker import CircuitState
from gql_app.commands.screen.alerts import Alerts
from services.notifications.backlog import Backlog
from services.notifications.breaker import CircuitStatus


def alerts(
    *,
    pending: int = 0,
    dead: int = 0,
    failed: int = 0,
    state: CircuitState = CircuitState.CLOSED,
    retry_after: float | None = None,
) -> Alerts:
    """How alerts stand when 1,040 were delivered."""
    backlog = Backlog({"default": pending, "slack": 0}, {"default": dead}, 1040, {}, {})
    circuit = CircuitStatus("notify", state, 5, 10, None, retry_after)
    return Alerts(backlog, circuit, failed)


def test_what_there_is_none_of_is_not_mentioned() -> None:
    assert alerts().describe() == "1,040 delivered"


def test_a_single_failure_is_said_as_such() -> None:
    assert alerts(failed=1).describe() == "1,040 delivered, 1 failed attempt, repeated"


def test_all_that_there_is_stands_in_a_line_of_80_columns() -> None:
    line = alerts(pending=1033, dead=2, failed=48).describe()
    assert line == "1,040 delivered, 1,033 waiting, 2 given up, 48 failed attempts, each repeated"


def test_an_open_circuit_says_why_and_until_when() -> None:
    held_up = alerts(pending=1033, state=CircuitState.OPEN, retry_after=11.2)
    (line,) = held_up.explain()
    assert held_up.is_held_up
    assert line == "The notifier is asked again in 12 s: 5 of its last 10 answers were failures (circuit open)."


def test_a_probe_is_under_way() -> None:
    (line,) = alerts(pending=1, state=CircuitState.HALF_OPEN).explain()
    assert line.startswith("The notifier is being asked again: ")


def test_a_notifier_that_asked_for_a_pause_is_left_alone() -> None:
    assert list(alerts(pending=1, retry_after=7.0).explain()) == [
        "The notifier asked to be left alone for another 7 s."
    ]


def test_an_open_circuit_that_holds_nothing_up_is_not_mentioned() -> None:
    assert list(alerts(state=CircuitState.OPEN, retry_after=9).explain()) == []
