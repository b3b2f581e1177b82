"""What sources have to be told, and what is said of what does not fit."""

import pytest

from documents.vocabulary import SourceKind
from services.connections.changes import changed
from services.connections.kinds import SOURCE_NEEDS, account_of, address_of, demand_fitting
from services.errors import InvalidInputError

STANDARD, ZENDESK, GITHUB = SourceKind
URL = "https://desk.example"
ZENDESK_TOKEN = {"subdomain": "acme", "email": "a@acme.example"}


@pytest.mark.parametrize(
    ("source", "settings", "secrets"),
    [
        (STANDARD, {"base_url": URL}, {}),
        (STANDARD, {"base_url": URL, "requests_per_minute": "0"}, {"bearer_token": "secret"}),
        (ZENDESK, ZENDESK_TOKEN, {"api_token": "secret"}),
        (ZENDESK, {"base_url": URL}, {"oauth_token": "secret"}),
        (GITHUB, {"repository": "owner/some.name"}, {}),
        (GITHUB, {"repository": "owner/name", "base_url": f"{URL}/api/v3"}, {"token": "secret"}),
    ],
)
def test_what_a_source_needs_is_enough(source: SourceKind, settings: dict[str, str], secrets: dict[str, str]) -> None:
    assert demand_fitting(source, settings, secrets) == (settings, secrets)


@pytest.mark.parametrize(
    ("source", "settings", "secrets", "told"),
    [
        (STANDARD, {}, {}, "standard needs base_url."),
        (STANDARD, {"base_url": "  "}, {}, "standard needs base_url."),
        (STANDARD, {"base_urll": URL}, {}, "standard has no setting 'base_urll'; did you mean base_url?"),
        (STANDARD, {"base_url": URL, "x": ""}, {}, "'x'; there is base_url, requests_per_minute."),
        (
            STANDARD,
            {"base_url": URL, "bearer_token": "s3cret"},
            {},
            "bearer_token is a secret of standard",
        ),
        (STANDARD, {"base_url": URL}, {"bearer_tokn": "s3cret"}, "did you mean bearer_token?"),
        (STANDARD, {"base_url": URL}, {"s3cret": ""}, "standard has no secret of that name; there is bearer_token."),
        (STANDARD, {"base_url": URL}, {"bearer_token": "s3cret\r\nX: y"}, "bearer_token must be at most"),
        (STANDARD, {"base_url": URL}, {"bearer_token": "s3cret" * 1_000}, "bearer_token must be at most"),
        (STANDARD, {"base_url": f"{URL}?key=s3cret"}, {}, "base_url must be an address without a query."),
        (STANDARD, {"base_url": URL, "requests_per_minute": "-1"}, {}, "requests_per_minute must be a whole number"),
        (STANDARD, {"base_url": URL, "requests_per_minute": "1.5"}, {}, "requests_per_minute must be a whole number"),
        (ZENDESK, {"email": "a@b.c"}, {"api_token": "s3cret"}, "zendesk needs subdomain or base_url."),
        (ZENDESK, {"subdomain": "a", "base_url": URL}, {}, "Give subdomain or base_url, not both."),
        (ZENDESK, ZENDESK_TOKEN, {}, "zendesk needs api_token or oauth_token."),
        (ZENDESK, ZENDESK_TOKEN, {"api_token": "s3cret", "oauth_token": "s3cret"}, "not both"),
        (ZENDESK, {"subdomain": "acme"}, {"api_token": "s3cret"}, "zendesk needs email."),
        (ZENDESK, {"subdomain": "acme.evil"}, {"oauth_token": "s3cret"}, "subdomain must be letters"),
        (ZENDESK, {"subdomain": "a/b"}, {"oauth_token": "s3cret"}, "subdomain must be letters"),
        (ZENDESK, {"subdomain": "-a"}, {"oauth_token": "s3cret"}, "subdomain must be letters"),
        (GITHUB, {}, {}, "github needs repository."),
        (GITHUB, {"repository": "name"}, {}, "repository must be `owner/name`."),
        (GITHUB, {"repository": "owner/.."}, {}, "repository must be `owner/name`."),
        (GITHUB, {"repository": "owner/name/../x"}, {}, "repository must be `owner/name`."),
    ],
)
def test_what_does_not_fit_is_named_and_its_value_is_not_repeated(
    source: SourceKind, settings: dict[str, str], secrets: dict[str, str], told: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        demand_fitting(source, settings, secrets)
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "settings", "address", "account"),
    [
        (ZENDESK, {"subdomain": "Acme"}, "https://acme.zendesk.com", "acme.zendesk.com"),
        (ZENDESK, {"base_url": "https://ACME.zendesk.com/"}, "https://ACME.zendesk.com", "acme.zendesk.com"),
        (GITHUB, {"repository": "Owner/Name"}, "https://api.github.com", "api.github.com/owner/name"),
        (
            STANDARD,
            {"base_url": "https://Desk.example:443/v1/"},
            "https://Desk.example:443/v1",
            "https://desk.example/v1",
        ),
    ],
)
def test_an_account_has_one_spelling(source: SourceKind, settings: dict[str, str], address: str, account: str) -> None:
    assert (address_of(source, settings), account_of(source, settings)) == (address, account)


def test_what_excludes_a_present_setting_takes_its_place() -> None:
    assert changed(ZENDESK, {"subdomain": "acme", "email": "e"}, {"base_url": URL}) == {"email": "e", "base_url": URL}
    assert changed(ZENDESK, {"api_token": "-"}, {"oauth_token": None}) == {"api_token": "-", "oauth_token": ""}
    assert changed(GITHUB, {"base_url": URL}, {"base_url": None}) == {"base_url": ""}


def test_every_source_has_an_address_and_a_limit() -> None:
    assert SOURCE_NEEDS.keys() == set(SourceKind)
    for kind in SOURCE_NEEDS.values():
        assert {"base_url", "requests_per_minute"} <= kind.named(is_secret=False).keys()
        names = [need.name for need in kind.needs]
        assert len(names) == len(set(names))
