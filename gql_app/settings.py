"""The settings, read from the environment and `.env`; nothing below this layer reads either."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.kit.sealing import parse_keys

LOOPBACK = frozenset(["127.0.0.1", "::1", "localhost"])
ENV_FILE = ".env"
BUNDLED_MOCK = "mock"
"""In the place of a URL: the external API that comes with the service."""
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s,]+")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HOST_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")


class Settings(BaseSettings):
    """Every setting, by the name of its environment variable in lower case."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    mongo_url: str | None = None
    """Where MongoDB is; unset: an embedded one under `data_dir`."""
    mongo_db: str = "support_saas"
    """The name of the database."""
    external_api_url: str | None = None
    """The system the tickets come from. `mock`: the bundled one; so if unset, unless `mongo_url` is set: sample data
    must not get into a database of somebody's own unnoticed."""
    notify_url: str | None = None
    """Where urgent tickets are announced; unset: `external_api_url` + `/notify`."""

    host: str = "127.0.0.1"
    """The address to listen on. `auth_mode=open` serves on loopback only."""
    port: int = Field(default=8000, ge=0, le=65535)
    """The port to listen on; 0: any that is free."""
    data_dir: Path = Path(".data")
    """Where the embedded MongoDB, the bundled mock and the commands keep their files."""
    log_format: Literal["console", "json"] = "console"
    """Log lines for people, or one JSON object a line."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are logged."""
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where `serve`, `up` and `worker` serve `/metrics` and `/health/live` for operators alone; 0: any port that is
    free, which the log names. Unset: nowhere."""
    metrics_host: str = "127.0.0.1"
    """The address of that port. Whoever reaches it needs no credential."""
    metrics_tenants: int = Field(default=0, ge=0, le=10_000)
    """So many tenants are named at that port, those who wait longest for a run with success; 0: none is."""
    otel_exporter_otlp_endpoint: str | None = None
    """An OpenTelemetry collector that is sent traces and metrics by OTLP over HTTP, as `http://localhost:4318`."""
    otel_traces_exporter: Literal["otlp", "none"] = "otlp"
    """`none`: it is sent no traces."""
    otel_metrics_exporter: Literal["otlp", "none"] = "otlp"
    """`none`: it is sent no metrics."""

    rate_limit_per_minute: int = Field(default=60, ge=0)
    """Requests to the external API in any rolling 60 s, over all processes; 0: no limit."""
    page_size: int = Field(default=100, ge=1, le=100)
    """Tickets asked of the external API at once."""
    upstream_patience_seconds: float = Field(default=600.0, ge=0)
    """How long a run waits for an external API that fails; what it asks for with `Retry-After` is part of that."""
    upstream_max_pages: int = Field(default=50_000, ge=1)
    """Pages that one run reads at most, however many more the external API names."""
    lock_ttl_seconds: float = Field(default=60.0, ge=1)
    """How long a worker that died keeps its tenant's lease: after that another one goes on."""
    run_worker: bool = True
    """Whether `serve` runs ingestion and delivers notifications itself; false: workers do."""
    worker_concurrency: int = Field(default=4, ge=1, le=64)
    """Runs that one process does at once."""
    deleted_retention_days: int = Field(default=90, ge=1, le=20_000)
    """How long a ticket that was deleted upstream is kept."""
    quarantine_retention_days: int = Field(default=30, ge=1, le=20_000)
    """How long a record that cannot be stored is kept after a run met it last."""
    audit_retention_days: int = Field(default=730, ge=30, le=20_000)
    """How long an entry of the audit trail is kept; entries that are there keep the time that they were given."""

    circuit_open_seconds: float = Field(default=30.0, gt=0)
    """How long a destination that failed too often is left alone."""
    notify_concurrency: int = Field(default=64, ge=1, le=128)
    """Notifications in flight in one process at most; the circuit breaker limits them for all processes."""
    notify_timeout_seconds: float = Field(default=10.0, gt=0, le=600)
    """How long a destination may take to answer."""
    notify_attempts: int = Field(default=60, ge=1)
    """After so many failures a notification is a dead letter; an open circuit uses no attempt up."""
    announce: Literal["all", "open"] = "all"
    """`open`: a ticket that is closed already when it is first seen is not announced."""
    allow_private_destinations: bool = False
    """Tenants' destinations and help desks may lie on this machine and on private networks, there also without TLS on
    loopback."""
    secrets_key: SecretStr | None = None
    """What secrets are sealed with in the database: 32 bytes in base64; several, the present one first, separated by
    commas. Unset with an embedded MongoDB: a file under `data_dir`."""

    auth_mode: Literal["open", "jwt"] = "open"
    """`jwt`: callers need a bearer token. `open`: whoever reaches the address may do everything."""
    allow_open_on_any_host: bool = False
    """Serve without authentication on an address that others can reach."""
    jwt_secret: SecretStr | None = None
    """HS256 secret of at least 32 bytes; this or `jwt_jwks_url`."""
    jwt_jwks_url: str | None = None
    """Where the keys of RS256 and ES256 tokens are published."""
    jwt_issuer: str | None = None
    """The `iss` that tokens must have."""
    jwt_audience: str | None = None
    """The `aud` that tokens must have."""

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may call the service, separated by commas."""
    cors_headers: Annotated[tuple[str, ...], NoDecode] = ()
    """Headers that these pages may send beside the usual ones (`gql_app/http/cors.py`), separated by commas."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names under which the service may be asked, beside this machine's own; needed with `auth_mode=open` only."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses and networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    keep_alive_seconds: int = Field(default=5, ge=1, le=3_600)
    """How long a connection is kept for the client's next request. Behind a balancer longer than that one keeps it: who
    closes first while a request is on its way has it fail."""
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    """Of a request, and of a message over WebSocket."""
    max_batch_bytes: int = Field(default=1_000_000_000, ge=1)
    """Of a file of tickets that is sent to `/ingest/batch`; it is kept on disk while it is stored."""
    requests_per_minute: int = Field(default=6_000, ge=0)
    """Inbound limit for one client; 0: none."""

    graphql_introspection: bool = True
    """Whether clients may read the GraphQL schema from the service."""
    graphql_ide: bool = True
    """Whether `/graphql` shows GraphiQL to browsers."""
    graphql_max_characters: int = Field(default=100_000, ge=1)
    """Length of a GraphQL document."""
    graphql_max_depth: int = Field(default=12, ge=1)
    """Levels of fields in a GraphQL document."""
    graphql_max_aliases: int = Field(default=30, ge=0)
    """Aliases in a GraphQL document."""
    graphql_max_directives: int = Field(default=50, ge=0)
    """Directives in a GraphQL document."""
    graphql_max_comparisons: int = Field(default=20_000, ge=0)
    """Work that validation may spend on fields that a GraphQL document selects again beside themselves, through
    fragments or not: two for each pair of them. Three lists with ten fragments each need some 8,000."""
    graphql_max_tokens: int = Field(default=2_000, ge=1)
    """Words and signs in a GraphQL document."""
    graphql_max_cost: int = Field(default=10_000, ge=1)
    """In objects that an answer may have at most, before anything is read; see `schema/base/cost.py`."""
    graphql_max_page_size: int = Field(default=100, ge=1, le=1_000)
    """The most that `first` and `last` may ask for."""
    graphql_max_seconds: float = Field(default=10.0, gt=0)
    """The longest that a query or mutation may take."""
    graphql_max_subscriptions: int = Field(default=20, ge=1)
    """Operations under way at once on one WebSocket."""
    graphql_max_client_subscriptions: int = Field(default=100, ge=1)
    """Operations under way at once on all WebSockets of one client to this process."""

    @property
    def uses_bundled_mock(self) -> bool:
        """Whether tickets come from the bundled mock."""
        return self.external_api_url in (None, BUNDLED_MOCK)

    @field_validator("cors_origins", "cors_headers", "allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("external_api_url", "notify_url", "jwt_jwks_url", "otel_exporter_otlp_endpoint")
    @classmethod
    def _is_http_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        is_mock = value == BUNDLED_MOCK and info.field_name == "external_api_url"
        if value is not None and not is_mock and not _is_url(value):
            raise ValueError(f"a URL is http://... or https://..., not {value[:100]!r}")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(origin.removesuffix("/") for origin in origins)
        if wrong := [origin for origin in origins if origin != "*" and not ORIGIN.fullmatch(origin)]:
            raise ValueError(f"an origin is scheme, host and port like http://localhost:3000, not {wrong[0][:100]!r}")
        return origins

    @field_validator("cors_headers")
    @classmethod
    def _are_header_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [name for name in names if not HEADER_NAME.fullmatch(name)]:
            raise ValueError(f"a header has a name like X-Trace-Id, not {wrong[0][:100]!r}")
        return names

    @field_validator("allowed_hosts")
    @classmethod
    def _are_names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [host for host in hosts if not HOST_NAME.fullmatch(host)]:
            raise ValueError(f"a host is a name like tickets.example.com, without scheme and port, not {wrong[0]!r}")
        return tuple(host.lower() for host in hosts)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ip_network(proxy)  # its words are those of a good error message
        return proxies

    @field_validator("secrets_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_keys(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _is_safe(self) -> "Settings":
        if self.auth_mode == "open" and self.host not in LOOPBACK and not self.allow_open_on_any_host:
            raise ValueError(
                f"AUTH_MODE=open serves on loopback only, not on {self.host}: "
                "set AUTH_MODE=jwt, or ALLOW_OPEN_ON_ANY_HOST=true if something else keeps strangers out"
            )
        if self.auth_mode == "jwt":
            if (self.jwt_secret is None) == (self.jwt_jwks_url is None):
                raise ValueError("AUTH_MODE=jwt needs either JWT_SECRET or JWT_JWKS_URL")
            if not self.jwt_issuer or not self.jwt_audience:
                raise ValueError("AUTH_MODE=jwt needs JWT_ISSUER and JWT_AUDIENCE")
        if self.jwt_secret is not None and len(self.jwt_secret.get_secret_value().encode()) < 32:
            raise ValueError("JWT_SECRET must have at least 32 bytes")
        return self


def _is_url(text: str) -> bool:
    """Whether a text is a URL that can be asked over HTTP."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 (it raises where the port is no number)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
