"""The running stand-in: settings, model, tokens, limits, log, and the troubles that are due."""

import random
from collections import deque
from typing import Any

from mock_external_api.clock import Clock
from mock_external_api.github.desk import Desk
from mock_external_api.github.limits import Limits
from mock_external_api.github.repository import Repository
from mock_external_api.github.settings import DATA_SETTINGS, Access, GithubSettings
from mock_external_api.github.writing import Writer

_KEPT = 100_000


class Github:
    """Everything that the routes share."""

    settings: GithubSettings

    def __init__(self, settings: GithubSettings, clock: Clock) -> None:
        self._first_settings = settings
        self.desk = Desk(settings, clock)
        """The model."""
        self._begin(settings)

    def reset(self) -> None:
        """Go back to the state at the start."""
        self.desk.begin(self._first_settings)
        self._begin(self._first_settings)

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Change settings; one that says what there is begins anew.

        Raises pydantic's `ValidationError` when one is unknown or does not fit; nothing is changed then.
        """
        changed = GithubSettings.model_validate(self.settings.model_dump() | changes)
        if any(getattr(changed, name) != getattr(self.settings, name) for name in DATA_SETTINGS):
            self.desk.begin(changed)
            self._begin(changed)
        self.settings = self.desk.settings = changed
        self._writers.clear()

    def writer(self, repository: Repository, base: str) -> Writer:
        """Return who writes a repository's records for clients that reach the API at `base`."""
        key = (repository.full_name, base)
        if key not in self._writers:
            self._writers[key] = Writer(repository, self.settings, base)
        return self._writers[key]

    def set_access(self, token: str, access: Access) -> None:
        """Accept a token from now on, for so much."""
        self.tokens[token] = access

    def revoke(self, token: str) -> None:
        """Accept a token no longer."""
        self.tokens.pop(token, None)

    def fail_next(self, *statuses: int) -> None:
        """Answer the next requests so: 500, 502, 503 or 504, or 403 and 429 for a secondary limit."""
        self.due.extend(statuses)

    def trouble(self) -> int | None:
        """Return the status with which the present request fails, None for none."""
        if self.due:
            return self.due.popleft()
        if self._dice.random() < self.settings.error_share:
            return self._dice.choice((502, 504))
        return None

    def _begin(self, settings: GithubSettings) -> None:
        self.settings = settings
        self.tokens = dict(settings.tokens)
        self.limits = Limits(self.desk.now)
        self.log: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        """Each request: `path`, `query`, `authorized`, `if_none_match`, `user_agent`, `version` and `status`."""
        self.due: deque[int] = deque()
        self._dice = random.Random(f"{settings.seed}:troubles")  # noqa: S311 - repeatable, no secret
        self._writers: dict[tuple[str, str], Writer] = {}
