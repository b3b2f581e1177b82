"""Who asks: reads a bearer token, or lets everybody in. The same for REST, GraphQL and WebSocket."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from gql_app.settings import Settings
from resolvers.context import Context, Services
from services.access import EVERYONE, Caller, Scope
from services.errors import ErrorCode, ServiceError, UnauthenticatedError

SECRET_ALGORITHMS = ["HS256"]
PUBLIC_KEY_ALGORITHMS = ["RS256", "ES256"]
REQUIRED_CLAIMS = ["exp", "aud", "iss"]
LEEWAY_SECONDS = 5.0
"""How far the clocks of the issuer and of this machine may be apart."""
JWKS_SECONDS = 5.0
"""The longest that fetching the issuer's keys may take."""
ALL_TENANTS = "*"
MAX_TOKEN_CHARACTERS = 16_384
LAST_MOMENT = datetime.max.replace(tzinfo=UTC).timestamp() - 1
"""A token may say that it is good for longer than there are years."""
NOBODY = Caller(tenants=frozenset(), scopes=frozenset())

_bearer = HTTPBearer(auto_error=False, description="Needed with AUTH_MODE=jwt.")


class KeysUnavailableError(ServiceError):
    """The keys that tokens are checked with cannot be fetched now."""

    code = ErrorCode.UNAVAILABLE


class Authenticator:
    """Turns the value of an `Authorization` header into a caller."""

    def __init__(self, settings: Settings) -> None:
        self._is_open = settings.auth_mode == "open"
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._secret = None if settings.jwt_secret is None else settings.jwt_secret.get_secret_value()
        self._jwks = None
        if settings.jwt_jwks_url is not None:
            self._jwks = jwt.PyJWKClient(settings.jwt_jwks_url, timeout=JWKS_SECONDS)

    async def caller(self, authorization: str | None) -> Caller:
        """The caller that a header like `Bearer eyJ...` stands for; everyone where access is open.

        Raises:
            UnauthenticatedError: there is no token, or it is malformed, expired or not made for us.
            KeysUnavailableError: the issuer's keys cannot be fetched.
        """
        if self._is_open:
            return EVERYONE
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN_CHARACTERS:
            raise UnauthenticatedError("A bearer token is needed.")
        return _caller(await self._claims(token.strip()))

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                await self._key(token),
                algorithms=SECRET_ALGORITHMS if self._jwks is None else PUBLIC_KEY_ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED_CLAIMS, "enforce_minimum_key_length": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise UnauthenticatedError("The token has expired.") from error
        except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as error:
            # The others: a claim of a type, or a number, that PyJWT does not expect, in a token that is signed.
            raise UnauthenticatedError("The token is not valid.") from error

    async def _key(self, token: str) -> str | jwt.PyJWK:
        """The key to check a token with; what the token itself says of it is not to be trusted."""
        if self._jwks is None:
            return self._secret or ""
        kid = jwt.get_unverified_header(token).get("kid")
        if not isinstance(kid, str):
            raise jwt.InvalidKeyError("the token names no key")
        try:  # a cached key costs a hop to a thread; fetching must not stop the event loop
            async with asyncio.timeout(JWKS_SECONDS):
                return await asyncio.to_thread(self._jwks.get_signing_key, kid)
        except (jwt.PyJWKClientConnectionError, OSError, ValueError) as error:  # no answer, half an answer, no JSON
            raise KeysUnavailableError("The keys that tokens are checked with cannot be fetched.") from error


def _caller(claims: dict[str, Any]) -> Caller:
    """Read the claims `tenants` (a list; `*` is all), `scope` (a list, or a text with spaces), `sub` and `name`."""
    tenants, scope = claims.get("tenants", []), claims.get("scope", [])
    scopes = scope.split() if isinstance(scope, str) else scope
    if not _is_texts(tenants) or not _is_texts(scopes):
        raise UnauthenticatedError("The token's claims `tenants` and `scope` must be lists of texts.")
    expiry = claims["exp"]
    if not isinstance(expiry, int | float):  # PyJWT takes "9999999999" for a number
        raise UnauthenticatedError("The token's claim `exp` must be a number.")
    return Caller(
        tenants=None if ALL_TENANTS in tenants else frozenset(tenants),
        scopes=frozenset(scope for scope in Scope if scope.value in scopes),
        subject=claims.get("sub") or NOBODY.subject,
        name=name if isinstance(name := claims.get("name"), str) and name else None,
        expires_at=datetime.fromtimestamp(min(expiry, LAST_MOMENT), UTC),
    )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


async def authenticate(connection: HTTPConnection) -> Caller:
    """The request's caller, worked out once a request.

    Raises:
        UnauthenticatedError: the credential is missing or bad.
        KeysUnavailableError: the issuer's keys cannot be fetched.
    """
    state = connection.scope.setdefault("state", {})
    if "caller" not in state:
        authenticator: Authenticator = connection.app.state.authenticator
        state["caller"] = await authenticator.caller(connection.headers.get("authorization"))
    caller: Caller = state["caller"]
    return caller


async def get_context(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
) -> Context:
    """What the resolvers of a request are given.

    Raises:
        UnauthenticatedError: the credential is missing or bad.
    """
    return _context(request, await authenticate(request))


async def get_public_context(request: Request) -> Context:
    """The same for the few routes that need no credential: the caller may see nothing."""
    return _context(request, NOBODY)


def _context(request: Request, caller: Caller) -> Context:
    services: Services = request.app.state.services
    return Context(services, caller, request.state.request_id)
