import pytest
from pydantic import ValidationError

from mock_external_api.settings import MockSettings, RetryAfterStyle


def test_defaults_are_those_of_the_reference_upstream() -> None:
    settings = MockSettings()
    assert (settings.ticket_count, settings.rate_limit_per_minute, settings.deleted_share) == (10_000, 60, 0.05)
    assert list(settings.tenants) == ["tenant_a", "tenant_b", "tenant_c", "tenant_d"]
    assert settings.control is False


def test_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_TICKET_COUNT", "12")
    monkeypatch.setenv("MOCK_TENANTS", '{"acme": 1}')
    monkeypatch.setenv("MOCK_RETRY_AFTER_STYLE", "http_date")
    settings = MockSettings()
    assert (settings.ticket_count, settings.tenants) == (12, {"acme": 1})
    assert settings.retry_after_style is RetryAfterStyle.HTTP_DATE


@pytest.mark.parametrize(
    "wrong",
    [
        {"deleted_share": 1.5},
        {"ticket_count": -1},
        {"tenants": {}},
        {"tenants": {"acme": 0}},
        {"notify_latency_min": 2, "notify_latency_max": 1},
        {"now": "2026-02-05T12:00:00"},
        {"no_such_setting": 1},
    ],
)
def test_senseless_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MockSettings.model_validate(wrong)


def test_generators_repeat_for_a_seed_and_differ_by_purpose() -> None:
    settings = MockSettings(seed=7)
    assert settings.generator("a").random() == MockSettings(seed=7).generator("a").random()
    assert settings.generator("a").random() != settings.generator("b").random()
