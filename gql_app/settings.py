"""The settings, read from the environment and `.env`; nothing below this layer reads either."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK = frozenset(["127.0.0.1", "::1", "localhost"])


class Settings(BaseSettings):
    """Every setting, by the name of its environment variable in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    mongo_url: str | None = None
    """Where MongoDB is; unset: an embedded one under `data_dir`."""
    mongo_db: str = "support_saas"
    external_api_url: str | None = None
    """The system the tickets come from; unset: the bundled mock."""
    notify_url: str | None = None
    """Where urgent tickets are announced; unset: `external_api_url` + `/notify`."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    data_dir: Path = Path(".data")
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    rate_limit_per_minute: int = Field(default=60, ge=0)
    """Requests to the external API in any rolling 60 s, over all processes; 0: no limit."""
    page_size: int = Field(default=100, ge=1, le=100)
    lock_ttl_seconds: float = Field(default=60.0, ge=1)
    circuit_open_seconds: float = Field(default=30.0, gt=0)
    notify_concurrency: int = Field(default=64, ge=1, le=128)
    """Notifications in flight in one process at most; the circuit breaker limits them for all processes."""
    notify_timeout_seconds: float = Field(default=10.0, gt=0, le=600)
    notify_attempts: int = Field(default=60, ge=1)
    """After so many failures a notification is a dead letter; an open circuit uses no attempt up."""
    run_worker: bool = True
    worker_concurrency: int = Field(default=4, ge=1, le=64)
    deleted_retention_days: int = Field(default=90, ge=1, le=20_000)
    quarantine_retention_days: int = Field(default=30, ge=1, le=20_000)
    """How long a record that cannot be stored is kept after a run met it last."""

    auth_mode: Literal["open", "jwt"] = "open"
    allow_open_on_any_host: bool = False
    """Serve without authentication on an address that others can reach."""
    jwt_secret: SecretStr | None = None
    """HS256 secret of at least 32 bytes; this or `jwt_jwks_url`."""
    jwt_jwks_url: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may call the service, separated by commas."""
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    requests_per_minute: int = Field(default=6_000, ge=0)
    """Inbound limit for one client; 0: none."""

    graphql_introspection: bool = True
    """Whether clients may read the GraphQL schema from the service."""
    graphql_ide: bool = True
    """Whether `/graphql` shows GraphiQL to browsers."""
    graphql_max_depth: int = Field(default=12, ge=1)
    graphql_max_aliases: int = Field(default=30, ge=0)
    graphql_max_directives: int = Field(default=50, ge=0)
    graphql_max_repeats: int = Field(default=100, ge=0)
    """Fields that a GraphQL document may select again beside themselves, through fragments or not."""
    graphql_max_tokens: int = Field(default=2_000, ge=1)
    graphql_max_cost: int = Field(default=10_000, ge=1)
    """In objects that an answer may have at most, before anything is read; see `schema/base/cost.py`."""
    graphql_max_page_size: int = Field(default=100, ge=1, le=1_000)
    graphql_max_seconds: float = Field(default=10.0, gt=0)
    """The longest that a query or mutation may take."""
    graphql_max_subscriptions: int = Field(default=20, ge=1)
    """Operations under way at once on one WebSocket."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

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
