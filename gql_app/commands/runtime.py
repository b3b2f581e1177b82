"""What every command needs to run: its settings, what the service depends on, an event loop and the order to stop."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import typer
from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError
from uvicorn.loops.auto import auto_loop_factory

from gql_app.commands.misspellings import misspellings, names_in
from gql_app.local import bundled_mock, embedded_mongo
from gql_app.settings import ENV_FILE, Settings
from mock_external_api.settings import MockSettings

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

NO_SOURCE = (
    "EXTERNAL_API_URL: MONGO_URL names a database of your own, and nothing says where its tickets come from; name the "
    "external API, or `mock` for the bundled sample tickets"
)

S = TypeVar("S", bound=BaseSettings)
T = TypeVar("T")


class InvalidSettingsError(Exception):
    """The environment or `.env` does not make sense; the message names each variable, in one line."""


class Dependencies(NamedTuple):
    """Where the service finds what it depends on."""

    mongo_url: str
    external_api_url: str
    lack_of_room: Callable[[], str | None] = lambda: None
    """Says so if MongoDB has no room on its disk, as far as that is known."""


def load_settings() -> Settings:
    """Read the settings from the environment and `.env`.

    A name that is nearly that of a setting is told of, or refused if it stands in `.env`, which is for us alone.

    Raises:
        InvalidSettingsError: they do not make sense.
    """
    known = [*_names(Settings), *_names(MockSettings)]
    if wrong := list(misspellings(names_in(Path(ENV_FILE)), known)):
        raise InvalidSettingsError(f"{ENV_FILE}: {'; '.join(map(str, wrong))}")
    for misspelling in misspellings(os.environ, known):
        typer.echo(f"Warning: {misspelling}", err=True)
    return _load(Settings)


def load_mock_settings() -> MockSettings:
    """Read the settings that the bundled mock will read, too.

    It reads the environment alone, so those that stand in `.env` are put there.

    Raises:
        InvalidSettingsError: they do not make sense.
    """
    given = {name.upper(): value for name, value in dotenv_values(ENV_FILE).items() if value}
    for name in given.keys() & set(_names(MockSettings)):
        os.environ.setdefault(name, given[name])
    return _load(MockSettings)


def make_data_dir(settings: Settings) -> None:
    """Make the data directory, which its owner alone can read, unless it is there.

    Raises:
        InvalidSettingsError: it cannot be made.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSettingsError(f"DATA_DIR: {error.strerror}: {settings.data_dir}") from error


@contextmanager
def open_dependencies(settings: Settings) -> Iterator[Dependencies]:
    """Start MongoDB and the mock external API, at the same time, unless the settings name others.

    Raises:
        InvalidSettingsError: the mock's settings do not make sense, or nothing says where tickets come from.
        EmbeddedMongoError: MongoDB cannot be started.
        BundledMockError: the mock cannot be started.
    """
    if settings.external_api_url is None and settings.mongo_url is not None:
        raise InvalidSettingsError(NO_SOURCE)
    if settings.uses_bundled_mock:
        load_mock_settings()
    with ExitStack() as shares, ThreadPoolExecutor(max_workers=1) as aside:
        mongo_url, external_api_url = settings.mongo_url, settings.external_api_url
        starting_mock = aside.submit(bundled_mock.start, settings.data_dir) if settings.uses_bundled_mock else None
        try:
            if mongo_url is None:
                mongo_url = shares.enter_context(embedded_mongo.start(settings.data_dir)).url
        finally:
            if starting_mock is not None:
                external_api_url = shares.enter_context(starting_mock.result()).url
        is_embedded = settings.mongo_url is None
        lack_of_room = partial(embedded_mongo.lack_of_room, settings.data_dir) if is_embedded else lambda: None
        yield Dependencies(mongo_url, external_api_url or "", lack_of_room)


def run(main: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """Run `main` on the fastest event loop there is; the event that it is given is set by SIGINT and SIGTERM.

    A second signal of the same kind has its usual effect: the process ends without further ado.
    """

    async def with_signals() -> T:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()

        def order_stop(number: signal.Signals) -> None:
            loop.remove_signal_handler(number)
            stop.set()

        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, order_stop, number)
        return await main(stop)

    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(with_signals())


def _names(settings: type[BaseSettings]) -> list[str]:
    """The variables that settings are read from."""
    prefix = settings.model_config.get("env_prefix", "")
    return [f"{prefix}{name}".upper() for name in settings.model_fields]


def _load(settings: type[S]) -> S:
    try:
        return settings()
    except ValidationError as error:
        prefix = settings.model_config.get("env_prefix", "")
        raise InvalidSettingsError("; ".join(_described(fault, prefix) for fault in error.errors())) from error
    except SettingsError as error:  # a value that ought to be JSON and is not
        raise InvalidSettingsError(str(error)) from error


def _described(fault: ErrorDetails, prefix: str) -> str:
    variable = "_".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    return f"{(prefix + variable).upper()}: {message}" if variable else message
