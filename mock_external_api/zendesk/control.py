"""`/_control`: lets tests of other processes change the help desk and look behind it."""

import random
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException
from pydantic import ValidationError

from mock_external_api.zendesk.book.rules import RefusedChangeError
from mock_external_api.zendesk.exports import Desk
from mock_external_api.zendesk.settings import ZendeskSettings
from mock_external_api.zendesk.steps import random_step

router = APIRouter(prefix="/_control", tags=["control"])
CHANGES = frozenset(
    {
        "create",
        "many_in_one_second",
        "customer_comment",
        "agent_comment",
        "set_status",
        "set_custom_status",
        "set_priority",
        "set_tags",
        "assign",
        "trigger_update",
        "system_update",
        "solve",
        "reopen",
        "delete",
        "restore",
        "merge",
        "redact",
        "delete_requester",
        "expire_cursors",
    }
)
"""Methods of the desk that `/_control/changes/{name}` calls with the body as their arguments."""


@router.post("/changes/{name}")
async def make_change(name: str, desk: Desk, arguments: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Call the desk's method of this name; 422 when it refuses or the arguments do not fit."""
    if name not in CHANGES:
        raise HTTPException(422, f"no such change; there are {', '.join(sorted(CHANGES))}")
    try:
        return {"result": getattr(desk, name)(**arguments)}
    except (RefusedChangeError, TypeError, KeyError) as error:
        raise HTTPException(422, str(error)) from error


@router.post("/random")
async def make_random_steps(desk: Desk, order: Annotated[dict[str, int], Body()]) -> dict[str, list[str]]:
    """Make `steps` random changes, drawn with `seed`; returns their names."""
    dice = random.Random(order.get("seed", 0))  # noqa: S311 - repeatable, no secret
    return {"steps": [random_step(desk, dice) for _ in range(order.get("steps", 1))]}


@router.post("/settings")
async def change_desk_settings(desk: Desk, changes: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Change settings and return all of them."""
    try:
        desk.change_settings(**changes)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise HTTPException(422, problems) from error
    return desk.settings.model_dump(mode="json")


@router.post("/reset")
async def reset_desk(desk: Desk, changes: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Begin anew with the present settings and these changes; returns all settings."""
    try:
        desk.begin(ZendeskSettings.model_validate({**desk.settings.model_dump(), **changes}))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise HTTPException(422, problems) from error
    return desk.settings.model_dump(mode="json")


@router.get("/truth")
async def show_truth(desk: Desk) -> dict[int, Any]:
    """Return every ticket's present state and history."""
    return {
        number: {**asdict(truth), "history": [change._asdict() for change in truth.history]}
        for number, truth in desk.truth().items()
    }


@router.get("/requests")
async def show_requests(desk: Desk) -> list[dict[str, Any]]:
    """Return the log of requests, oldest first."""
    return list(desk.requests)


@router.delete("/requests")
async def forget_requests(desk: Desk) -> dict[str, int]:
    """Empty the log of requests."""
    desk.requests.clear()
    return {"requests": 0}
