"""Tokens for development, signed with the service's own secret; in production an issuer makes them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import jwt
import typer

from gql_app.commands.configuration import InvalidSettingsError, load_settings
from gql_app.http.auth import SECRET_ALGORITHMS
from gql_app.settings import Settings
from services.access import Scope


def print_token(*, tenants: str, scopes: str, minutes: int, subject: str) -> int:
    """Print a token; tenants and scopes are separated by commas.

    Raises:
        InvalidSettingsError: as of `sign_token`.
    """
    listed = {"tenants": _parts(tenants), "scopes": _parts(scopes)}
    typer.echo(sign_token(load_settings(), subject=subject, minutes=minutes, **listed))
    return 0


def sign_token(settings: Settings, *, subject: str, tenants: Iterable[str], scopes: Iterable[str], minutes: int) -> str:
    """A token that a service with these settings and AUTH_MODE=jwt takes.

    Raises:
        InvalidSettingsError: the settings do not say how tokens are signed, or a scope does not exist.
    """
    if settings.jwt_secret is None or not settings.jwt_issuer or not settings.jwt_audience:
        raise InvalidSettingsError("Tokens are signed with JWT_SECRET and name JWT_ISSUER and JWT_AUDIENCE; set them.")
    wanted, known = sorted(set(scopes)), {scope.value for scope in Scope}
    if unknown := set(wanted) - known:
        raise InvalidSettingsError(f"There is no scope {min(unknown)!r}; there are {', '.join(sorted(known))}.")
    now = datetime.now(UTC)
    claims = {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "sub": subject,
        "iat": now,
        "exp": now + timedelta(minutes=minutes),
        "tenants": sorted(set(tenants)),
        "scope": " ".join(wanted),
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), SECRET_ALGORITHMS[0])


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
