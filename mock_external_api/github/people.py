"""The accounts that write: customers, members of the team, and `ghost`, who stands for accounts that are gone."""

from functools import lru_cache
from typing import Any
from zlib import crc32

MEMBERS = ("ada-support", "jonas-helps", "mireille-k", "support-bot")
CUSTOMERS = tuple(
    f"{first}-{last}"
    for first in ("alex", "bruna", "chen", "dilara", "emeka", "frida", "goran", "hana", "ivo", "jun")
    for last in ("at-home", "builds", "in-ops", "north", "retail", "sky")
)
GHOST = "ghost"
ASSOCIATIONS = dict.fromkeys(MEMBERS, "MEMBER")


@lru_cache(maxsize=1024)
def account(login: str, base: str) -> dict[str, Any]:
    """Return the account as the API at `base` shows it in other records; not to be changed."""
    number = 10_137 if login == GHOST else 20_000_000 + crc32(login.encode()) % 100_000_000
    here = f"{base}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": f"U_standin{number}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": here,
        "html_url": f"https://github.com/{login}",
        "followers_url": f"{here}/followers",
        "following_url": f"{here}/following{{/other_user}}",
        "gists_url": f"{here}/gists{{/gist_id}}",
        "starred_url": f"{here}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{here}/subscriptions",
        "organizations_url": f"{here}/orgs",
        "repos_url": f"{here}/repos",
        "events_url": f"{here}/events{{/privacy}}",
        "received_events_url": f"{here}/received_events",
        "type": "Bot" if login.endswith("-bot") else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def organization(login: str, base: str) -> dict[str, Any]:
    """Return the account of an organization."""
    return account(login, base) | {"type": "Organization"}


def association(login: str | None) -> str:
    """Return what the author is to the repository."""
    return ASSOCIATIONS.get(login or "", "NONE")
