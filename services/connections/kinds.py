"""What each kind of source has to be told, declared once: checks, error texts, routes and forms are made from it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import httpx

from documents.vocabulary import SourceKind
from services.errors import InvalidInputError

MAX_SECRET_CHARACTERS = 5_000
Named = Mapping[str, str]
"""Settings or secrets by name."""

_NAME = re.compile(r"[A-Za-z_-]{1,30}")
"""What looks like the name of a setting or secret; anything else may be a misplaced secret, and is not repeated."""
_SUBDOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}")
_EMAIL = re.compile(r"[^\s:@/]{1,64}@[^\s:@/]{1,255}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,6}")
_SECRET = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Need:
    """A setting or a secret of a source."""

    name: str
    description: str
    form: re.Pattern[str]
    expected: str
    """What it must be, as the end of a sentence; a wrong value itself is never repeated."""
    is_secret: bool = False
    is_required: bool = False
    default: str | None = None

    def read(self, text: str) -> str:
        """The value as it is stored.

        Raises:
            InvalidInputError: it cannot be one.
        """
        value = text.strip()
        if not self.form.fullmatch(value) or (self.is_secret and len(value) > MAX_SECRET_CHARACTERS):
            raise InvalidInputError(f"{self.name} must be {self.expected}.")
        return value


@dataclass(frozen=True, slots=True)
class SourceNeeds:
    """All that a kind of source is told."""

    needs: tuple[Need, ...]
    account: Callable[[str, Named], str]
    """What is read, from the address and the settings."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """Of each group exactly one has to be given."""
    together: tuple[tuple[str, str], ...] = ()
    """Where the first is given, the second has to be as well."""
    requests_per_minute: int | None = None
    """Its limit unless the settings name another; None: the operator's `RATE_LIMIT_PER_MINUTE`."""

    def named(self, *, is_secret: bool) -> dict[str, Need]:
        """Its settings, or its secrets, by name."""
        return {need.name: need for need in self.needs if need.is_secret is is_secret}

    def rivals(self, names: Iterable[str]) -> set[str]:
        """What cannot stand beside one of these."""
        return {rival for group in self.one_of for name in names if name in group for rival in group if rival != name}

    def needed_with(self, name: str) -> list[str]:
        """Where one of these is given, it has to be as well."""
        return [first for first, second in self.together if second == name]


def _secret(name: str, description: str, *, is_required: bool = False) -> Need:
    expected = f"at most {MAX_SECRET_CHARACTERS:,} visible ASCII characters"
    return Need(name, description, _SECRET, expected, is_secret=True, is_required=is_required)


def _base_url(description: str, *, is_required: bool = False, default: str | None = None) -> Need:
    form = re.compile(r"[^?#\s]+")
    return Need("base_url", description, form, "an address without a query", is_required=is_required, default=default)


def _place(address: str) -> str:
    """Host, port and path of an address, in one spelling."""
    url = httpx.URL(address)
    return url.netloc.decode() + url.path.rstrip("/")


_REQUESTS = Need(
    "requests_per_minute",
    "Requests to it in any rolling 60 s, over all processes; 0: no limit.",
    _WHOLE_NUMBER,
    "a whole number, 0 for no limit",
)

SOURCE_NEEDS: dict[SourceKind, SourceNeeds] = {
    SourceKind.STANDARD: SourceNeeds(
        needs=(
            _base_url("Where the API is; its routes begin with `/external`.", is_required=True),
            _REQUESTS,
            _secret("bearer_token", "What its requests are authorised with, if they are."),
        ),
        account=lambda address, settings: f"{httpx.URL(address).scheme}://{_place(address)}",
    ),
    SourceKind.ZENDESK: SourceNeeds(
        needs=(
            Need("subdomain", "The `acme` of `acme.zendesk.com`.", _SUBDOMAIN, "letters, digits and hyphens"),
            _base_url("The address instead of the subdomain."),
            Need("email", "Whose API token it is; needed with `api_token`.", _EMAIL, "an e-mail address"),
            _REQUESTS,
            _secret("api_token", "An API token of that agent."),
            _secret("oauth_token", "An OAuth access token that may read tickets, instead of the API token."),
        ),
        account=lambda address, settings: _place(address),
        one_of=(("subdomain", "base_url"), ("api_token", "oauth_token")),
        together=(("api_token", "email"),),
        requests_per_minute=200,
    ),
    SourceKind.GITHUB: SourceNeeds(
        needs=(
            Need("repository", "Whose issues are read.", _REPOSITORY, "`owner/name`", is_required=True),
            _base_url("The address of the REST API.", default="https://api.github.com"),
            _REQUESTS,
            _secret("token", "A token that may read the issues; public repositories need none."),
        ),
        account=lambda address, settings: f"{_place(address)}/{settings['repository'].lower()}",
        requests_per_minute=80,
    ),
}
"""Limits: of Zendesk's smallest plan, 200 a minute; of GitHub, 5,000 an hour."""


def demand_fitting(source: SourceKind, settings: Named, secrets: Named) -> tuple[dict[str, str], dict[str, str]]:
    """Settings and secrets as they are stored; those that are blank count as left out.

    Raises:
        InvalidInputError: one is unknown, missing, malformed, or one too many; the text names it, and no value.
    """
    kind = SOURCE_NEEDS[source]
    fitting = _known(source, settings, is_secret=False), _known(source, secrets, is_secret=True)
    given = fitting[0].keys() | fitting[1].keys()
    for group in kind.one_of:
        if len(present := [name for name in group if name in given]) != 1:
            told = f"Give {' or '.join(present)}, not both" if present else f"{source} needs {' or '.join(group)}"
            raise InvalidInputError(f"{told}.")
    needed = [need.name for need in kind.needs if need.is_required]
    needed += [other for name, other in kind.together if name in given]
    if missing := [name for name in needed if name not in given]:
        raise InvalidInputError(f"{source} needs {' and '.join(missing)}.")
    return fitting


def names_told(*, is_secret: bool) -> str:
    """In a sentence for clients: the settings, or the secrets, of every kind of source."""
    told = {source: ", ".join(kind.named(is_secret=is_secret)) for source, kind in SOURCE_NEEDS.items()}
    return "By name. " + " ".join(f"`{source}`: {names}." for source, names in told.items())


def address_of(source: SourceKind, settings: Named) -> str:
    """Where requests go, without a slash at the end."""
    if subdomain := settings.get("subdomain"):
        return f"https://{subdomain.lower()}.zendesk.com"
    default = SOURCE_NEEDS[source].named(is_secret=False)["base_url"].default or ""
    return settings.get("base_url", default).rstrip("/")


def account_of(source: SourceKind, settings: Named) -> str:
    """What is read, in one spelling."""
    return SOURCE_NEEDS[source].account(address_of(source, settings), settings)


def _known(source: SourceKind, given: Named, *, is_secret: bool) -> dict[str, str]:
    known, others = SOURCE_NEEDS[source].named(is_secret=is_secret), SOURCE_NEEDS[source].named(is_secret=not is_secret)
    what, other = ("secret", "setting") if is_secret else ("setting", "secret")
    for name in given:
        if name in others:
            raise InvalidInputError(f"{name} is a {other} of {source}, no {what}.")
        if name not in known:
            shown = f"{what} {name!r}" if _NAME.fullmatch(name) else f"{what} of that name"
            nearest = get_close_matches(name, known, n=1) if _NAME.fullmatch(name) else []
            hint = f"did you mean {nearest[0]}?" if nearest else f"there is {', '.join(known)}."
            raise InvalidInputError(f"{source} has no {shown}; {hint}")
    return {name: known[name].read(text) for name, text in given.items() if text.strip()}
