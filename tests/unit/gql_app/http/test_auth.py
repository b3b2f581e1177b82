"""Bearer tokens: which are good, and whom they stand for."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
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

    async def test_an_expired_one_is_called_so(self) -> None:
        with pytest.raises(UnauthenticatedError, match="expired"):
            await caller_of(make_token(exp=PAST))

    async def test_an_unsigned_one_is_refused(self) -> None:
        claims = jwt.decode(make_token(), options={"verify_signature": False})
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


class Issuer:
    """An issuer of tokens with an RSA and an EC key, which serves its public keys over HTTP."""

    def __init__(self) -> None:
        self.requests = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec_key = ec.generate_private_key(ec.SECP256R1())
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"

    def _handler(issuer) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests += 1
                issuer.may_answer.wait(PATIENCE_SECONDS)
                body = json.dumps({"keys": issuer.keys()}).encode()
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
        claims = jwt.decode(make_token(), options={"verify_signature": False})
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
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
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
            await Authenticator(settings).caller(f"Bearer {make_token()}")

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
