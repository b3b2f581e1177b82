import asyncio
import os
import signal
from pathlib import Path

import pytest

from gql_app.commands.configuration import InvalidSettingsError, load_mock_settings, load_settings
from gql_app.commands.runtime import StoppedBySignal, run
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def _no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_invalid_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "-1")
    monkeypatch.setenv("AUTH_MODE", "maybe")
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings()
    assert str(caught.value) == (
        "PORT: Input should be greater than or equal to 0; AUTH_MODE: Input should be 'open' or 'jwt'"
    )


def test_settings_that_do_not_fit_together_are_told_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_MODE", "jwt")
    with pytest.raises(InvalidSettingsError, match=r"^AUTH_MODE=jwt needs either JWT_SECRET or JWT_JWKS_URL$"):
        load_settings()


def test_an_invalid_setting_of_the_mock_is_named_with_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_SEED", "x")
    with pytest.raises(InvalidSettingsError, match=r"^MOCK_SEED: Input should be a valid integer"):
        load_mock_settings()


def test_a_setting_of_the_mock_that_is_not_json_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_TENANTS", "{")
    with pytest.raises(InvalidSettingsError, match=r'^[^\n]*"tenants"[^\n]*$'):
        load_mock_settings()


def test_settings_of_the_mock_in_the_environment_file_reach_the_mock_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("MOCK_NOTIFY_MODE=reference\nMOCK_SEED=1\nMOCK_LATENCY_MS=\nUNKNOWN=x\n")
    monkeypatch.setenv("MOCK_NOTIFY_MODE", "to be taken away again")
    monkeypatch.delenv("MOCK_NOTIFY_MODE")
    monkeypatch.setenv("MOCK_SEED", "2")
    settings = load_mock_settings()
    assert (settings.notify_mode, settings.seed) == ("reference", 2)
    assert os.environ["MOCK_NOTIFY_MODE"] == "reference"  # the mock is another process
    assert "UNKNOWN" not in os.environ


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_orders_the_stop_and_the_program_ends_in_its_own_way(number: signal.Signals) -> None:
    async def main(stop: asyncio.Event) -> str:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), PATIENCE_SECONDS)
        return "the end"

    assert run(main) == "the end"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_does_not_heed_it(number: signal.Signals) -> None:
    ended = []

    async def main(_: asyncio.Event) -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.sleep(PATIENCE_SECONDS)
        finally:
            ended.append("in good order")

    with pytest.raises(StoppedBySignal) as stopped:
        run(main, heeds_stop=False)
    assert (stopped.value.number, ended) == (number, ["in good order"])
