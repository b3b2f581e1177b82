"""The settings as a command reads them: what is wrong with them is told by the names of the variables."""

import os
from pathlib import Path
from typing import TypeVar

import typer
from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError

from gql_app.commands.misspellings import misspellings, names_in
from gql_app.settings import ENV_FILE, Settings
from mock_external_api.settings import MockSettings

S = TypeVar("S", bound=BaseSettings)


class InvalidSettingsError(Exception):
    """The environment or `.env` does not make sense; the message names each variable, in one line."""


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
