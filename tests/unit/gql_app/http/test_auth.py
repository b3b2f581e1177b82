"""Bearer tokens: which are good, and whom they stand for."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError

from gql_app.http import auth
from gql_app.http.auth import Authenticator, KeysUnavailableError
from services.access import EVERYONE, Caller, Scope
from services.errors import UnauthenticatedError
from tests.fakes import JWT_SECRET, make_jwt_settings, make_settings, make_token
from tests.waiting import PATIENCE_SECONDS, until

PAST = datetime.now(UTC) - timedelta(hours=1)
FUTURE = datetime.now(UTC) + timedelta(hours=1)


async def caller_of(token: str, **settings: Any) -> Caller:
    return await Authenticator(make_jwt_settings(**settings)).caller(f"Bearer {token}")


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed(header: bytes, claims: bytes) -> str:
    """A token of these very bytes, signed with our secret; PyJWT would make no such token."""
    text = jwt.utils.base64url_encode(header) + b"." + jwt.utils.base64url_encode(claims)
    hs256 = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return (text + b"." + jwt.utils.base64url_encode(hs256.sign(text, JWT_SECRET.encode()))).decode()


class TestOpenMode:
    @pytest.mark.parametrize("authorization", [None, "Bearer garbage"])
    async def test_everybody_may_do_everything(self, authorization: str | None) -> None:
        assert await Authenticator(make_settings()).caller(authorization) == EVERYONE


class TestGoodTokens:
    async def test_stand_for_their_subject_tenants_and_scopes(self) -> None:
        token = make_token(sub="ann", tenants=["x", "y"], scope="tickets:read admin")
        caller = await caller_of(token)
        assert (caller.subject, caller.tenants) == ("ann", {"x", "y"})
        assert caller.scopes == {Scope.TICKETS_READ, Scope.ADMIN}

    async def test_end_when_the_token_does(self) -> None:
        in_an_hour = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        assert (await caller_of(make_token(exp=in_an_hour))).expires_at == in_an_hour

    async def test_a_star_is_every_tenant(self) -> None:
        assert (await caller_of(make_token(tenants=["x", "*"]))).tenants is None

    async def test_without_the_claims_nothing_is_allowed(self) -> None:
        caller = await caller_of(make_token(tenants=None, scope=None, sub=None))
        assert (caller.tenants, caller.scopes, caller.subject) == (frozenset(), frozenset(), "anonymous")

    @pytest.mark.parametrize("scope", ["ingest:run profile email", ["ingest:run", "profile"]], ids=["text", "list"])
    async def test_scopes_of_other_services_are_ignored(self, scope: str | list[str]) -> None:
        assert (await caller_of(make_token(scope=scope))).scopes == frozenset([Scope.INGEST_RUN])

    async def test_the_scheme_is_written_in_any_case(self) -> None:
        authenticator = Authenticator(make_jwt_settings())
        assert (await authenticator.caller(f"bEARER {make_token()}")).subject == "somebody"

    async def test_clocks_may_differ_a_little(self) -> None:
        assert await caller_of(make_token(exp=datetime.now(UTC) - timedelta(seconds=2)))


class TestBadTokens:
    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": PAST},
            {"exp": None},
            {"exp": "tomorrow"},
            {"exp": "4102444800"},
            {"exp": [4102444800]},
            {"exp": {}},
            {"exp": float("inf")},
            {"exp": float("nan")},
            {"nbf": "tomorrow"},
            {"nbf": float("inf")},
            {"nbf": []},
            {"iat": float("inf")},
            {"iat": {}},
            {"sub": 5},
            {"sub": ["somebody"]},
            {"aud": 5},
            {"aud": {"support-tickets": 1}},
            {"nbf": FUTURE},
            {"iat": FUTURE},
            {"aud": "another-service"},
            {"aud": None},
            {"iss": "https://elsewhere.test"},
            {"iss": None},
            {"tenants": "tenant_a"},
            {"tenants": [1]},
            {"scope": {"admin": True}},
            {"exp": "9999999999"},
            {"exp": [9999999999]},
            {"exp": {"at": 9999999999}},
            {"exp": True},
            {"exp": -(10**300)},
            {"iat": []},
            {"sub": ["ann"]},
            {"aud": [5]},
            {"jti": 5},
            {"tenants": {"tenant_a": True}},
            {"tenants": 5},
            {"scope": 5},
            {"scope": [["admin"]]},
            {"secret": "another secret, just as long as the real one"},
            {"algorithm": "HS512", "secret": JWT_SECRET * 2},
        ],
        ids=lambda claims: "-".join(
            f"{name}={value}" if not isinstance(value, datetime) else name for name, value in claims.items()
        ),
    )
    async def test_are_refused(self, claims: dict[str, Any]) -> None:
        with pytest.raises(UnauthenticatedError):
            await caller_of(make_token(**claims))

    @pytest.mark.parametrize(
        "claims", [b"5", b"[]", b"null", b"{", b"\xff", b"[" * 9_000, b'{"exp": 1' + b"0" * 5_000 + b"}"]
    )
    async def test_whatever_is_signed_is_refused_politely(self, claims: bytes) -> None:
        with pytest.raises(UnauthenticatedError):
            await caller_of(signed(b'{"alg": "HS256"}', claims))

    async def test_a_list_of_issuers_is_none(self) -> None:  # PyJWT makes no such token
        claims = json.dumps(claims_of(make_token()) | {"iss": ["https://issuer.test"]})
        with pytest.raises(UnauthenticatedError):
            await caller_of(signed(b'{"alg": "HS256"}', claims.encode()))

    @pytest.mark.parametrize(
        "header",
        [
            b"5",
            b"{",
            b"[" * 9_000,
            b'{"alg": ["HS256"]}',
            b'{"alg": 5}',
            b'{"alg": "HS256", "kid": 5}',
            b'{"alg": null}',
        ],
    )
    async def test_whatever_the_header_says_too(self, header: bytes) -> None:
        with pytest.raises(UnauthenticatedError):
            await caller_of(signed(header, json.dumps(claims_of(make_token())).encode()))

    @pytest.mark.parametrize("exp", [1e308, 10**400, 10**18], ids=["float", "integer", "year 31 billion"])
    async def test_one_that_is_good_for_longer_than_there_are_years_is_good(self, exp: float) -> None:
        assert (await caller_of(make_token(exp=exp))).expires_at is not None

    async def test_an_expired_one_is_called_so(self) -> None:
        with pytest.raises(UnauthenticatedError, match="expired"):
            await caller_of(make_token(exp=PAST))

    async def test_an_unsigned_one_is_refused(self) -> None:
        claims = claims_of(make_token())
        with pytest.raises(UnauthenticatedError):
            await caller_of(jwt.encode(claims, "", "none"))

    @pytest.mark.parametrize(
        "authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b", "Bearer " + "x" * 20_000]
    )
    async def test_what_is_no_token_is_refused(self, authorization: str | None) -> None:
        with pytest.raises(UnauthenticatedError):
            await Authenticator(make_jwt_settings()).caller(authorization)


def test_a_short_secret_is_refused_at_start() -> None:
    with pytest.raises(ValidationError, match="at least 32 bytes"):
        make_jwt_settings(jwt_secret="x" * 31)


@cache
def an_rsa_key(owner: str) -> rsa.RSAPrivateKey:
    """Which takes long to make."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """An issuer of tokens with an RSA and an EC key, which serves its public keys over HTTP."""

    def __init__(self) -> None:
        self.requests = 0
        self.body = b""
        """What is served instead of the keys."""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.rsa_key = an_rsa_key("issuer")
        self.ec_key = ec.generate_private_key(ec.SECP256R1())
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"

    def _handler(issuer) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests += 1
                issuer.may_answer.wait(PATIENCE_SECONDS)
                body = issuer.body or json.dumps({"keys": issuer.keys()}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def keys(self) -> list[dict[str, Any]]:
        rsa_jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.rsa_key.public_key(), as_dict=True)
        ec_jwk = jwt.algorithms.ECAlgorithm.to_jwk(self.ec_key.public_key(), as_dict=True)
        return [
            {**rsa_jwk, "kid": "rsa", "use": "sig", "alg": "RS256"},
            {**ec_jwk, "kid": "ec", "use": "sig", "alg": "ES256"},
        ]

    def token(self, kid: str, algorithm: str, key: Any) -> str:
        claims = claims_of(make_token())
        return jwt.encode(claims, key, algorithm, headers={"kid": kid})

    def authenticator(self) -> Authenticator:
        return Authenticator(make_jwt_settings(jwt_secret=None, jwt_jwks_url=self.url))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    thread = threading.Thread(target=issuer.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield issuer
    issuer.server.shutdown()
    thread.join()
    issuer.server.server_close()


class TestPublicKeys:
    async def test_tokens_signed_by_the_issuer_are_good(self, issuer: Issuer) -> None:
        authenticator = issuer.authenticator()
        for token in (issuer.token("rsa", "RS256", issuer.rsa_key), issuer.token("ec", "ES256", issuer.ec_key)):
            assert (await authenticator.caller(f"Bearer {token}")).subject == "somebody"

    async def test_keys_are_fetched_once(self, issuer: Issuer) -> None:
        authenticator = issuer.authenticator()
        for _ in range(3):
            await authenticator.caller(f"Bearer {issuer.token('rsa', 'RS256', issuer.rsa_key)}")
        assert issuer.requests == 1

    async def test_made_up_key_ids_do_not_make_us_fetch_again_and_again(self, issuer: Issuer) -> None:
        authenticator = issuer.authenticator()
        for number in range(5):
            with pytest.raises(UnauthenticatedError):
                await authenticator.caller(f"Bearer {issuer.token(str(number), 'RS256', issuer.rsa_key)}")
        assert issuer.requests == 1

    async def test_another_key_under_the_same_id_is_refused(self, issuer: Issuer) -> None:
        other = an_rsa_key("another")
        with pytest.raises(UnauthenticatedError):
            await issuer.authenticator().caller(f"Bearer {issuer.token('rsa', 'RS256', other)}")

    async def test_the_public_key_does_not_serve_as_a_shared_secret(self, issuer: Issuer) -> None:
        # PyJWT refuses to make such a token, so it is made by hand.
        public = issuer.rsa_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        header, payload, _ = make_token().split(".")
        header = jwt.utils.base64url_encode(b'{"alg":"HS256","typ":"JWT","kid":"rsa"}').decode()
        hs256 = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        signature = jwt.utils.base64url_encode(hs256.sign(f"{header}.{payload}".encode(), public)).decode()
        with pytest.raises(UnauthenticatedError):
            await issuer.authenticator().caller(f"Bearer {header}.{payload}.{signature}")

    async def test_an_issuer_that_cannot_be_reached_is_not_the_clients_fault(self) -> None:
        settings = make_jwt_settings(jwt_secret=None, jwt_jwks_url="http://127.0.0.1:9/jwks")
        with pytest.raises(KeysUnavailableError):
            await Authenticator(settings).caller("Bearer " + signed(b'{"alg": "RS256", "kid": "rsa"}', b"{}"))

    async def test_an_issuer_that_serves_no_keys_is_not_the_clients_fault(self, issuer: Issuer) -> None:
        issuer.body = b"<html>"
        with pytest.raises(KeysUnavailableError):
            await issuer.authenticator().caller(f"Bearer {issuer.token('rsa', 'RS256', issuer.rsa_key)}")

    @pytest.mark.parametrize("kid", [b"5", b'["rsa"]', b"{}", b"null"])
    async def test_key_ids_that_are_none_are_refused(self, issuer: Issuer, kid: bytes) -> None:
        with pytest.raises(UnauthenticatedError):
            await issuer.authenticator().caller("Bearer " + signed(b'{"alg": "RS256", "kid": %b}' % kid, b"{}"))

    async def test_an_issuer_that_never_ends_its_answer_is_given_up_on(
        self, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(auth, "JWKS_SECONDS", 0.2)
        issuer.may_answer.clear()
        with pytest.raises(KeysUnavailableError):
            await issuer.authenticator().caller(f"Bearer {issuer.token('rsa', 'RS256', issuer.rsa_key)}")
        issuer.may_answer.set()

    async def test_a_slow_issuer_does_not_stop_other_work(
        self, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(auth, "JWKS_SECONDS", PATIENCE_SECONDS)
        issuer.may_answer.clear()
        token = issuer.token("rsa", "RS256", issuer.rsa_key)
        asking = asyncio.create_task(issuer.authenticator().caller(f"Bearer {token}"))
        await until(lambda: issuer.requests, "the question")  # this is the other work
        assert not asking.done()
        issuer.may_answer.set()
        assert (await asking).subject == "somebody"
