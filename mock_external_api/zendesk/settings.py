"""Everything about the stand-in of Zendesk that can be turned: at the start (`MOCK_ZENDESK`, JSON) or at run time."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from mock_external_api.settings import RetryAfterStyle, Share


class ZendeskSettings(BaseModel):
    """The first group says which help desk it is, the second what it allows, the third holds the traps."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seed: int = 20260205
    """The same seed, clock and counts give the same help desk."""
    ticket_count: NonNegativeInt = 200
    """Sample tickets, each with a history."""
    span_days: PositiveInt = 60
    """How long ago the oldest ticket was written."""
    subdomain: str = "acme"
    """The help desk's name; a `Host` of another one on zendesk.com is answered with 404."""
    exists: bool = True
    """False: no help desk at this address, 404."""
    email: str = "admin@acme.example"
    """Who owns the API token."""
    api_token: str = "zendesk-api-token"  # noqa: S105 - of a stand-in
    """Accepted with `email` as `email/token:api_token`."""
    oauth_token: str = "zendesk-oauth-token"  # noqa: S105 - of a stand-in
    """Accepted as `Authorization: Bearer`."""
    revoked: bool = False
    """True: neither token is accepted any more, 401."""
    oauth_scopes: frozenset[str] = frozenset({"read"})
    """Scopes of the OAuth token; without `read` it is answered with 403."""
    forbidden_paths: tuple[str, ...] = ()
    """Beginnings of paths that the plan or the agent's role does not allow, for example `/api/v2/incremental`: 403."""
    control: bool = False
    """Opens `/_control`; while it is off, those paths are 404."""

    requests_per_minute: NonNegativeInt = 400
    """The plan's limit over all requests in a rolling minute; 0: none."""
    incremental_per_minute: NonNegativeInt = 10
    """The limit of the incremental exports in a rolling minute; 0: none."""
    page_cap: PositiveInt = 1000
    """Records on a page of an incremental export at most, whatever is asked for."""
    ahead_seconds: int = 0
    """How far the help desk's clock runs ahead of the machine's: lets time pass in another process."""

    newest_minute: Literal["hidden", "shown", "ragged"] = "hidden"
    """`hidden`: the exports leave the newest minute out. Traps: `shown`: they do not, so what changes again in the same
    second is passed over. `ragged`: of a second of the newest minute the highest id alone is there, its neighbours
    appear later, behind the cursor."""
    retry_after_style: RetryAfterStyle = RetryAfterStyle.SECONDS
    """How a 429 says when to come back."""
    error_rate: Share = 0.0
    """Chance of a 500 or 503."""
    repeat_last_item: bool = False
    """A page by cursor begins with the last record of the page before."""
    end_of_stream: Literal["honest", "late", "stuck"] = "honest"
    """Traps: `late`: the last page does not say that it is, an empty one follows. `stuck`: the end is never told, empty
    pages with the same cursor follow for ever."""
    null_cursor_at_end: bool = False
    """An empty page has neither `after_cursor` nor `after_url`."""
    after_url_host: str | None = None
    """Where `after_url` and `next_page` lead instead of here, for example `http://elsewhere.example`."""
    events_same_second: Literal["extended", "stuck"] = "extended"
    """More events in one second than a page holds: `extended`: the page holds them all. Trap, `stuck`: it is cut, and
    `next_page` leads to itself."""
    null_fields: frozenset[str] = frozenset()
    """Ticket fields that are null in every third ticket, for example `via`, `requester_id`, `subject`."""
    absent_fields: frozenset[str] = frozenset()
    """Ticket fields that every third ticket does not have."""
    users_sideload: Literal["complete", "partial", "absent"] = "complete"
    """What `include=users` brings: `partial`: every other user, `absent`: not even the list."""
    date_skew_seconds: int = 0
    """How far the header `Date` is off."""
