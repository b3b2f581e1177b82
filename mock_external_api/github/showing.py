"""Writes accounts and repositories."""

from typing import Any

import orjson

from mock_external_api.github.people import account, organization
from mock_external_api.github.repository import Repository
from mock_external_api.github.writing import stamp

_MADE = 1_577_836_800
_TEMPLATES = (
    *("archive_url:/{archive_format}{/ref}", "assignees_url:/assignees{/user}", "blobs_url:/git/blobs{/sha}"),
    *("branches_url:/branches{/branch}", "collaborators_url:/collaborators{/collaborator}"),
    *("comments_url:/comments{/number}", "commits_url:/commits{/sha}", "compare_url:/compare/{base}...{head}"),
    *("contents_url:/contents/{+path}", "contributors_url:/contributors", "deployments_url:/deployments"),
    *("downloads_url:/downloads", "events_url:/events", "forks_url:/forks", "git_commits_url:/git/commits{/sha}"),
    *("git_refs_url:/git/refs{/sha}", "git_tags_url:/git/tags{/sha}", "hooks_url:/hooks"),
    *("issue_comment_url:/issues/comments{/number}", "issue_events_url:/issues/events{/number}"),
    *("issues_url:/issues{/number}", "keys_url:/keys{/key_id}", "labels_url:/labels{/name}"),
    *("languages_url:/languages", "merges_url:/merges", "milestones_url:/milestones{/number}"),
    *("notifications_url:/notifications{?since,all,participating}", "pulls_url:/pulls{/number}"),
    *("releases_url:/releases{/id}", "stargazers_url:/stargazers", "statuses_url:/statuses/{sha}"),
    *("subscribers_url:/subscribers", "subscription_url:/subscription", "tags_url:/tags", "teams_url:/teams"),
    "trees_url:/git/trees{/sha}",
)

_CONSTANT: dict[str, Any] = {
    **dict.fromkeys(("homepage", "mirror_url", "language", "license")),
    **dict.fromkeys(("size", "stargazers_count", "watchers_count", "forks_count"), 0),
    **dict.fromkeys(("forks", "watchers", "network_count"), 0),
    **dict.fromkeys(("has_pages", "has_projects", "has_wiki", "has_discussions"), False),
    **dict.fromkeys(("archived", "disabled", "fork", "is_template"), False),
    "topics": [],
    "default_branch": "main",
    "allow_forking": True,
    **dict.fromkeys(("created_at", "updated_at", "pushed_at"), stamp(_MADE)),
    "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
}
"""What is the same of every repository."""


def write_account(login: str, base: str) -> bytes:
    """Write the answer to `/user`."""
    nobody = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio", "twitter_username"))
    counts = {"public_repos": 2, "public_gists": 0, "followers": 0, "following": 0}
    more = {"blog": "", "notification_email": None, "created_at": stamp(_MADE), "updated_at": stamp(_MADE)}
    return orjson.dumps(account(login, base) | nobody | counts | more)


def write_repository(repository: Repository, base: str, *, private: bool) -> dict[str, Any]:
    """Return what the API shows of a repository."""
    here, page = f"{base}/repos/{repository.full_name}", f"https://github.com/{repository.full_name}"
    still_open = sum(issue.state == "open" for issue in repository.issues.values())
    return {
        "id": repository.id,
        "node_id": f"R_kgStandin{repository.id}",
        "name": repository.name,
        "full_name": repository.full_name,
        "private": private,
        "visibility": "private" if private else "public",
        "owner": organization(repository.owner, base),
        "organization": organization(repository.owner, base),
        "html_url": page,
        "description": "Reports from our customers",
        "url": here,
        **{name: f"{here}{path}" for name, _, path in (template.partition(":") for template in _TEMPLATES)},
        "git_url": f"git:{page[6:]}.git",
        "ssh_url": f"git@github.com:{repository.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        **_CONSTANT,
        "subscribers_count": 4,
        "open_issues_count": still_open,
        "open_issues": still_open,
        "has_issues": repository.has_issues,
    }
