"""What the documents say exists, exists. Their commands are run by `tests/faults/test_pages.py`, their queries by
`tests/api/graphql/test_graphql_pages.py` and `tests/graphql_clients/test_frontend_page.py`.
"""

import re
from pathlib import Path

import pytest
from graphql import parse, validate
from pydantic_settings import BaseSettings
from typer.main import get_command

from gql_app.commands.cli import app
from gql_app.settings import Settings
from gql_app.settings_page import CHAPTERS, SETTINGS_PAGE, settings_page
from mock_external_api.settings import MockSettings
from tests.committed_schema import committed_schema

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = set(get_command(app).commands)
ONE_BY_NUMBER = re.compile(r"m\d{4}_\w+|__init__")
"""Modules that no row has to name: migrations."""
NO_MODULES = {"packs/", "signals.toml", "mail.toml"}
"""What the classification reads."""
SETTING = re.compile(r"^# ([A-Z_]+)=(.*)$", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_and_command_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`?\bmake ([a-z]+)\b[`: ]", text)) <= targets | {"it"}
    assert set(re.findall(r"python -m gql_app ([a-z]+)", text)) <= COMMANDS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_module_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.\w+)`", document.read_text()))
    assert [name for name in named if not (ROOT / name).exists()] == []


def rooms_as_told() -> dict[str, set[str]]:
    """For each room of the services that the page of the architecture lists, the names in its row."""
    rows = re.findall(r"^\| `(\w+)/` \| [^|]* \| (.*) \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
    return {room: set(re.findall(r"`(\w+/?|\w+\.toml)`", names)) for room, names in rows}


def rooms_as_built() -> dict[str, set[str]]:
    """For each room of the services its modules, and the rooms within it, with theirs."""
    built: dict[str, set[str]] = {}
    for path in (ROOT / "services").rglob("*"):
        room, *within = path.relative_to(ROOT / "services").parts
        if within and path.suffix == ".py" and not ONE_BY_NUMBER.fullmatch(path.stem):
            built.setdefault(room, set()).update([path.stem, *(f"{inner}/" for inner in within[:-1])])
    return built


def test_a_stranger_finds_every_module_of_the_services_in_the_row_of_its_room() -> None:
    told, built = rooms_as_told(), rooms_as_built()
    assert built.keys() == told.keys()
    unnamed = {room: names for room in built if (names := built[room] - told[room])}
    gone = {room: names for room in told if (names := told[room] - built[room] - NO_MODULES)}
    assert (unnamed, gone) == ({}, {})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_graphql_document_fits_the_schema(document: Path) -> None:
    shown = re.findall(r"```graphql\n(.*?)```", document.read_text(), re.DOTALL)
    assert [error.message for each in shown for error in validate(committed_schema(), parse(each))] == []


def test_the_readme_fits_on_a_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 50


def test_the_page_of_the_settings_is_what_their_classes_say() -> None:
    assert SETTINGS_PAGE.read_text() == settings_page(), "run: python -m gql_app.settings_page write"
    assert CHAPTERS.keys() <= Settings.model_fields.keys()


@pytest.mark.parametrize("settings", [Settings, MockSettings])
def test_every_setting_says_what_it_means(settings: type[BaseSettings]) -> None:
    assert [name for name, field in settings.model_fields.items() if not field.description] == []


def test_pictures_are_small_enough_to_be_looked_at() -> None:
    sizes = {file.name: file.stat().st_size for file in (ROOT / "docs").iterdir() if file.suffix in (".png", ".svg")}
    assert sizes.keys() == {"dashboard.png", "terminal.svg"}
    assert max(sizes.values()) < 500_000


def test_the_sample_environment_names_every_setting_with_its_default() -> None:
    sample = dict(SETTING.findall((ROOT / ".env.example").read_text()))
    assert sample.keys() == {name.upper() for name in Settings.model_fields}
    given = {name.lower(): value for name, value in sample.items() if value}
    assert Settings(_env_file=None, **given) == Settings.model_construct()
