"""Names that look like a setting's and are none."""

from pathlib import Path

import pytest

from gql_app.commands.configuration import InvalidSettingsError, load_settings
from gql_app.commands.misspellings import misspellings, names_in
from gql_app.settings import Settings

KNOWN = [name.upper() for name in Settings.model_fields]
USUAL = [
    *("HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "PWD", "OLDPWD", "HOSTNAME", "SHLVL", "EDITOR", "TZ"),
    *("MONGO_USER", "MONGO_PASSWORD", "MONGO_INITDB_DATABASE", "DATABASE_URL", "JWT_PUBLIC_KEY", "LOG_FILE", "WORKERS"),
    *("SSH_AUTH_SOCK", "PYTHONPATH", "VIRTUAL_ENV", "COMPOSE_PROJECT_NAME", "HTTP_PROXY", "NO_PROXY", "CI", "POST"),
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MONGO_URI", "MONGO_URL"),
        ("MONGODB_URL", "MONGO_URL"),
        ("RATE_LIMIT_PER_MINTE", "RATE_LIMIT_PER_MINUTE"),
        ("cors_origin", "CORS_ORIGINS"),
        ("EXTERNAL_API_URI", "EXTERNAL_API_URL"),
        ("GRAPHQL_MAX_DEPHT", "GRAPHQL_MAX_DEPTH"),
        ("JWT_SECRETS", "JWT_SECRET"),
    ],
)
def test_what_is_nearly_a_setting_is_named_with_the_one_that_is_meant(name: str, meant: str) -> None:
    assert [str(found) for found in misspellings([name], KNOWN)] == [f"{name} is no setting; is {meant} meant?"]


def test_settings_and_the_names_of_others_are_not() -> None:
    assert list(misspellings([*KNOWN, *map(str.lower, KNOWN)], KNOWN)) == []
    assert list(misspellings(USUAL, KNOWN)) == []


def test_a_name_beside_the_one_that_it_resembles_is_somebody_elses() -> None:
    assert list(misspellings(["MONGO_URI", "mongo_url"], KNOWN)) == []


def test_names_of_a_file() -> None:
    Path("file").write_text("# A=1\nB=2\n export C_D = 'x=y'\n\nno assignment\n1E=3\n")
    assert names_in(Path("file")) == ["B", "C_D"]
    assert names_in(Path("none")) == []


def test_one_in_the_file_is_refused_in_one_line() -> None:
    Path(".env").write_text("MONGO_URI=mongodb://db\nMOCK_SED=5\nOTHERS=1\n")
    with pytest.raises(InvalidSettingsError) as caught:
        load_settings()
    assert str(caught.value) == (
        ".env: MOCK_SED is no setting; is MOCK_SEED meant?; MONGO_URI is no setting; is MONGO_URL meant?"
    )


def test_one_in_the_environment_is_told_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RATE_LIMIT_PER_MINTE", "5")
    load_settings()
    lines = capsys.readouterr().err.splitlines()
    assert "Warning: RATE_LIMIT_PER_MINTE is no setting; is RATE_LIMIT_PER_MINUTE meant?" in lines
