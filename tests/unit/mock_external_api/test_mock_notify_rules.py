from typing import Any

from mock_external_api.notify_rules import NotifyRules, Verdict
from mock_external_api.settings import MockSettings, NotifyMode

SETTINGS = MockSettings(notify_mode=NotifyMode.REFERENCE)


def _rules(hand_clock: Any) -> NotifyRules:
    return NotifyRules(hand_clock.clock.monotonic)


def test_first_two_attempts_fail_and_the_third_succeeds(hand_clock: Any) -> None:
    rules = _rules(hand_clock)
    verdicts = [rules.judge(SETTINGS, "tenant_a", "t1") for _ in range(4)]
    assert [(v.status, v.attempt) for v in verdicts] == [(500, 1), (502, 2), (200, 3), (200, 4)]


def test_attempts_are_counted_per_tenant_and_ticket(hand_clock: Any) -> None:
    rules = _rules(hand_clock)
    seen = [("tenant_a", "t1"), ("tenant_b", "t1"), ("tenant_a", "t2"), ("tenant_a", "t1")]
    assert [rules.judge(SETTINGS, *key).attempt for key in seen] == [1, 1, 1, 2]


def test_ten_failures_in_a_row_start_an_outage_of_thirty_seconds(hand_clock: Any) -> None:
    rules = _rules(hand_clock)
    statuses = [rules.judge(SETTINGS, "tenant_a", f"t{n}").status for n in range(11)]
    assert statuses == [500] * 10 + [503]
    hand_clock.advance(29)
    assert rules.judge(SETTINGS, "tenant_a", "t0") == Verdict(503, None, 1)
    hand_clock.advance(1)
    assert rules.judge(SETTINGS, "tenant_a", "t0") == Verdict(502, 2)


def test_an_outage_uses_no_attempt_up(hand_clock: Any) -> None:
    rules = _rules(hand_clock)
    for n in range(10):
        rules.judge(SETTINGS, "tenant_a", f"t{n}")
    for _ in range(5):
        rules.judge(SETTINGS, "tenant_a", "late")
    hand_clock.advance(30)
    assert rules.judge(SETTINGS, "tenant_a", "late").attempt == 1


def test_a_success_ends_the_row_of_failures(hand_clock: Any) -> None:
    rules = _rules(hand_clock)
    for _ in range(3):
        rules.judge(SETTINGS, "tenant_a", "done")
    for n in range(9):
        rules.judge(SETTINGS, "tenant_a", f"t{n}")
    assert rules.judge(SETTINGS, "tenant_a", "done").status == 200
    assert rules.failures_in_a_row == 0
    assert rules.outage_remaining() == 0


def test_outages_can_be_switched_off(hand_clock: Any) -> None:
    settings = MockSettings(notify_mode=NotifyMode.REFERENCE, notify_outage_after=0)
    rules = _rules(hand_clock)
    assert {rules.judge(settings, "tenant_a", f"t{n}").status for n in range(50)} == {500}


def test_whether_an_outage_tells_when_it_ends_is_a_setting(hand_clock: Any) -> None:
    settings = MockSettings(notify_mode=NotifyMode.REFERENCE, notify_outage_tells_when=False)
    rules = _rules(hand_clock)
    verdicts = [rules.judge(settings, "tenant_a", f"t{n}") for n in range(11)]
    assert verdicts[-1] == Verdict(503, None, None)


def test_by_default_some_tickets_fail_once_and_nothing_else_happens(hand_clock: Any) -> None:
    settings, rules = MockSettings(), _rules(hand_clock)
    first = [rules.judge(settings, "tenant_a", f"t{n}").status for n in range(1_000)]
    second = [rules.judge(settings, "tenant_a", f"t{n}").status for n in range(1_000)]
    assert set(first) == {200, 500}
    assert 20 <= first.count(500) <= 100
    assert set(second) == {200}
