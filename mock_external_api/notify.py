"""`POST /notify`: takes notifications, as unreliably as its settings say."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, Field

from mock_external_api.answers import JSON, json_answer
from mock_external_api.faults import DroppedResponse, hang, huge_body
from mock_external_api.settings import NotifyMode
from mock_external_api.upstream import Upstream, UpstreamOfApp

router = APIRouter(tags=["notifications"])

_PORTAL = "<!doctype html><title>Sign in</title><h1>Please sign in to the network</h1>"


class Notification(BaseModel):
    """The body of a notification."""

    ticket_id: Annotated[str, Field(min_length=1)]
    tenant_id: Annotated[str, Field(min_length=1)]
    urgency: Literal["low", "medium", "high"]
    reason: str


@router.post("/notify")
async def notify(
    upstream: UpstreamOfApp,
    request: Request,
    notification: Notification,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Response:
    """Take one notification; the answer depends on the settings `notify_...`."""
    settings = upstream.settings
    entry = upstream.traffic.notified(notification.model_dump(), idempotency_key)
    if settings.notify_mode is NotifyMode.HANG:
        return await hang(request)
    if settings.notify_mode in (NotifyMode.REFERENCE, NotifyMode.FLAKY):
        answer = _by_the_rules(upstream, notification, entry)
    else:
        answer = _misbehave(settings.notify_mode)
    await asyncio.sleep(upstream.rng.uniform(settings.notify_latency_min, settings.notify_latency_max))
    if not isinstance(answer, DroppedResponse):
        entry["status"] = answer.status_code
    return answer


def _by_the_rules(upstream: Upstream, notification: Notification, entry: dict[str, Any]) -> Response:
    verdict = upstream.notify_rules.judge(upstream.settings, notification.tenant_id, notification.ticket_id)
    entry["attempt"] = verdict.attempt
    if verdict.status == 200:
        return _accepted()
    headers: Mapping[str, str] = {"Retry-After": str(verdict.retry_after)} if verdict.retry_after else {}
    return json_answer({"detail": "The notification service has a problem."}, verdict.status, headers)


def _misbehave(mode: NotifyMode) -> Response:
    match mode:
        case NotifyMode.HTML:
            return HTMLResponse(_PORTAL)
        case NotifyMode.CLOSE:
            return DroppedResponse()
        case NotifyMode.REDIRECT:
            return RedirectResponse("/notify/elsewhere", status_code=307)
        case NotifyMode.CLIENT_ERROR:
            return json_answer({"detail": "This notification is refused."}, 400)
        case NotifyMode.HUGE:
            return StreamingResponse(huge_body(), media_type=JSON)
        case _:
            return _accepted()


def _accepted() -> Response:
    return json_answer({"status": "accepted"})
