"""How the GitHub stand-in behaves: what is there, who may read it, its limits, and its traps."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

Share = Annotated[float, Field(ge=0, le=1)]
Refused = Literal[403, 429]


class Access(StrEnum):
    """What a token may do."""

    FULL = "full"
    """Reads the repositories and their issues."""
    NO_ISSUES = "no_issues"
    """A fine-grained token without the permission `issues`: 403 on issues, the repository itself is shown."""
    SSO = "sso"
    """Not authorised for the organisation's single sign-on: 403 with `X-GitHub-SSO`."""
    BLIND = "blind"
    """Valid, but for other repositories: 404, as if ours did not exist."""


class LinkTrap(StrEnum):
    """What is wrong with the `Link` header."""

    NONE = "none"
    MISSING = "missing"
    """No header, though there are more pages."""
    RELATIVE = "relative"
    """The links have no host."""
    FOREIGN = "foreign"
    """The links lead to `foreign_base`, where a client must not send its token."""


class GithubSettings(BaseModel):
    """The settings; each can be changed while the stand-in runs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seed: int = 20260205
    """The same seed and time give the same issues."""
    now: AwareDatetime | None = None
    """The time up to which issues are made; unset: that of the first use."""
    issue_count: NonNegativeInt = 200
    """Issues and pull requests at the start."""
    pull_request_share: Share = 0.15
    """How many of them are pull requests."""
    same_second: NonNegativeInt = 0
    """So many of the oldest issues are updated in one and the same second, as an import or a bulk edit leaves them."""
    owner: str = "acme"
    """Whose repositories they are."""
    repository: str = "support"
    """The repository's name at the start; another, `archive`, takes transferred issues."""
    ahead_seconds: int = 0
    """How far its clock runs ahead of the machine's: lets time pass in another process."""
    private: bool = False
    """Private: without a token the repositories are 404."""

    tokens: dict[str, Access] = {"github_pat_standin": Access.FULL}
    """The accepted tokens; any other is 401."""
    primary_limit: NonNegativeInt = 5_000
    """Requests an hour with a token; 0: any number."""
    anonymous_limit: NonNegativeInt = 60
    """Requests an hour without a token; 0: any number."""
    primary_status: Refused = 403
    """The status beyond it."""
    secondary_per_minute: NonNegativeInt = 0
    """Requests in a minute until the secondary limit (the real one: 900); 0: any number."""
    secondary_status: Refused = 403
    """The status beyond it."""
    secondary_retry_after: PositiveInt | None = 60
    """What `Retry-After` says then; None: the header is missing."""

    page_number_depth: PositiveInt = 9_999
    """The issue list refuses (422) a page number that reaches deeper. Not documented; measured by others: 10,000 is
    refused with a token, at times 1,001 is."""
    events_depth: PositiveInt = 40_000
    """The same for the list of events, which has page numbers only. Not documented."""
    numbered_links: bool = False
    """The issue list's links have page numbers and `last`, as before 2025 and on older servers, instead of cursors."""
    redirect_status: Literal[301, 302, 307] = 301
    """How a renamed repository answers at its old name."""
    ghost_is_null: bool = False
    """The author whose account is gone is null, instead of the user `ghost`."""
    quiet: frozenset[Literal["react", "edit_comment", "pin"]] = frozenset({"react", "pin"})
    """Changes that leave the issue's `updated_at` as it is. GitHub does not document which do; an edited comment moves
    it, as people who watch `updated_at` have noticed."""

    link: LinkTrap = LinkTrap.NONE
    """Trap: links that are missing, relative or lead elsewhere."""
    foreign_base: str = "https://api.example.net"
    """Where the links of `foreign` lead."""
    error_share: Share = 0
    """Trap: 502 and 504 now and then."""
    bare_share: Share = 0
    """Trap: issues whose author, text and labels are null."""
    label_strings: bool = False
    """Trap: labels are strings, as the description allows."""
    reset_skew_seconds: int = 0
    """Trap: added to the time of `X-RateLimit-Reset`; negative: in the past."""
    restless_etags: bool = False
    """Trap: every answer has another `ETag`."""
    always_304: bool = False
    """Trap: 304 to every conditional request, whatever has changed."""


DATA_SETTINGS = frozenset(
    {"seed", "now", "issue_count", "pull_request_share", "same_second", "owner", "repository", "tokens"}
)
"""Settings that say what there is at the start: changing one begins anew."""
