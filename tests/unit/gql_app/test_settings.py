"""Settings that make no sense are refused, by their name."""

import pytest
from pydantic import ValidationError

from gql_app.commands.configuration import InvalidSettingsError
from gql_app.commands.runtime import open_dependencies
from tests.fakes import make_settings


@pytest.mark.parametrize(
    "origin",
    ["localhost:3000", "localhost", "http://", "http://a/path", "http://a?x", "http://user@a", "null", "//a", "a b",
     "https://good.example, localhost:3000"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match=r"cors_origins\n.*like http://localhost:3000"):
        make_settings(cors_origins=origin)


def test_origins_are_taken_as_browsers_send_them() -> None:
    settings = make_settings(cors_origins="http://localhost:3000/, https://a.example,chrome-extension://abc, *")
    assert settings.cors_origins == ("http://localhost:3000", "https://a.example", "chrome-extension://abc", "*")


@pytest.mark.parametrize("name", ["X Trace", "X-Trace:", "X-Träce", "a/b", "(x)"])
def test_what_is_no_header_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=r"cors_headers\n.*like X-Trace-Id"):
        make_settings(cors_headers=f"X-Good, {name}")


@pytest.mark.parametrize("field", ["external_api_url", "notify_url", "jwt_jwks_url"])
@pytest.mark.parametrize(
    "url",
    ["notaurl", "ftp://a", "http://", "http://:80", "http://a:port", "http://[::1", "http://a b", "/path", "MOCK"],
)
def test_what_is_no_url_is_refused(field: str, url: str) -> None:
    with pytest.raises(ValidationError, match=rf"{field}\n.*a URL is http"):
        make_settings(**{field: url})


@pytest.mark.parametrize(
    "url", ["http://a", "https://a.example:8443/base?x=1", "http://[::1]:9000", "http://127.0.0.1"]
)
def test_urls_are_taken(url: str) -> None:
    assert make_settings(external_api_url=url).external_api_url == url
    assert not make_settings(external_api_url=url).uses_bundled_mock


def test_the_mock_can_be_asked_for_by_name_as_the_external_api_alone() -> None:
    assert make_settings(external_api_url="mock").uses_bundled_mock
    assert make_settings().uses_bundled_mock
    with pytest.raises(ValidationError):
        make_settings(notify_url="mock")


def test_a_database_of_somebodys_own_is_not_filled_from_the_mock_unless_that_is_said() -> None:
    with (
        pytest.raises(InvalidSettingsError, match=r"^EXTERNAL_API_URL: [^\n]*`mock`"),
        open_dependencies(make_settings(mongo_url="mongodb://db")),
    ):
        pass
