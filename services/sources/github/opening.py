"""From a connection's settings and secrets to the source."""

from collections.abc import Mapping

import httpx

from services.kit.clock import Clock
from services.kit.retry import Patience
from services.sources.budget import RateLimiter
from services.sources.github.client import LARGEST_PAGE, GithubIssues

GITHUB_API = "https://api.github.com"


def open_github(
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    http: httpx.AsyncClient,
    limiter: RateLimiter,
    clock: Clock,
    patience: Patience,
    page_size: int = LARGEST_PAGE,
) -> GithubIssues:
    """The repository `repository` (`owner/name`) at `base_url` (unset: github.com), read with the secret `token`."""
    return GithubIssues(
        http,
        settings.get("base_url") or GITHUB_API,
        settings["repository"],
        limiter,
        clock,
        patience=patience,
        token=secrets.get("token", ""),
        page_size=page_size,
    )
