"""The committed SDL, and what the gate on breaking changes lets pass."""

import subprocess
from pathlib import Path

import pytest

from gql_app.graphql_sdl import SDL_FILE, breaking_changes, committed, complaints, main, released, render

OLD = """
type Query { old: String @deprecated(reason: "gone soon") kept(size: Int): Kind thing: Thing @deprecated }
type Thing { name: String }
enum Kind { A B @deprecated }
"""


def test_committed_file_is_what_the_code_says() -> None:
    assert committed() == render(), "run: python -m gql_app.graphql_sdl write"


def test_clients_of_the_last_release_are_not_broken() -> None:
    assert complaints() == []


def test_removing_what_was_deprecated_breaks_nothing() -> None:
    assert breaking_changes(OLD, "type Query { kept(size: Int): Kind } enum Kind { A }") == []


@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        ("type Query { other: Int } enum Kind { A }", "Field Query.kept was removed."),
        ("type Query { kept: Kind } enum Kind { A }", "Argument Query.kept(size:) was removed."),
        ("type Query { kept(size: Int): Kind } enum Kind { C }", "Enum value Kind.A was removed."),
        ("type Query { kept(size: Int!): Kind } enum Kind { A }", "changed type from Int to Int!"),
        ("type Query { kept(size: Int): String }", "Field Query.kept changed type from Kind to String."),
    ],
)
def test_removing_or_changing_what_clients_use_is_found(new: str, complaint: str) -> None:
    assert any(complaint in found for found in breaking_changes(OLD, new))


def repository(path: Path, sdl: str) -> None:
    """A git repository at `path` whose last tag has `sdl` as its schema."""
    (path / SDL_FILE).parent.mkdir()
    (path / SDL_FILE).write_text(sdl)
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "release"],
        ["tag", "v1"],
    ):
        subprocess.run(["git", *command], cwd=path, check=True)


def test_last_tag_is_the_last_release(tmp_path: Path) -> None:
    repository(tmp_path, OLD)
    (tmp_path / SDL_FILE).write_text("type Query { a: Int }")
    assert released(tmp_path) == OLD


def test_check_passes_where_nothing_was_released(tmp_path: Path) -> None:
    (tmp_path / SDL_FILE).parent.mkdir()
    (tmp_path / SDL_FILE).write_text(render())
    assert complaints(tmp_path) == []


def test_check_finds_what_the_last_release_had(tmp_path: Path) -> None:
    repository(tmp_path, render().replace("type Query {", "type Query {\n  gone: Int\n", 1))
    (tmp_path / SDL_FILE).write_text(render())
    assert complaints(tmp_path) == ["breaks clients of the last release: Field Query.gone was removed."]


def test_check_finds_a_file_that_was_not_written_anew(tmp_path: Path) -> None:
    (tmp_path / SDL_FILE).parent.mkdir()
    (tmp_path / SDL_FILE).write_text("type Query { a: Int }")
    assert "not up to date" in complaints(tmp_path)[0]


def test_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "usage" in capsys.readouterr().err
