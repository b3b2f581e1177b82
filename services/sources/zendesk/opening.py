"""From plain settings and secrets to a source."""

from base64 import b64encode
from collections.abc import Callable, Mapping

import httpx

from services.kit.clock import Clock
from services.kit.retry import Patience
from services.sources.budget import RateLimiter
from services.sources.zendesk.client import ZendeskSupport

EXPORTS_PER_MINUTE = 10
"""Of an account, whatever its plan."""
REQUESTS_PER_MINUTE = 200
"""Of the smallest plan."""


def open_zendesk(
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    http: httpx.AsyncClient,
    limiters: Callable[[str, int], RateLimiter],
    clock: Clock,
    patience: Patience,
) -> ZendeskSupport:
    """The source of an account.

    `settings`: `subdomain` or `base_url`, `email` (with an API token), perhaps `requests_per_minute`, of which 0 takes
    the limit of the exports away too. `secrets`: `api_token` or `oauth_token`. `limiters` makes a limit by its name.
    """
    base_url = settings.get("base_url") or f"https://{settings['subdomain']}.zendesk.com"
    url = httpx.URL(base_url)
    account = url.netloc.decode() + url.path.rstrip("/")
    limit = int(settings.get("requests_per_minute", REQUESTS_PER_MINUTE))
    return ZendeskSupport(
        http,
        base_url,
        _authorization(settings, secrets),
        exports=limiters(f"zendesk_exports:{account}", min(limit, EXPORTS_PER_MINUTE)),
        others=limiters(f"zendesk:{account}", limit),
        clock=clock,
        patience=patience,
    )


def _authorization(settings: Mapping[str, str], secrets: Mapping[str, str]) -> str:
    if token := secrets.get("oauth_token"):
        return f"Bearer {token}"
    pair = f"{settings['email']}/token:{secrets['api_token']}"
    return f"Basic {b64encode(pair.encode()).decode()}"
