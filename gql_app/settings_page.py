"""The settings as a page: `python -m gql_app.settings_page write` makes `docs/settings.md` of the settings' classes."""

import re
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from gql_app.settings import Settings
from mock_external_api.settings import MockSettings

SETTINGS_PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
CHAPTERS = {
    "mongo_url": "What the service depends on",
    "host": "Where it listens, keeps its files, and how it logs",
    "metrics_port": "What operators see",
    "rate_limit_per_minute": "Ingestion",
    "circuit_open_seconds": "Notifications",
    "auth_mode": "Who may call it",
    "cors_origins": "What clients may ask for",
    "graphql_introspection": "GraphQL",
}
"""The headings, each before the setting that it begins with."""
MOCK_CHAPTER = "The bundled mock of the external API"
INTRODUCTION = """\
# Settings

Environment variables, or lines of a file `.env` in the working directory ([.env.example](../.env.example) is one to
copy); the environment wins. A variable without a value counts as unset. A name in `.env` that is nearly a setting's is
refused, and a value that makes no sense is named when a command starts. Lists are separated by commas.

This page is made by `python -m gql_app.settings_page write`.
"""
MOCK_INTRODUCTION = """
Used by `up` and by everything else that starts the mock, and by `python -m mock_external_api`. The commands also take
them from `.env`.
"""
_KINDS = {bool: "true, false", int: "whole number", float: "number", str: "text", Path: "path", SecretStr: "text"}
_BOUNDS: dict[type, tuple[str, str]] = {Ge: ("ge", "from {}"), Gt: ("gt", "above {}"), Le: ("le", "to {}")}


def settings_page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name, field in Settings.model_fields.items():
        if name in CHAPTERS:
            parts.append(_heading(CHAPTERS[name]))
        parts.append(_row(Settings, name, field))
    parts += [f"\n## {MOCK_CHAPTER}\n{MOCK_INTRODUCTION}", _table_head()]
    parts += [_row(MockSettings, name, field) for name, field in MockSettings.model_fields.items()]
    return "".join(parts)


def main(arguments: Sequence[str]) -> int:
    """Write the page; the exit status."""
    if list(arguments) != ["write"]:
        sys.stderr.write("usage: python -m gql_app.settings_page write\n")
        return 2
    SETTINGS_PAGE.write_text(settings_page(), encoding="utf-8")
    return 0


def _heading(title: str) -> str:
    return f"\n## {title}\n{_table_head()}"


def _table_head() -> str:
    return "\n| setting | meaning | default | values |\n|---|---|---|---|\n"


def _row(settings: type[BaseSettings], name: str, field: FieldInfo) -> str:
    cells = [f"`{_variable(settings, name)}`", _meaning(settings, field), _default(field), " ".join(_values(field))]
    return f"| {' | '.join(cells)} |\n"


def _variable(settings: type[BaseSettings], name: str) -> str:
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper()


def _meaning(settings: type[BaseSettings], field: FieldInfo) -> str:
    """The field's docstring, in which other settings have the names of their variables."""

    def named(found: re.Match[str]) -> str:
        name, rest = found.groups()
        return f"`{_variable(settings, name)}{rest}`" if name in settings.model_fields else found[0]

    return re.sub(r"`([a-z_]+)(=?[^`]*)`", named, " ".join((field.description or "").split()))


def _default(field: FieldInfo) -> str:
    match field.default:
        case None | ():
            return ""
        case bool() as value:
            return str(value).lower()
        case StrEnum() as value:
            return f"`{value.value}`"
        case float() as value if value.is_integer():
            return f"{value:.0f}"
        case dict() as value:
            return f"`{str(value).replace(chr(39), chr(34))}`"
        case value:
            return f"`{value}`" if isinstance(value, str | Path) else str(value)


def _values(field: FieldInfo) -> Iterator[str]:
    kind = _without_none(field.annotation)
    if get_origin(kind) is Literal:
        yield ", ".join(f"`{value}`" for value in get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        yield ", ".join(f"`{member.value}`" for member in kind)
    else:
        yield _KINDS.get(kind, {tuple: "list", dict: "JSON"}.get(get_origin(kind), "time"))
    for bound in field.metadata:
        if type(bound) in _BOUNDS:
            attribute, words = _BOUNDS[type(bound)]
            yield words.format(getattr(bound, attribute))


def _without_none(kind: Any) -> Any:
    if NoneType in get_args(kind):
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
