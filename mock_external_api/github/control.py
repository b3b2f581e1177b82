"""Steers the stand-in from another process: the methods of the model and the service as JSON."""

import random
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, ValidationError

from mock_external_api.github.changes import UnknownIssueError
from mock_external_api.github.living import random_step
from mock_external_api.github.records import Issue, IssueComment
from mock_external_api.github.service import Github
from mock_external_api.github.settings import Access

ACTIONS = frozenset(
    {
        *("open", "open_pull", "many_in_one_second", "edit", "label", "unlabel", "assign", "unassign", "close"),
        *("set_milestone", "reopen", "merge", "lock", "unlock", "pin", "react", "comment", "edit_comment"),
        *("delete_comment", "delete", "transfer", "delete_account", "rename_repository", "enable_issues", "block"),
    }
)
"""The methods of `Desk` that `act` calls."""


class Action(BaseModel):
    """A method of the model and what it is given."""

    model_config = ConfigDict(extra="forbid")

    action: str
    arguments: list[Any] = []
    options: dict[str, Any] = {}


def create_github_control(github: Github) -> FastAPI:
    """Build the application that steers `github`; the mock serves it at `/_control/github`."""
    app = FastAPI(title="Control of the GitHub stand-in", openapi_url=None)
    _steer_desk(app, github)
    _steer_service(app, github)
    return app


def _steer_desk(app: FastAPI, github: Github) -> None:
    @app.post("/act")
    async def act(order: Action) -> Any:
        """Call a method of the model; answers the number of an issue or the id of a comment that it makes."""
        if order.action not in ACTIONS:
            raise HTTPException(404, f"no action {order.action}")
        try:
            return _told(getattr(github.desk, order.action)(*order.arguments, **order.options))
        except (TypeError, UnknownIssueError, KeyError) as error:
            raise HTTPException(422, str(error)) from error

    @app.post("/steps")
    async def steps(count: Annotated[int, Body(embed=True)], seed: Annotated[int, Body(embed=True)]) -> list[str]:
        """Make random changes, the same for the same seed; answers which."""
        dice = random.Random(seed)  # noqa: S311 - repeatable, no secret
        return [random_step(github.desk, dice) for _ in range(count)]

    @app.get("/truth")
    async def truth() -> dict[int, dict[str, Any]]:
        """Return everything there is to know of every issue."""
        return github.desk.truth()


def _steer_service(app: FastAPI, github: Github) -> None:
    @app.post("/settings")
    async def change_settings(changes: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """Change settings and return all of them."""
        try:
            github.change_settings(changes)
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from error
        return github.settings.model_dump(mode="json")

    @app.post("/tokens")
    async def set_tokens(tokens: Annotated[dict[str, Access | None], Body()]) -> dict[str, Access]:
        """Accept tokens for so much, or, with null, no longer."""
        for token, access in tokens.items():
            if access is None:
                github.revoke(token)
            else:
                github.set_access(token, access)
        return github.tokens

    @app.post("/fail")
    async def fail_next(statuses: Annotated[list[int], Body()]) -> dict[str, int]:
        """Let the next requests fail with these statuses."""
        github.fail_next(*statuses)
        return {"due": len(github.due)}

    @app.get("/log")
    async def log() -> list[dict[str, Any]]:
        """Return the requests so far."""
        return list(github.log)

    @app.post("/reset")
    async def reset() -> dict[str, str]:
        """Go back to the state at the start."""
        github.reset()
        return {"status": "reset"}


def _told(made: object) -> Any:
    match made:
        case Issue():
            return {"number": made.number}
        case IssueComment():
            return {"id": made.id}
        case list():
            return [_told(one) for one in made]
        case _:
            return None
